"""An SMS provider to test against: a generic gateway and something like Twilio, over HTTP, with all their bad habits.

python -m tests.support.sms_provider --port 9000 --folder FOLDER --trouble drop-after=0.02 --trouble 429=0.02

It lets in who has the token, has one effect per idempotency key (the gateway only), keeps what it delivered in
`FOLDER/delivered.jsonl`, and does what it is told (`PUT /_next`) or, by chance, what `--trouble` says. With
`--receipts` it calls back what it delivered, signed: `Kadence-Signature: t=<unix seconds>,v1=<HMAC-SHA256 of t.body>`
"""

import argparse
import base64
import hashlib
import hmac
import json
import queue
import signal
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import requests
from twilio.request_validator import RequestValidator

from deploy.local.ports import HOST
from shared.clock import Clock, SimulatedClock, system_clock
from shared.ids import new_id

GATEWAY: Final = "/messages"
TOKEN: Final = "test-token"
SECRET: Final = "test-secret"
ACCOUNT: Final = "AC0123456789abcdef"
STOPPED: Final = "+12025550199"
"""A number that has answered STOP to everybody."""
TROUBLES: Final = ("drop-before", "drop-after", "slow", "429", "500", "500-after", "die")
"""`…-after`, `slow` and `die` (half an answer) deliver first; the others deliver nothing."""
RETRY_AFTER: Final = 1
SLOW_SECONDS: Final = 8.0
"""Longer than anybody waits for an answer."""


@dataclass(frozen=True)
class Delivered:
    """One SMS that reached a phone. `key`: the idempotency key, or empty."""

    sid: str
    key: str
    to: str
    sender: str
    text: str
    callback: str
    at: str


@dataclass
class SmsDouble:
    """What lasts. `chances`: how often each trouble comes by itself. `given_up`: Twilio's code for what fails later.

    `over` ends what it does slowly.
    """

    folder: Path
    chances: Mapping[str, float] = field(default_factory=dict)
    seed: int = 0
    clock: Clock = system_clock
    receipts_share: float = 0.0
    given_up: int | None = None
    next: list[str] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    delivered: list[Delivered] = field(default_factory=list)
    by_key: dict[str, Delivered] = field(default_factory=dict)
    receipts: "queue.Queue[Delivered]" = field(default_factory=queue.Queue)
    over: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._chance = Random(self.seed)

    def trouble(self) -> str:
        """What goes wrong with the next call; empty: nothing."""
        with self._lock:
            if self.next:
                return self.next.pop(0)
            drawn = self._chance.random()
            for name, share in self.chances.items():
                drawn -= share
                if drawn < 0:
                    return name
            return ""

    def deliver(self, *, key: str, to: str, sender: str, text: str, callback: str) -> Delivered:
        """Once for each key; the file is written before anybody is answered."""
        with self._lock:
            if key and key in self.by_key:
                self.seen["repeated"] += 1
                return self.by_key[key]
            sid = f"SM{len(self.delivered):032x}"
            new = Delivered(sid, key, to, sender, text, callback, self.clock().isoformat())
            self.delivered.append(new)
            if key:
                self.by_key[key] = new
            with (self.folder / "delivered.jsonl").open("a") as file:
                file.write(json.dumps(vars(new)) + "\n")
            if self._chance.random() < self.receipts_share:
                self.receipts.put(new)
            return new

    def call_back(self) -> None:
        """Send receipts for ever, each until it is taken."""
        while not self.over.is_set():
            delivered = self.receipts.get()
            while not self._is_heard(delivered):
                self.over.wait(0.2)
            self.seen["receipts"] += 1

    def _is_heard(self, delivered: Delivered) -> bool:
        body, headers = receipt_of(delivered, int(self.clock().timestamp()))
        try:
            return requests.post(delivered.callback, data=body, headers=headers, timeout=5).ok
        except requests.RequestException:
            return False


def signature(secret: str, body: bytes, at: int) -> str:
    """The header that proves who sent `body`, and when."""
    signed = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={signed}"


def receipt_of(delivered: Delivered, at: int, status: str = "delivered") -> tuple[bytes, Mapping[str, str]]:
    """What is said of a message later, and the headers that prove who says it."""
    if not delivered.key:
        form = {"MessageSid": delivered.sid, "MessageStatus": status, "To": delivered.to}
        signed = RequestValidator(TOKEN).compute_signature(delivered.callback, form)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signed}
        return urlencode(form).encode(), headers
    content = {"event_id": new_id(), "message_id": delivered.key, "provider_id": delivered.sid, "status": status}
    body = json.dumps(content).encode()
    return body, {"Content-Type": "application/json", "Kadence-Signature": signature(SECRET, body, at)}


