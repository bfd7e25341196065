"""E-mail through a real SMTP server that encrypts and asks for a log-in."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from deploy.local.ports import HOST, free_port
from services.notify.channels.email import EmailChannel, smtp_session
from services.notify.domain.message import Channel, Letter
from services.notify.operations.ports import Accepted, NotDelivered, PermanentFailure, Unreachable

SENDER = "appointments@clinic.example"
USER, PASSWORD = "clinic", "correct horse"
LETTER = Letter("m-1", "clinic-1", Channel.EMAIL, "Riverside", "ada@example.com", "Your visits", "See you at nine.\n")


@dataclass
class MailServer:
    """What a server took, and how its clients came."""

    port: int
    ca: Path
    mails: list[tuple[list[str], bytes]] = field(default_factory=list)
    logged_in: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's choice
        del server
        self.encrypted.append(session.ssl is not None)
        self.mails.append((list(envelope.rcpt_tos), envelope.original_content or b""))
        return "250 kept"

    def check(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any) -> AuthResult:
        del server, session, envelope, mechanism
        is_right = isinstance(given, LoginPassword) and given == LoginPassword(USER.encode(), PASSWORD.encode())
        self.logged_in += [USER] if is_right else []
        return AuthResult(success=is_right)


@contextmanager
def mail_server(folder: Path, *, name: str = "localhost", **options: Any) -> Iterator[MailServer]:
    """A server with a certificate of an authority of its own."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    server = MailServer(free_port(), folder / "ca.pem")
    controller = Controller(
        server, hostname=HOST, port=server.port, tls_context=context, authenticator=server.check, **options
    )
    controller.start()
    try:
        yield server
    finally:
        controller.stop()


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[MailServer]:
    """Takes mail of those only who encrypt and log in."""
    with mail_server(tmp_path, require_starttls=True, auth_required=True) as server:
        yield server


def channel(server: MailServer, **changes: Any) -> EmailChannel:
    options = {"user": USER, "password": PASSWORD, "starttls": True, "ca": str(server.ca), **changes}
    return EmailChannel(partial(smtp_session, "localhost", server.port, **options), SENDER)


def failure(channel: EmailChannel, letter: Letter = LETTER) -> NotDelivered:
    with pytest.raises(NotDelivered) as caught:
        channel.send(letter)
    return caught.value


def test_mail_goes_encrypted_and_logged_in(strict: MailServer):
    assert channel(strict).send(LETTER) == Accepted("<m-1@clinic.example>")
    [(recipients, mail)] = strict.mails
    assert recipients == ["ada@example.com"]
    assert b"See you at nine." in mail
    assert (strict.encrypted, strict.logged_in) == ([True], [USER])


@pytest.mark.parametrize(
    ("changes", "kind", "cause"),
    [
        ({"password": "wrong"}, Unreachable, "smtp-unreachable"),
        ({"ca": ""}, Unreachable, "smtp-unreachable"),
        ({"starttls": False}, Unreachable, "smtp-unreachable"),
        ({"user": ""}, Unreachable, "smtp-503"),
    ],
)
def test_who_may_not_in_has_sent_nothing(
    strict: MailServer, changes: dict[str, Any], kind: type[NotDelivered], cause: str
):
    failed = failure(channel(strict, **changes))
    assert (type(failed), failed.cause) == (kind, cause)
    assert strict.mails == []


def test_a_certificate_of_another_name_is_not_trusted(tmp_path: Path):
    with mail_server(tmp_path, name="elsewhere.example", require_starttls=True) as server:
        assert type(failure(channel(server))) is Unreachable
        assert server.mails == []


def test_a_server_that_cannot_encrypt_gets_neither_password_nor_mail(tmp_path: Path):
    server = MailServer(free_port(), tmp_path / "ca.pem")
    controller = Controller(server, hostname=HOST, port=server.port, authenticator=server.check, auth_require_tls=False)
    controller.start()
    try:
        assert type(failure(channel(server, ca=""))) is Unreachable
    finally:
        controller.stop()
    assert (server.mails, server.logged_in) == ([], [])


@pytest.mark.parametrize(
    "letter",
    [
        replace(LETTER, sender="Riverside\r\nBcc: eve@example.com"),
        replace(LETTER, subject="Your visits\nX-Evil: yes"),
        replace(LETTER, to="ada@example.com\r\nBcc: eve@example.com"),
        replace(LETTER, to="ada@example.com>\r\nRCPT TO:<eve@example.com"),
        replace(LETTER, to="ada@example.com, eve@example.com"),
    ],
)
def test_nothing_that_people_write_becomes_a_header_or_a_command(strict: MailServer, letter: Letter):
    try:
        channel(strict).send(letter)
    except PermanentFailure:
        assert strict.mails == []
    else:
        raise AssertionError(strict.mails)


def test_line_breaks_and_dots_in_a_text_stay_text(strict: MailServer):
    channel(strict).send(replace(LETTER, text="one\n.\nQUIT\n\nBcc: eve@example.com\n"))
    [(recipients, mail)] = strict.mails
    assert recipients == ["ada@example.com"]
    assert b"\r\nBcc:" not in mail.partition(b"\r\n\r\n")[0]
    assert b"QUIT" in mail
