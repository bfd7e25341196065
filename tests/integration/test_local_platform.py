"""The doors of a local installation, and the platform as a whole with stand-ins for its services."""

import contextlib
import http.client
import json
import smtplib
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
import pytest

from deploy.local.faults import LocalFault
from deploy.local.installation import PARTS, REPOSITORY, plain_environment
from deploy.local.local_server import OutsideServer
from deploy.local.mail_catcher import caught
from deploy.local.platform import Platform
from deploy.local.ports import HOST, accepts, free_port
from deploy.local.processes import Process
from deploy.local.waiting import wait_until

SOON = 20.0


@contextlib.contextmanager
def module_running(tmp_path: Path, name: str, port: int, *arguments: str) -> Iterator[Process]:
    command = [sys.executable, "-m", f"deploy.local.{name}", "--port", str(port), *arguments]
    process = Process(name, command, log=tmp_path / f"{name}.log", env=plain_environment(), cwd=REPOSITORY)
    process.start()
    try:
        process.wait_ready(lambda: accepts(port), SOON)
        yield process
    finally:
        process.stop()


def family() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


class Echo(BaseHTTPRequestHandler):
    def do_PATCH(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        heard = {"path": self.path, "headers": {k.lower(): v for k, v in self.headers.items()}, "body": body}
        self.send_response(412)
        self.send_header("Content-Type", "application/problem+json")
        self.send_header("ETag", '"8"')
        self.end_headers()
        self.wfile.write(json.dumps(heard).encode())

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def echo() -> Iterator[int]:
    with ThreadingHTTPServer((HOST, 0), Echo) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield server.server_address[1]
        server.shutdown()
        serving.join()


def targets(booking: int) -> list[str]:
    nobody = f"http://{HOST}:{free_port()}"
    return ["--booking", f"http://{HOST}:{booking}", "--followup", nobody, "--notify", nobody]


def asked(port: int, method: str, path: str, body: str = "", **headers: str) -> tuple[http.client.HTTPResponse, str]:
    connection = http.client.HTTPConnection(HOST, port, timeout=SOON)
    with contextlib.closing(connection):
        connection.request(
            method, path, body.encode(), {name.replace("_", "-"): value for name, value in headers.items()}
        )
        answer = connection.getresponse()
        return answer, answer.read().decode()


def test_gateway_passes_everything_on_unchanged_and_says_who_asked(tmp_path, echo):
    port = free_port()
    sent = {"Idempotency_Key": "k-1", "If_Match": '"7"', "Authorization": "Bearer t", "X_Forwarded_For": "6.6.6.6"}
    path = "/booking/clinics/a%2Fb%C3%A9?cursor=x%20y&cursor=z"
    with module_running(tmp_path, "gateway", port, *targets(echo)):
        answer, content = asked(port, "PATCH", path, '{"é": 1}', **sent)
    heard = json.loads(content)
    assert (answer.status, answer.headers["ETag"]) == (412, '"8"')
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (heard["path"], heard["body"]) == (path, '{"é": 1}')
    expected = {"idempotency-key": "k-1", "if-match": '"7"', "authorization": "Bearer t", "x-forwarded-for": HOST}
    assert expected.items() <= heard["headers"].items()
    assert heard["headers"]["host"] == heard["headers"]["x-forwarded-host"] == f"{HOST}:{port}"


def test_gateway_answers_for_a_service_that_is_down(tmp_path):
    port = free_port()
    with module_running(tmp_path, "gateway", port, *targets(free_port())):
        answer, content = asked(port, "GET", "/followup/plans")
        assert asked(port, "GET", "/nowhere")[0].status == 404
        assert "/notify/docs" in asked(port, "GET", "/")[1]
    assert (answer.status, json.loads(content)["status"], answer.headers["Retry-After"]) == (502, 502, "1")
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_mail_catcher_keeps_every_message(tmp_path):
    port, folder = free_port(), tmp_path / "mail"
    with module_running(tmp_path, "mail_catcher", port, "--folder", str(folder)), smtplib.SMTP(HOST, port) as smtp:
        for number in range(3):
            message = f"Subject: Visit {number}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nBis später\r\n"
            smtp.sendmail("desk@kadence.example", ["pat@example.org", "driver@example.org"], message.encode())
    mails = caught(folder)
    assert [mail.subject for mail in mails] == ["Visit 0", "Visit 1", "Visit 2"]
    assert mails[0].text.strip() == "Bis später"
    assert (mails[0].sender, mails[0].recipients) == ("desk@kadence.example", ("pat@example.org", "driver@example.org"))


STAND_IN = """
import json, os, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

role, given = sys.argv[1], {name: value for name, value in os.environ.items() if name.startswith("KADENCE_")}
if given.pop("KADENCE_FAILPOINT", "") == role:
    sys.exit(f"{role} fails as it was told to")
if role == "indexes":
    sys.exit()


class Door(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(given).encode())


port = given["KADENCE_HTTP_PORT" if role == "web" else "KADENCE_HEALTH_PORT"]
ThreadingHTTPServer(("127.0.0.1", int(port)), Door).serve_forever()
"""


@pytest.fixture
def make(tmp_path, monkeypatch):
    """A platform in a checkout whose services are stand-ins, on servers that nobody asks for anything."""
    checkout = tmp_path / "checkout"
    for service in ("booking", "followup", "notify"):
        (checkout / "services" / service).mkdir(parents=True)
        (checkout / "services" / service / "__main__.py").write_text(STAND_IN)
    (checkout / "deploy").symlink_to(REPOSITORY / "deploy")
    monkeypatch.setattr("deploy.local.platform.REPOSITORY", checkout)
    servers = (OutsideServer("mongo", "mongodb://there", "X"), OutsideServer("kafka", "there:1", "Y"))

    def made(**options) -> Platform:
        return Platform(tmp_path / "installation", servers=servers, **options)

    return made


def test_every_part_gets_exactly_the_settings_of_the_contract(make):
    with make(namespace="trial") as platform:
        port = platform.installation.ports.gateway
        heard = {name: json.loads(asked(port, "GET", f"/{name}/settings")[1]) for name in ("booking", "notify")}
        health = json.loads(asked(platform.port("booking.worker"), "GET", "/readyz")[1])
    assert heard["booking"] == {
        "KADENCE_ENV": "development",
        "KADENCE_NAMESPACE": "trial",
        "KADENCE_MONGO_URL": "mongodb://there",
        "KADENCE_KAFKA_BOOTSTRAP": "there:1",
        "KADENCE_KEY_FILE": str(platform.installation.key_file),
        "KADENCE_PLATFORM_KEY_FILE": str(platform.installation.platform_key_file),
        "KADENCE_CLOCK": "simulated",
        "KADENCE_CLOCK_PATH": str(platform.installation.clock_file),
        "KADENCE_HTTP_PORT": str(platform.port("booking.web")),
        "KADENCE_HEALTH_PORT": str(platform.port("booking.worker")),
        "KADENCE_PUBLIC_URL": platform.url,
        "KADENCE_TICK_SECONDS": "0.2",
    }
    assert health == heard["booking"]
    assert heard["notify"].keys() - heard["booking"].keys() == {
        "KADENCE_SMTP_HOST",
        "KADENCE_SMTP_PORT",
        "KADENCE_SMTP_SENDER",
    }


def test_parts_die_and_come_back_by_name_and_stop_leaves_nothing(make):
    before = family()
    with make() as platform:
        assert platform.names == ["mail", *PARTS, "gateway"]
        copy = platform.add("booking.worker")
        platform.kill("booking.web")
        platform.halt("notify.worker")
        platform.kill(copy)
        assert copy == "booking.worker#2"
        assert not any(platform.process(name).alive for name in ("booking.web", "notify.worker", copy))
        platform.restart("booking.web")
        platform.supervise()
        platform.wait_ready(copy)
        platform.freeze("followup.worker")
        assert not platform.process("notify.worker").alive
    assert family() <= before


def test_supervisor_starts_again_what_dies(make):
    told: list[tuple[str, str]] = []
    with make(tell=lambda *line: told.append(line)) as platform:
        platform.supervise()
        first = platform.process("booking.worker").pid
        platform.kill("booking.worker")
        assert wait_until(lambda: platform.process("booking.worker").pid != first, SOON)
        platform.wait_ready("booking.worker")
    assert ("booking.worker", "ended with status -9, started again") in told


@pytest.mark.parametrize(("part", "role"), [("notify.worker", "worker"), ("notify.web", "indexes")])
def test_a_part_that_fails_at_start_shows_why_and_takes_the_rest_with_it(make, part, role):
    before = family()
    platform = make(extra={part: {"KADENCE_FAILPOINT": role}})
    with pytest.raises(LocalFault, match=f"notify.{role}.*status 1") as fault:
        platform.start()
    assert f"{role} fails as it was told to" in fault.value.log
    assert family() <= before


def test_a_second_start_keeps_the_secrets(make):
    first, second = make(), make()
    assert first.platform_key == second.platform_key
    assert first.installation.key_file.stat().st_mode & 0o777 == 0o600
