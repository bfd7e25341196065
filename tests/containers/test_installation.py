"""docker-compose up, on real containers: it is healthy in time, tells its story, and keeps everybody to their own."""

import secrets
import time
from typing import Any

import pytest
import requests
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from deploy.local.story import Story, open_clinic
from deploy.local.waiting import wait_until
from shared.clock import SimulatedClock
from tests.support.containers import HEALTHY_WITHIN, Containers, engine

pytestmark = pytest.mark.timeout(400)
PATIENCE_SECONDS = 60.0
FORGE = """
from services.notify import wiring
from services.notify.settings import Settings
from shared.errors import TransientFailure
from shared.process.host import Host
from shared.messaging.kafka import Producer
from shared.settings import from_environment

settings = from_environment(Settings)
broker = Host(wiring.service(settings), settings).topics.broker
try:
    Producer(broker).publish("kadence.booking.v1", [(b"key", b"forged", [])])
except TransientFailure as refused:
    print(refused)
"""
INTRUDE = """
from shared.errors import TransientFailure
from shared.messaging.kafka import Admin, Broker

try:
    Admin(Broker("kafka:9092")).missing(["kadence.booking.v1"])
except TransientFailure as refused:
    print(refused)
"""


def test_up_is_healthy_in_time(installation: Containers) -> None:
    assert installation.seconds_to_healthy < HEALTHY_WITHIN
    print(f"healthy after {installation.seconds_to_healthy:.0f} s")


def test_the_story_happens_behind_the_gateway(installation: Containers) -> None:
    began = time.monotonic()
    clinic = open_clinic(installation.url, installation.platform_key, PATIENCE_SECONDS)
    where = installation.installation
    clock = SimulatedClock(where.clock_file)
    tell = lambda *_: None  # noqa: E731
    Story(installation.url, clinic, clock, where.mail_folder, tell, patience_seconds=PATIENCE_SECONDS).play()
    print(f"the story took {time.monotonic() - began:.0f} s")


def test_nobody_is_root_and_nothing_but_data_can_be_written(installation: Containers) -> None:
    for container in installation.all():
        seen = engine("inspect", "--format", "{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.Memory}}", container.id)
        is_read_only, memory = seen.split()
        assert is_read_only == "true", container.part
        assert int(memory) > 0, container.part
        if container.pid:
            assert engine("exec", container.id, "id", "-u").strip() != "0", container.part


@pytest.mark.parametrize("image", ["kadence:local", "kadence-mail:local"])
def test_our_images_hold_no_compiler_and_no_installer(image: str) -> None:
    look = "command -v gcc cc cpp make pip pip3 git curl || echo none"
    assert engine("run", "--rm", "--network=none", "--entrypoint=sh", image, "-c", look).strip() == "none"


def test_only_the_gateway_can_be_reached(installation: Containers) -> None:
    seen = {one.part: engine("port", one.id).strip() for one in installation.all() if one.pid}
    published = {part: ports for part, ports in seen.items() if ports}
    assert published == {"gateway": f"8080/tcp -> {installation.url.removeprefix('http://')}"}


def test_the_gateway_answers_carefully(installation: Containers) -> None:
    found = requests.get(f"{installation.url}/booking/openapi.json", timeout=10)
    wanted = {"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer"}
    assert found.status_code == 200
    assert wanted.items() <= found.headers.items()
    unknown = requests.get(f"{installation.url}/metrics", timeout=10)
    assert (unknown.status_code, unknown.headers["Content-Type"]) == (404, "application/problem+json")
    large = requests.post(f"{installation.url}/booking/v1/clinics", data=b"x" * 300_000, timeout=10)
    assert (large.status_code, large.json()["title"]) == (413, "Content Too Large")


def test_what_a_link_carries_stands_in_no_log_whatever_becomes_of_it(installation: Containers) -> None:
    token = secrets.token_urlsafe(32)
    with requests.Session() as caller:
        opened = lambda: caller.get(f"{installation.url}/booking/a/{token}", timeout=40).status_code  # noqa: E731
        assert opened() == 404
        assert wait_until(lambda: opened() == 429, PATIENCE_SECONDS, every=0)
        with installation.without(installation.all("booking-web")[0]):
            assert wait_until(lambda: opened() in {502, 504}, PATIENCE_SECONDS)
    installation.wait_ready("booking-web", HEALTHY_WITHIN)
    assert [one.part for one in installation.all() if token in engine("logs", one.id)] == []


def test_a_service_reads_no_other_database(installation: Containers) -> None:
    with _database_of(installation, "notify") as client:
        client["kadence_notify"].messages.find_one()
        with pytest.raises(OperationFailure, match="not authorized"):
            client["kadence_booking"].patients.find_one()


def test_a_service_tells_on_no_topic_of_another(installation: Containers) -> None:
    assert "TopicAuthorizationFailed" in _probed(installation, FORGE)


def test_nobody_without_a_password_gets_to_kafka_or_mongo(installation: Containers) -> None:
    assert "Kafka does not answer" in _probed(installation, INTRUDE)
    address = installation.all("mongo")[0].address
    with (
        MongoClient[dict[str, Any]](address, directConnection=True) as client,
        pytest.raises(OperationFailure, match="authentication"),
    ):
        client["kadence_booking"].patients.find_one()


def _probed(installation: Containers, program: str) -> str:
    """What a program says that runs in notify's place."""
    return installation.compose("exec", "-T", "notify-worker", "python", "-c", program)


def _database_of(installation: Containers, user: str) -> MongoClient[dict[str, Any]]:
    password = installation.secret(f"mongo_{user}_password")
    address = installation.all("mongo")[0].address
    return MongoClient(address, username=user, password=password, authSource="admin", directConnection=True)
