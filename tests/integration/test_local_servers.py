"""The servers and child processes of a machine without containers: they start, die and come back as promised."""

import contextlib
import gc
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import psutil
import pymongo
import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from deploy.local.faults import LocalFault
from deploy.local.installation import REPOSITORY, plain_environment
from deploy.local.kafka import local_kafka
from deploy.local.local_server import LocalServer
from deploy.local.mongo import local_mongo
from deploy.local.ports import HOST, answers_ok, free_port
from deploy.local.processes import Process
from deploy.local.servers import kafka as chosen_kafka
from deploy.local.servers import mongo as chosen_mongo
from deploy.local.tansu import local_tansu
from deploy.local.waiting import wait_until

SOON = 20.0
# The first start on a machine fetches Apache Kafka.
pytestmark = pytest.mark.timeout(900)


def connected(mongo: LocalServer) -> MongoClient[dict[str, Any]]:
    return MongoClient(mongo.address, serverSelectionTimeoutMS=5000)


@contextlib.contextmanager
def running(server: LocalServer) -> Iterator[LocalServer]:
    server.start()
    try:
        yield server
    finally:
        server.stop()


def gone(pids: list[int]) -> bool:
    """A zombie counts as gone: it waits for its parent's look only."""
    states = []
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            states.append(psutil.Process(pid).status())
    return all(state == psutil.STATUS_ZOMBIE for state in states)


def test_mongo_keeps_what_was_written_over_kill_and_restart(tmp_path):
    with running(local_mongo(tmp_path)) as mongo:
        with connected(mongo) as client:
            client["clinic"]["patients"].insert_one({"_id": 1})
        mongo.kill()
        mongo.start()
        with connected(mongo) as client, client.start_session() as session, session.start_transaction():
            assert client["clinic"]["patients"].count_documents({}, session=session) == 1


def test_mongo_finds_its_data_again_on_another_port(tmp_path):
    ports = []
    for expected in range(3):
        with running(local_mongo(tmp_path)) as mongo, connected(mongo) as client:
            ports.append(mongo.port)
            assert client["clinic"]["starts"].count_documents({}) == expected
            client["clinic"]["starts"].insert_one({})
            assert client.admin.command("hello")["hosts"] == [f"{HOST}:{mongo.port}"]
    assert len(set(ports)) == 3


def test_frozen_mongo_answers_nothing_until_it_is_thawed(tmp_path):
    with running(local_mongo(tmp_path)) as mongo, connected(mongo) as client:
        client.admin.command("ping")
        mongo.freeze()
        with pytest.raises(PyMongoError) as error, pymongo.timeout(0.5):
            client.admin.command("ping")
        assert error.value.timeout
        mongo.thaw()
        assert client.admin.command("ping")["ok"] == 1


def test_a_taken_port_is_said_in_one_line(tmp_path):
    with running(local_tansu(tmp_path)) as tansu, pytest.raises(LocalFault, match=f"port {tansu.port}.*is taken"):
        local_mongo(tmp_path, tansu.port).start()


def test_a_server_that_fails_to_start_shows_its_last_words_and_leaves_nothing(tmp_path):
    first = local_mongo(tmp_path)
    with running(first):
        second = local_mongo(tmp_path)  # the same data folder
        with pytest.raises(LocalFault, match="ended with status 100") as fault:
            second.start()
    assert "DBPathInUse" in fault.value.log
    assert not second.process.alive


def put(server: LocalServer, *, create: bool) -> None:
    if create:
        admin = KafkaAdminClient(bootstrap_servers=server.address)
        admin.create_topics({"told": {"num_partitions": 1, "replication_factor": 1}})
        admin.close()
    producer = KafkaProducer(bootstrap_servers=server.address, enable_idempotence=False)
    producer.send("told", b"event").get(timeout=SOON)
    producer.close()


def records(server: LocalServer) -> int:
    consumer = KafkaConsumer(bootstrap_servers=server.address)
    try:
        partition = TopicPartition("told", 0)
        return int(consumer.end_offsets([partition])[partition])
    finally:
        consumer.close()


