import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from shared.ids import new_id
from shared.persistence.mongo import connect, database
from tests.integration.shared.bakery import DB, REPOSITORY, Bakery, Program, Shop


@pytest.fixture
def namespace() -> str:
    """A name of its own for each test: prefix of its databases, topics and groups."""
    return f"t{new_id().replace('-', '')[6:26]}"


@pytest.fixture
def databases(mongo_url: str, namespace: str) -> Iterator[tuple[DB, DB]]:
    client = connect(mongo_url)
    pair = database(client, namespace, "bakery"), database(client, namespace, "shop")
    yield pair
    for one in pair:
        client.drop_database(one.name)
    client.close()


@pytest.fixture
def bakery(databases: tuple[DB, DB]) -> Bakery:
    return Bakery(databases[0])


@pytest.fixture
def shop(databases: tuple[DB, DB]) -> Shop:
    return Shop(databases[1])


@pytest.fixture
def program(mongo_url: str, kafka_bootstrap: str, namespace: str) -> Iterator[Program]:
    """Starts the bakery as a process: `program("relay", failpoint="relay.after_send:kill")`."""
    started: list[subprocess.Popen[bytes]] = []

    def start(role: str, failpoint: str = "") -> "subprocess.Popen[bytes]":
        options = {
            "mongo_url": mongo_url,
            "namespace": namespace,
            "bootstrap": kafka_bootstrap,
            "failpoint": failpoint,
        }
        command = [sys.executable, "-m", "tests.integration.shared.bakery", role, json.dumps(options)]
        started.append(subprocess.Popen(command, cwd=REPOSITORY))
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()
