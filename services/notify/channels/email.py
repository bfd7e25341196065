"""E-mail by SMTP.

An SMTP server has no idempotency key: only an answer to the final dot says whether the mail went out. So everything up
to DATA certainly did not send, and a connection lost from there on leaves the outcome unknown. The Message-ID is made
of the message's id, so that a mailbox or a bounce can be matched with the ledger.
"""

import smtplib
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from email.headerregistry import BaseHeader, HeaderRegistry
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime, formataddr
from typing import Any, Final, NoReturn, Protocol

from services.notify.domain.message import Letter
from services.notify.domain.visit import Visit
from services.notify.operations.ports import (
    Accepted,
    PermanentFailure,
    TemporaryFailure,
    UnknownOutcome,
    Unreachable,
)
from services.notify.templates.html import as_html
from shared.calendar_file import Entry, EntryStatus, calendar_file, method_of, uid_of
from shared.clock import system_clock

ANSWER_SECONDS: Final = 5.0
"""How long one answer of the server is waited for."""
_PERMANENT: Final = 500
_CLOSING: Final = 421
_DONE: Final = range(200, 300)
Reply = tuple[int, bytes]


class LinkHeader(BaseHeader):
    """A header that holds a link: written as it is, for in the encoding of long words programs do not recognise it."""

    max_count = 1

    @staticmethod
    def parse(value: str, parsed: dict[str, Any]) -> None:
        parsed["decoded"] = value
        parsed["parse_tree"] = value

    def fold(self, *, policy: Policy) -> str:
        """One line."""
        return f"{self.name}: {self}{policy.linesep}"


_headers: Final = HeaderRegistry()
_headers.map_to_type("list-unsubscribe", LinkHeader)
WIRE: Final = SMTP.clone(header_factory=_headers)


class Session(Protocol):
    """The part of `smtplib.SMTP` that takes one mail."""

    def mail(self, sender: str) -> Reply: ...
    def rcpt(self, recip: str) -> Reply: ...
    def data(self, msg: bytes) -> Reply: ...
    def quit(self) -> object: ...


class EmailChannel:
    """Sends letters in sessions that `connect` opens; `sender` is the envelope's and the header's address."""

    repeatable = False
    answered = False

    def __init__(self, connect: Callable[[], Session], sender: str) -> None:
        self._connect = connect
        self._sender = sender

    def send(self, letter: Letter) -> Accepted:
        """See `operations.ports.Provider`."""
        try:
            mail = as_mail(letter, self._sender)
        except ValueError as error:  # such as a line break in a name, which would make a header of its own
            raise PermanentFailure("mail-unusable") from error
        if [one.addr_spec for one in mail["To"].addresses] != [letter.to]:  # such as two of them with a comma
            raise PermanentFailure("address-unusable")
        session = self._open()
        try:
            self._address(session, letter.to)
            _hand_over(session, mail.as_bytes(policy=WIRE))
        finally:
            with suppress(smtplib.SMTPException, OSError):
                session.quit()
        return Accepted(str(mail["Message-ID"]))

    def _open(self) -> Session:
        try:
            return self._connect()
        except (smtplib.SMTPException, OSError) as error:
            raise Unreachable("smtp-unreachable") from error

    def _address(self, session: Session, to: str) -> None:
        try:
            sender, recipient = session.mail(self._sender), None
            if sender[0] in _DONE:
                recipient = session.rcpt(to)
        except (smtplib.SMTPException, OSError) as error:
            raise Unreachable("smtp-broken-off") from error
        except ValueError as error:  # not ASCII, or a line break in it
            raise PermanentFailure("address-unusable") from error
        if recipient is None:  # who may not send at all is refused whoever the letter is for
            raise Unreachable(f"smtp-{sender[0]}")
        if recipient[0] not in _DONE:
            _refused(recipient)


def smtp_session(host: str, port: int, *, user: str, password: str, starttls: bool, ca: str = "") -> Session:
    """A session with the server, encrypted and logged in as the settings say."""
    session = smtplib.SMTP(host, port, timeout=ANSWER_SECONDS)
    try:
        session.ehlo_or_helo_if_needed()
        if starttls:
            session.starttls(context=ssl.create_default_context(cafile=ca or None))
        if user:
            session.login(user, password)
    except BaseException:
        session.close()
        raise
    return session


def as_mail(letter: Letter, sender: str) -> EmailMessage:
    """The mail: plain text, the same as simple HTML, and a calendar file of the visits that it speaks of.

    With a link to unsubscribe, mail programs show a button for it (RFC 2369, RFC 8058). There is no Reply-To: nobody
    reads answers. Raises `ValueError` when a line would break in a header.
    """
    now = system_clock()
    mail = EmailMessage(policy=WIRE)
    mail["From"] = formataddr((letter.sender, sender))
    mail["To"] = letter.to
    mail["Subject"] = letter.subject
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{letter.message_id}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    if letter.unsubscribe_url:
        mail["List-Unsubscribe"] = f"<{letter.unsubscribe_url}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(letter.text)
    mail.add_alternative(as_html(letter.text), subtype="html")
    if letter.visits:
        _attach(mail, [_entry(letter, visit, sender) for visit in letter.visits], now)
    return mail


def _entry(letter: Letter, visit: Visit, organizer: str) -> Entry:
    """A visit in the patient's calendar, under the alias that patients know."""
    return Entry(
        uid=uid_of(visit.id),
        sequence=visit.revision,
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
        zone=visit.zone,
        summary=letter.sender,
        status=EntryStatus.CONFIRMED if visit.is_expected else EntryStatus.CANCELLED,
        organizer=organizer,
    )


def _attach(mail: EmailMessage, entries: Sequence[Entry], now: datetime) -> None:
    file = calendar_file(entries, stamped_at=now)
    mail.add_attachment(file.decode(), subtype="calendar", filename="visits.ics", params={"method": method_of(entries)})


def _hand_over(session: Session, mail: bytes) -> None:
    try:
        reply = session.data(mail)
    except smtplib.SMTPDataError as error:  # the server did not even want the body
        _refused((error.smtp_code, b""))
    except (smtplib.SMTPException, OSError) as error:
        raise UnknownOutcome("smtp-no-answer") from error
    if reply[0] not in _DONE:
        _refused(reply)


def _refused(reply: Reply) -> NoReturn:
    """The server answered no: for now (4xx) or for good (5xx); or it is about to leave."""
    if reply[0] == _CLOSING:
        raise Unreachable(f"smtp-{_CLOSING}")
    kind = PermanentFailure if reply[0] >= _PERMANENT else TemporaryFailure
    raise kind(f"smtp-{reply[0]}")
