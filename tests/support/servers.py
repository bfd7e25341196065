"""One MongoDB and one Kafka for a whole test run, started by the process that the workers belong to.

A pytest plugin, named by `tests/conftest.py`. Workers learn the addresses from
the environment; namespaces keep tests apart.
"""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from deploy.local import servers
from deploy.local.local_server import OutsideServer, Server

_ON_SERVERS = ("tests/integration", "tests/e2e", "tests/browser", "tests/faults")
_MONGO, _KAFKA = "KADENCE_MONGO_URL", "KADENCE_KAFKA_BOOTSTRAP"
_running: list[Server] = []
_folders: list[Path] = []


def pytest_configure(config: pytest.Config) -> None:
    """Start what the chosen tests run on, once."""
    is_worker = hasattr(config, "workerinput")
    if is_worker or not any(_needs_servers(argument) for argument in config.args):
        return
    folder = Path(tempfile.mkdtemp(prefix="kadence-tests-"))
    _folders.append(folder)
    for name, server in ((_MONGO, servers.mongo(folder)), (_KAFKA, servers.kafka(folder))):
        server.start()
        _running.append(server)
        os.environ[name] = server.address  # noqa: TID251 -- the only way into the workers


def pytest_unconfigure() -> None:
    """Stop what was started here, and forget its data: a run leaves hundreds of megabytes."""
    while _running:
        _running.pop().stop()
    while _folders:
        shutil.rmtree(_folders.pop(), ignore_errors=True)


@pytest.fixture(scope="session")
def mongo_url() -> str:
    return os.environ[_MONGO]  # noqa: TID251


@pytest.fixture(scope="session")
def kafka_bootstrap() -> str:
    return os.environ[_KAFKA]  # noqa: TID251


@pytest.fixture(scope="session")
def running_servers(mongo_url: str, kafka_bootstrap: str) -> tuple[Server, Server]:
    """The servers as a `Platform` takes them: used, never stopped."""
    return OutsideServer("mongo", mongo_url, _MONGO), OutsideServer("kafka", kafka_bootstrap, _KAFKA)


def _needs_servers(argument: str) -> bool:
    path = argument.split("::", maxsplit=1)[0].rstrip("/")
    return path in {"tests", ""} or any(folder in path for folder in _ON_SERVERS)
