"""A real SMTP server that delivers nothing: every message it accepts becomes a file.

python -m deploy.local.mail_catcher --port 1025 --folder FOLDER
"""

import argparse
import email
import email.policy
import signal
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.local.ports import HOST

_FROM, _TO = "X-Caught-From", "X-Caught-To"


@dataclass(frozen=True)
class CaughtMail:
    """A message as it came over SMTP. `sender` and `recipients` are the envelope's, not the header's."""

    received_ns: int
    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage
    file: Path

    @property
    def subject(self) -> str:
        return str(self.message["Subject"] or "")

    @property
    def text(self) -> str:
        """The plain text of the message; empty when it has none."""
        body = self.message.get_body(("plain",))
        return str(body.get_content()) if body is not None else ""


def caught(folder: Path) -> list[CaughtMail]:
    """All messages caught so far, in the order in which they came."""
    return sorted((_parsed(file) for file in folder.glob("*.eml")), key=lambda mail: mail.received_ns)


def keep(folder: Path, sender: str, recipients: Sequence[str], content: bytes) -> Path:
    """Store one message, whole or not at all, as `<nanoseconds since 1970>.eml`."""
    envelope = f"{_FROM}: {sender}\r\n{_TO}: {', '.join(recipients)}\r\n".encode()
    fresh = folder / f".{threading.get_native_id()}.new"
    fresh.write_bytes(envelope + content)
    try:
        return _linked(fresh, folder)
    finally:
        fresh.unlink()


def _linked(fresh: Path, folder: Path) -> Path:
    """A hard link appears at once, with all its content, and never replaces a message of the same instant."""
    while True:
        kept = folder / f"{time.time_ns()}.eml"
        try:
            kept.hardlink_to(fresh)
        except FileExistsError:
            continue
        return kept


def _parsed(file: Path) -> CaughtMail:
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    sender, recipients = str(message[_FROM]), str(message[_TO])
    del message[_FROM], message[_TO]
    return CaughtMail(int(file.stem), sender, tuple(recipients.split(", ")), message, file)


class _Keeper:
    """aiosmtpd's handler; the name of its method is aiosmtpd's choice."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802, ARG002
        keep(self._folder, envelope.mail_from or "", envelope.rcpt_tos, envelope.original_content or b"")
        return "250 kept"


def main(arguments: Sequence[str] | None = None) -> None:
    """Catch mail until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local.mail_catcher", description="Keeps mail as files.")
    parser.add_argument("--host", default=HOST)
    parser.add_argument("--port", type=int, default=1025)
    parser.add_argument("--folder", type=Path, required=True)
    given = parser.parse_args(arguments)
    given.folder.mkdir(parents=True, exist_ok=True)
    ended = threading.Event()
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda *_: ended.set())
    catcher = Controller(_Keeper(given.folder), hostname=given.host, port=given.port)
    catcher.start()
    ended.wait()
    catcher.stop()


if __name__ == "__main__":
    main()
