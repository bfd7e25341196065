"""TCP ports of this machine."""

import http.client
import secrets
import socket

from deploy.local.faults import LocalFault

HOST = "127.0.0.1"
# Below the range from which the kernel takes ports for outgoing connections: a server that is killed and started again
# on its own port must not find it lent to somebody's connection.
_LOWEST, _HOW_MANY = 20_000, 10_000
_handed_out: set[int] = set()


def free_port() -> int:
    """A port that nobody listens on and that this process has not been given before."""
    for _ in range(1000):
        port = _LOWEST + secrets.randbelow(_HOW_MANY)
        if port not in _handed_out and is_free(port):
            _handed_out.add(port)
            return port
    raise LocalFault("no free port found between 20000 and 29999", "stop some of the servers that run here")


def is_free(port: int) -> bool:
    """True when a server could listen on `port` now."""
    with socket.socket() as probe:
        # Servers set this too: connections of a predecessor that are still winding down do not count as taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def require_free(port: int, wanted_by: str) -> None:
    """Raise LocalFault when `port` is taken."""
    if not is_free(port):
        raise LocalFault(
            f"port {port}, wanted by {wanted_by}, is taken",
            f"stop the program that uses it (`ss -ltnp 'sport = :{port}'` names it) or choose another port",
        )


def accepts(port: int, within: float = 1.0) -> bool:
    """True when something accepts connections on `port`."""
    try:
        socket.create_connection((HOST, port), timeout=within).close()
    except OSError:
        return False
    return True


def answers_ok(port: int, path: str, within: float = 2.0) -> bool:
    """True when a GET of `path` is answered with 200. Goes straight there, whatever proxy the environment names."""
    connection = http.client.HTTPConnection(HOST, port, timeout=within)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
