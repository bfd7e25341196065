import smtplib
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from icalendar import Calendar

from services.notify.channels.email import EmailChannel
from services.notify.domain.message import Channel, Letter
from services.notify.domain.visit import VisitStatus
from services.notify.operations.ports import (
    Accepted,
    NotDelivered,
    PermanentFailure,
    TemporaryFailure,
    UnknownOutcome,
    Unreachable,
)
from tests.support.notify_builders import a_visit

SENDER = "no-reply@kadence.example"
LETTER = Letter(
    message_id="3f0c",
    clinic_id="clinic-1",
    channel=Channel.EMAIL,
    sender="Riverside Clinic",
    to="ada@example.com",
    subject="Riverside Clinic: your visits",
    text="Riverside Clinic: booked.\n\n- Wed Mar 4 <9:00 AM>\n- Fri Mar 6\n\nCall 555-0100.\n",
)
OK = (250, b"ok")


@dataclass
class FakeServer:
    """A mail server: each step answers as told, or raises as told; it keeps what it took."""

    answers: dict[str, tuple[int, bytes] | Exception] = field(default_factory=dict)
    recipients: list[str] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)
    is_left: bool = False

    def connect(self) -> "FakeServer":
        self._answer("connect")
        return self

    def mail(self, sender: str) -> tuple[int, bytes]:
        assert sender == SENDER
        return self._answer("mail")

    def rcpt(self, recip: str) -> tuple[int, bytes]:
        recip.encode("ascii")
        self.recipients.append(recip)
        return self._answer("rcpt")

    def data(self, msg: bytes) -> tuple[int, bytes]:
        self.mails.append(msg)
        return self._answer("data")

    def quit(self) -> object:
        self.is_left = True
        return self._answer("quit")

    def _answer(self, step: str) -> tuple[int, bytes]:
        answer = self.answers.get(step, OK)
        if isinstance(answer, Exception):
            raise answer
        return answer


def send(server: FakeServer, letter: Letter = LETTER) -> Accepted:
    return EmailChannel(server.connect, SENDER).send(letter)


def test_a_mail_carries_the_text_plainly_and_as_html():
    server = FakeServer()
    send(server)
    mail = message_from_bytes(server.mails[0], policy=policy.default)
    assert server.recipients == ["ada@example.com"]
    assert (mail["From"], mail["To"]) == ("Riverside Clinic <no-reply@kadence.example>", "ada@example.com")
    assert mail["Subject"] == LETTER.subject
    assert mail["Auto-Submitted"] == "auto-generated"
    plain = mail.get_body(("plain",))
    html = mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().replace("\r\n", "\n") == LETTER.text
    assert "<ul><li>Wed Mar 4 &lt;9:00 AM&gt;</li><li>Fri Mar 6</li></ul>" in html.get_content()


def calendar_in(server: FakeServer) -> Any:
    mail: EmailMessage = message_from_bytes(server.mails[-1], policy=policy.default)
    [file] = mail.iter_attachments()
    assert (file.get_content_type(), file.get_filename()) == ("text/calendar", "visits.ics")
    calendar = Calendar.from_ical(file.get_content())
    assert file["Content-Type"].params["method"] == calendar["METHOD"]
    assert mail.get_body(("plain",)) is not None
    return calendar


def test_visits_go_along_as_a_calendar_file():
    server = FakeServer()
    visits = (a_visit("2026-03-04 09:00"), a_visit("2026-03-09 09:00", number=2, revision=3))
    send(server, replace(LETTER, visits=visits))
    calendar = calendar_in(server)
    assert calendar["METHOD"] == "PUBLISH"
    assert [(event["UID"], event["SEQUENCE"], event["SUMMARY"]) for event in calendar.events] == [
        ("series-series-1-sessions-1@kadence", 0, "Riverside Clinic"),
        ("series-series-1-sessions-2@kadence", 3, "Riverside Clinic"),
    ]
    assert [(event["DTSTART"].dt, event["DTEND"].dt) for event in calendar.events] == [
        (visit.starts_at, visit.ends_at) for visit in visits
    ]


