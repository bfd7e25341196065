"""What a process sends to a collector; in a process of its own, because a process chooses that once."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from deploy.local.ports import HOST, free_port
from tests.architecture.checks.tables import REPOSITORY

PROGRAM = """
import sys
from contextlib import suppress
from shared.telemetry import tracing
tracing.start("bakery", sys.argv[1])
with tracing.span("POST /cakes"):
    told = tracing.traceparent()
with suppress(ValueError), tracing.span("hear cake.baked.v1", told):
    raise ValueError("Ada Lovelace, +49 30 1234567")
print(told)
"""


class Collector(HTTPServer):
    """Keeps what it is sent."""

    def __init__(self) -> None:
        super().__init__((HOST, 0), Taker)
        self.taken: list[tuple[str, bytes]] = []


class Taker(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        self.server.taken.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def run(endpoint: str) -> str:
    """The trace context that the program told."""
    command = [sys.executable, "-c", PROGRAM, endpoint]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=30).stdout


def test_a_trace_goes_on_from_the_request_to_the_hearer(collector):
    told = run(f"http://{HOST}:{collector.server_port}/v1/traces").strip()
    taken = [ExportTraceServiceRequest.FromString(body) for path, body in collector.taken if path == "/v1/traces"]
    resources = [one for request in taken for one in request.resource_spans]
    assert {each.value.string_value for one in resources for each in one.resource.attributes} == {"kadence-bakery"}
    spans = {span.name: span for one in resources for scope in one.scope_spans for span in scope.spans}
    asked, heard = spans["POST /cakes"], spans["hear cake.baked.v1"]
    assert heard.trace_id == asked.trace_id == bytes.fromhex(told.split("-")[1])
    assert heard.parent_span_id == asked.span_id
    assert (asked.status.code, heard.status.code) == (0, 2)


def test_what_went_wrong_is_not_quoted(collector):
    run(f"http://{HOST}:{collector.server_port}/v1/traces")
    assert collector.taken
    assert not any(b"Lovelace" in body for _, body in collector.taken)


def test_without_a_collector_the_process_works_and_ends():
    assert run(f"http://{HOST}:{free_port()}/v1/traces").startswith("00-")


def test_nothing_is_sent_when_nobody_asked_for_it(collector):
    run("")
    assert collector.taken == []
