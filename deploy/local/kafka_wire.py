"""The one question asked of a broker here: do you know yourself? In Kafka's own protocol, without a client library."""

import socket
import struct

from deploy.local.ports import HOST

_METADATA, _VERSION, _OUR_ID = 3, 1, 7
_CLIENT = b"kadence-local"


def knows_a_broker(port: int, within: float = 2.0) -> bool:
    """True when the broker at `port` answers a metadata request and names at least one live broker.

    An open port is not enough: a broker accepts connections before it may serve requests.
    """
    try:
        with socket.create_connection((HOST, port), timeout=within) as connection:
            connection.sendall(_request())
            return _brokers_in(_exactly(connection, struct.unpack(">i", _exactly(connection, 4))[0])) > 0
    except (OSError, struct.error):
        return False


def _request() -> bytes:
    header = struct.pack(">hhih", _METADATA, _VERSION, _OUR_ID, len(_CLIENT)) + _CLIENT
    no_topics = struct.pack(">i", 0)
    return struct.pack(">i", len(header + no_topics)) + header + no_topics


def _brokers_in(answer: bytes) -> int:
    our_id, brokers = struct.unpack_from(">ii", answer)
    return int(brokers) if our_id == _OUR_ID else 0


def _exactly(connection: socket.socket, count: int) -> bytes:
    received = b""
    while len(received) < count:
        part = connection.recv(count - len(received))
        if not part:
            raise ConnectionError("the broker closed the connection")
        received += part
    return received