def test_a_visit_that_is_off_is_taken_out_of_the_calendar():
    server = FakeServer()
    send(server, replace(LETTER, visits=(a_visit(revision=1, status=VisitStatus.CANCELLED),)))
    calendar = calendar_in(server)
    [event] = calendar.events
    assert (calendar["METHOD"], event["STATUS"], event["UID"]) == (
        "CANCEL",
        "CANCELLED",
        "series-series-1-sessions-1@kadence",
    )
    assert event["SEQUENCE"] > 1


def test_the_message_id_is_made_of_the_messages_id():
    server = FakeServer()
    assert send(server) == Accepted("<3f0c@kadence.example>")
    assert b"Message-ID: <3f0c@kadence.example>\r\n" in server.mails[0]


@pytest.mark.parametrize(
    ("step", "answer", "failure", "cause"),
    [
        ("connect", ConnectionRefusedError(), Unreachable, "smtp-unreachable"),
        ("connect", TimeoutError(), Unreachable, "smtp-unreachable"),
        ("connect", smtplib.SMTPAuthenticationError(535, b"no"), Unreachable, "smtp-unreachable"),
        ("mail", (451, b"later"), Unreachable, "smtp-451"),
        ("mail", smtplib.SMTPServerDisconnected(), Unreachable, "smtp-broken-off"),
        ("mail", (550, b"who are you?"), Unreachable, "smtp-550"),
        ("rcpt", (421, b"closing"), Unreachable, "smtp-421"),
        ("rcpt", (450, b"greylisted"), TemporaryFailure, "smtp-450"),
        ("rcpt", (550, b"no such user"), PermanentFailure, "smtp-550"),
        ("rcpt", TimeoutError(), Unreachable, "smtp-broken-off"),
        ("data", smtplib.SMTPDataError(452, b"full"), TemporaryFailure, "smtp-452"),
        ("data", (554, b"spam"), PermanentFailure, "smtp-554"),
        ("data", (451, b"later"), TemporaryFailure, "smtp-451"),
        ("data", TimeoutError(), UnknownOutcome, "smtp-no-answer"),
        ("data", smtplib.SMTPServerDisconnected(), UnknownOutcome, "smtp-no-answer"),
        ("data", ConnectionResetError(), UnknownOutcome, "smtp-no-answer"),
    ],
)
def test_where_a_session_breaks_says_whether_the_mail_went_out(
    step: str, answer: tuple[int, bytes] | Exception, failure: type[NotDelivered], cause: str
):
    server = FakeServer(answers={step: answer})
    with pytest.raises(NotDelivered) as caught:
        send(server)
    assert type(caught.value) is failure
    assert caught.value.cause == cause
    assert server.is_left is (step != "connect")


@pytest.mark.parametrize("trouble", [TimeoutError(), smtplib.SMTPServerDisconnected()])
def test_a_mail_that_was_taken_is_taken_however_the_session_ends(trouble: Exception):
    assert send(FakeServer(answers={"quit": trouble})) == Accepted("<3f0c@kadence.example>")


def test_an_address_that_the_server_cannot_take_is_a_permanent_failure():
    with pytest.raises(PermanentFailure, match="address-unusable"):
        send(FakeServer(), replace(LETTER, to="ådå@example.com"))


def test_a_line_break_in_a_name_makes_no_new_header():
    with pytest.raises(PermanentFailure, match="mail-unusable"):
        send(FakeServer(), replace(LETTER, sender="A\r\nBcc: x@example.com"))


def test_a_mail_that_can_be_stopped_says_how_in_its_headers():
    server = FakeServer()
    url = "https://kadence.a-long-name-of-an-installation.example/notify/u/" + "x" * 64
    send(server, replace(LETTER, unsubscribe_url=url))
    assert f"List-Unsubscribe: <{url}>\r\n".encode() in server.mails[0]
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in server.mails[0]
    assert b"Reply-To" not in server.mails[0]


def test_a_mail_that_cannot_be_stopped_says_nothing_of_it():
    server = FakeServer()
    send(server)
    assert b"Unsubscribe" not in server.mails[0]


@pytest.mark.parametrize("field", ["sender", "subject", "unsubscribe_url", "to"])
def test_no_line_break_anywhere_makes_a_header(field: str):
    server = FakeServer()
    broken: dict[str, Any] = {field: "a@example.com\r\nBcc: everybody@example.com"}
    with pytest.raises(PermanentFailure):
        send(server, replace(LETTER, **broken))
    assert server.mails == []