def test_kafka_keeps_its_records_over_kill_restart_and_another_port(tmp_path):
    with running(local_kafka(tmp_path)) as kafka:
        put(kafka, create=True)
        kafka.kill()
        kafka.start()
        assert records(kafka) == 1
        put(kafka, create=False)
    with running(local_kafka(tmp_path)) as kafka:
        assert records(kafka) == 2


def test_tansu_takes_records_and_forgets_them_when_it_dies(tmp_path, monkeypatch):
    monkeypatch.setenv("KADENCE_LOCAL_KAFKA", "tansu")
    monkeypatch.setenv("KADENCE_TEST_SERVERS", "local")
    monkeypatch.delenv("KADENCE_KAFKA_BOOTSTRAP", raising=False)
    tansu = chosen_kafka(tmp_path)
    assert isinstance(tansu, LocalServer)
    with running(tansu):
        put(tansu, create=True)
        tansu.kill()
        tansu.start()
        put(tansu, create=True)
        assert records(tansu) == 1


# The engine's client library does not close the socket on which nobody answered.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_containers_are_asked_for_where_no_engine_answers(tmp_path, monkeypatch):
    said: list[str] = []
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody")
    monkeypatch.delenv("KADENCE_MONGO_URL", raising=False)
    monkeypatch.setenv("KADENCE_TEST_SERVERS", "containers")
    with pytest.raises(LocalFault, match="no container engine answers - start a container engine"):
        chosen_mongo(tmp_path)
    monkeypatch.setenv("KADENCE_TEST_SERVERS", "auto")
    assert isinstance(chosen_mongo(tmp_path, say=said.append), LocalServer)
    assert said == ["Local servers instead of containers: no container engine answers."]
    gc.collect()  # its warning belongs here


PARENT = """
import sys
from pathlib import Path
from deploy.local.mongo import local_mongo
from deploy.local.processes import Process
folder, port = Path(sys.argv[1]), int(sys.argv[2])
local_mongo(folder).start()
urls = [word for name in ("booking", "followup", "notify") for word in (f"--{name}", "http://127.0.0.1:9")]
command = [sys.executable, "-m", "deploy.local.gateway", "--port", str(port), *urls]
gateway = Process("gateway", command, log=folder / "gateway.log")
gateway.start()
from deploy.local.ports import answers_ok
gateway.wait_ready(lambda: answers_ok(port, "/"), 20)
gateway.freeze()
print("ready", flush=True)
sys.stdin.read()
"""


def test_nothing_outlives_a_parent_that_is_killed(tmp_path):
    """Neither a database nor a web server's workers, which are no children of the parent and here even frozen."""
    command = [sys.executable, "-c", PARENT, str(tmp_path), str(free_port())]
    with subprocess.Popen(
        command, cwd=REPOSITORY, env=plain_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"ready\n"
        left = [child.pid for child in psutil.Process(parent.pid).children(recursive=True)]
        assert len(left) >= 4  # mongod, the gateway and its worker, the undertaker
        os.kill(parent.pid, signal.SIGKILL)
        assert wait_until(lambda: gone(left), SOON)


def test_a_stopped_process_leaves_neither_workers_nor_undertaker(tmp_path):
    port, before = free_port(), psutil.Process().children(recursive=True)
    urls = [word for name in ("booking", "followup", "notify") for word in (f"--{name}", "http://127.0.0.1:9")]
    command = [sys.executable, "-m", "deploy.local.gateway", "--port", str(port), *urls]
    gateway = Process("gateway", command, log=tmp_path / "gateway.log", cwd=REPOSITORY)
    gateway.start()
    gateway.wait_ready(lambda: answers_ok(port, "/"), SOON)
    started = [child.pid for child in psutil.Process().children(recursive=True) if child not in before]
    assert gateway.stop() == 0
    assert len(started) >= 2  # the gateway and its worker; the undertaker may have been there before
    assert wait_until(lambda: gone(started), SOON)