class _Handler(BaseHTTPRequestHandler):
    """The names of its methods are the library's choice."""

    protocol_version = "HTTP/1.1"
    server: "SmsServer"

    def do_POST(self) -> None:
        double = self.server.double
        trouble = double.trouble()
        double.seen[trouble or "well"] += 1
        if trouble == "drop-before":
            self._drop()
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        refusal, take = self._understood(body)
        if refusal is not None:
            self._answer(*refusal)
        elif trouble in {"429", "500"}:
            self._answer(
                int(trouble), {"message": trouble}, {"Retry-After": str(RETRY_AFTER)} if trouble == "429" else {}
            )
        else:
            self._deliver(trouble, take)

    def do_GET(self) -> None:
        double = self.server.double
        if self.path == "/_seen":
            self._answer(200, {"seen": dict(double.seen), "delivered": [vars(one) for one in double.delivered]})
            return
        if not self._is_account():
            self._answer(401, {"code": 20003, "message": "Authenticate"})
            return
        asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        found = [_resource(one, double.given_up) for one in double.delivered if not one.key and one.to == asked["To"]]
        self._answer(200, {"messages": found, "page": 0, "page_size": 50, "next_page_uri": None})

    def do_PUT(self) -> None:
        """`PUT /_next` with a list: what goes wrong with the next calls."""
        self.server.double.next += json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer(200, {})

    def log_message(self, format: str, *args: object) -> None:
        """It keeps what it delivered; that is all."""

    def _understood(self, body: bytes) -> tuple[tuple[int, Any] | None, Callable[[], Delivered]]:
        """What is wrong with the request, and what delivers it."""
        if self.path.startswith("/2010-04-01/"):
            return self._as_twilio({name: values[0] for name, values in parse_qs(body.decode()).items()})
        return self._as_gateway(json.loads(body))

    def _as_gateway(self, content: Any) -> tuple[tuple[int, Any] | None, Callable[[], Delivered]]:
        double, key = self.server.double, self.headers.get("Idempotency-Key", "")

        def take() -> Delivered:
            return double.deliver(
                key=key, to=content["to"], sender=content["from"], text=content["text"], callback=content["callback"]
            )

        if self.path != GATEWAY:
            return (404, {"message": "nothing here"}), take
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return (401, {"message": "who are you?"}), take
        if not key or key != content["id"]:
            return (400, {"message": "Idempotency-Key must be the message's id"}), take
        known = double.by_key.get(key)
        if known and (known.to, known.text) != (content["to"], content["text"]):
            return (422, {"message": "the same key with another text"}), take
        return ((400, {"message": "stopped"}) if content["to"] == STOPPED else None), take

    def _as_twilio(self, content: Mapping[str, str]) -> tuple[tuple[int, Any] | None, Callable[[], Delivered]]:
        def take() -> Delivered:
            return self.server.double.deliver(
                key="",
                to=content["To"],
                sender=content["From"],
                text=content["Body"],
                callback=content["StatusCallback"],
            )

        if not self._is_account():
            return (401, {"code": 20003, "message": "Authenticate", "status": 401}), take
        if content["To"] == STOPPED:
            return (400, {"code": 21610, "message": "unsubscribed recipient", "status": 400}), take
        return ((400, {"code": 21211, "message": "no number", "status": 400}) if "x" in content["To"] else None), take

    def _is_account(self) -> bool:
        expected = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        return self.path.split("/")[3:4] == [ACCOUNT] and self.headers.get("Authorization") == f"Basic {expected}"

    def _deliver(self, trouble: str, take: Callable[[], Delivered]) -> None:
        taken = take()
        content = _resource(taken) if not taken.key else {"id": taken.sid}
        if trouble == "drop-after":
            self._drop()
        elif trouble == "slow":
            self.server.double.over.wait(SLOW_SECONDS)
            self._drop()
        elif trouble == "500-after":
            self._answer(500, {"message": "oh"})
        elif trouble == "die":
            self._half(content)
        else:
            self._answer(201, content)

    def _answer(self, status: int, content: Any, headers: Mapping[str, str] | None = None) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _half(self, content: Any) -> None:
        body = json.dumps(content).encode()
        self.send_response(201)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2])
        self.wfile.flush()
        self._drop()

    def _drop(self) -> None:
        """A reset, as from a process that died."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()


class SmsServer(ThreadingHTTPServer):
    """The double's door."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, double: SmsDouble, port: int = 0) -> None:
        super().__init__((HOST, port), _Handler)
        self.double = double

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who asked may be gone: they get killed in these tests."""


def _resource(one: Delivered, given_up: int | None = None) -> dict[str, Any]:
    """A message as Twilio shows it."""
    at = format_datetime(datetime.fromisoformat(one.at).astimezone(UTC))
    return {
        "sid": one.sid,
        "body": one.text,
        "to": one.to,
        "from": one.sender,
        "status": "failed" if given_up else "sent",
        "date_created": at,
        "date_sent": at,
        "date_updated": at,
        "error_code": given_up,
    }


@contextmanager
def running(double: SmsDouble, port: int = 0) -> Iterator[SmsServer]:
    """The double, answering as long as the block lasts."""
    server = SmsServer(double, port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    if double.receipts_share:
        threading.Thread(target=double.call_back, daemon=True).start()
    try:
        yield server
    finally:
        double.over.set()
        server.shutdown()
        server.server_close()


def kept(folder: Path) -> list[Delivered]:
    """All that was ever delivered."""
    file = folder / "delivered.jsonl"
    return [Delivered(**json.loads(line)) for line in file.read_text().splitlines()] if file.exists() else []


def main(arguments: Sequence[str] | None = None) -> None:
    """Take SMS until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.sms_provider")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--trouble", action="append", default=[], help="name=chance; one of " + ", ".join(TROUBLES))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--clock", type=Path, help="the simulated clock's file")
    parser.add_argument("--receipts", type=float, default=0.0, help="share of messages that are told about later")
    given = parser.parse_args(arguments)
    given.folder.mkdir(parents=True, exist_ok=True)
    chances = {name: float(share) for name, _, share in (one.partition("=") for one in given.trouble)}
    clock = SimulatedClock(given.clock) if given.clock else system_clock
    ended = threading.Event()
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda *_: ended.set())
    with running(SmsDouble(given.folder, chances, given.seed, clock, given.receipts), given.port):
        ended.wait()


if __name__ == "__main__":
    main()
