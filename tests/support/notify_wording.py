"""Every text that ships, written with the longest content, and what holds of each."""

from dataclasses import replace
from typing import Any

from services.notify.domain.message import Channel, Kind, Message
from services.notify.domain.recipient import Privacy
from services.notify.domain.wording import Content, Text, key_of
from services.notify.templates.segments import size_of
from services.notify.templates.writer import load_writer
from tests.support.notify_builders import (
    BOOKED_AT,
    SERIES,
    a_clinic,
    a_message,
    a_recipient,
    a_visit,
    at,
)

DISCLOSING = (
    "ketamine",
    "esketamine",
    "infusion",
    "psychedelic",
    "depression",
    "anxiety",
    "ptsd",
    "pain",
    "psychiatr",
    "therapy",
    "dose",
    "mg",
    "score",
    "phq",
)
CARRIER_KEYWORDS = ("yes", "cancel", "end", "quit")
KINDS = {
    "confirmation": a_message(kind=Kind.CONFIRMATION, offset=""),
    "reminder P3D": a_message(offset="P3D"),
    "reminder P1D": a_message(offset="P1D"),
    "reminder PT2H": a_message(offset="PT2H"),
    "change-notice": a_message(kind=Kind.CHANGE_NOTICE, offset=""),
    "cancellation-notice": a_message(kind=Kind.CANCELLATION_NOTICE, offset=""),
    "cancellation-notice series": a_message(kind=Kind.CANCELLATION_NOTICE, offset="", about=f"series/{SERIES}"),
    "change-notice series": a_message(kind=Kind.CHANGE_NOTICE, offset="", about=f"series/{SERIES}"),
    "pause-notice series": a_message(kind=Kind.PAUSE_NOTICE, offset="", about=f"series/{SERIES}"),
    "offer": a_message(kind=Kind.OFFER, offset="", about=f"series/{SERIES}/offers/1"),
    "check-in-link": a_message(kind=Kind.CHECK_IN_LINK, offset="", about="check_in/1"),
    "check-in-chase": a_message(kind=Kind.CHECK_IN_CHASE, offset="PT24H", about="check_in/1"),
    "escort-reminder": a_message(kind=Kind.ESCORT_REMINDER, offset="", reader="escort"),
    "home-safe": a_message(kind=Kind.HOME_SAFE, offset=""),
    "manual": a_message(kind=Kind.MANUAL, offset=""),
    "test": a_message(kind=Kind.TEST, offset=""),
    "opt-out-confirmation": a_message(kind=Kind.OPT_OUT_CONFIRMATION, offset=""),
    "opt-in-confirmation": a_message(kind=Kind.OPT_IN_CONFIRMATION, offset=""),
    "help": a_message(kind=Kind.HELP, offset=""),
    "crisis": a_message(kind=Kind.CRISIS, offset=""),
    "no-open-visit": a_message(kind=Kind.NO_OPEN_VISIT, offset=""),
    "staff-page": a_message(kind=Kind.STAFF_PAGE, offset="", reader="staff/1", about="page/1"),
}
FORMS = {"check-in-link", "check-in-chase", "staff-page"}
"""What is nothing without its link."""
LONGEST_TIME = a_visit("2026-09-30 12:30")
UNTIL = at("2026-09-28 12:30")
CONTENT = Content(
    visits=[LONGEST_TIME],
    until=UNTIL,
    no_driving_until=at("2026-10-01 14:30"),
    collect_at=LONGEST_TIME.ends_at,
    body="Please bring your card.",
)
FORM = "https://rvc.example/c/9KX7Q2"
PAGE = "https://care.example/booking/a/4f0c1f6e8b2d4c7a9e3b5d71f0a6c8e2/12"
"""A page's address with a token of 128 bits."""


def written(
    message: Message,
    content: Content = CONTENT,
    *,
    channel: Channel = Channel.SMS,
    clinic: dict[str, Any] | None = None,
    **recipient: Any,
) -> Text:
    message = replace(message, channel=channel)
    content = replace(content, link=FORM) if key_of(message) in FORMS else content
    return load_writer().write(message, content, a_clinic(**clinic or {}), a_recipient(**recipient), (), now=BOOKED_AT)


def require_confirmed_is_not_asked(key: str, content: Content) -> None:
    asks = "confirm" in written(KINDS[key], content).body
    assert not (asks and content.is_confirmed and "series" not in key and key != "confirmation")


def require_link_where_allowed(key: str, content: Content) -> None:
    assert ("https" in written(KINDS[key], content).body) <= bool(content.link)
    assert "https" not in written(KINDS[key], content, privacy=Privacy.MINIMAL).body


def require_short(key: str, content: Content, *, language: str, country: str) -> None:
    text = written(KINDS[key], content, country=country, locale=language, clinic={"country": country}).body
    size = size_of(text)
    assert size.encoding == "gsm-7", text
    assert size.parts <= (2 if "https" in text else 1), f"{size}: {text}"


def require_discretion(key: str, privacy: Privacy, channel: Channel) -> None:
    text = written(KINDS[key], replace(CONTENT, link=PAGE, can_reply=True), channel=channel, privacy=privacy)
    said = f"{text.subject}\n{text.body}".lower()
    assert [word for word in DISCLOSING if word in said] == []
    assert "ada" not in said.split()
    assert "byron" not in said
