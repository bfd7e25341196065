"""What messages say. Never a drug, the treatment's name, a diagnosis, a dose, a score or a patient's name.

Texts are data, keyed by what is said and the language; an SMS fits one part of 160 GSM-7 characters at usual lengths.
A language without texts gets English. Sentences are put together so that each privacy level says its part only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from services.notify.domain.clinic import Clinic
from services.notify.domain.clock_face import FACES, limit_time, visit_time
from services.notify.domain.message import Channel, Kind, Message
from services.notify.domain.preparation import (
    ARRIVE_EARLY,
    CLEAR_LIQUIDS_STOP,
    SOLIDS_STOP,
    clear_liquids_stop_at,
    solids_stop_at,
)
from services.notify.domain.recipient import Privacy, Recipient
from services.notify.domain.visit import Visit

DEFAULT_LANGUAGE: Final = "en"


@dataclass(frozen=True)
class Wording:
    """The sentences of one kind of message; `preparation` only for patients whose privacy level allows it."""

    subject: str
    statement: str
    closing: str
    preparation: str = ""


_PREPARE: Final = "No solid food after {solids}, clear fluids till {clear}. Bring your driver."
_CALL: Final = "Call {phone}."
_ABOUT_VISIT: Final = "{alias}: your visit"

TEXTS: Final[Mapping[tuple[str, str], Wording]] = MappingProxyType(
    {
        ("confirmation", "en"): Wording(
            "{alias}: your visits",
            "{alias}: booked. First visit {when}.",
            _CALL,
            "No solid food {solid_hours} h, no fluids {clear_hours} h before. Bring your driver.",
        ),
        ("reminder P3D", "en"): Wording(
            _ABOUT_VISIT, "{alias}: appt {when}.", "To change it call {phone}.", "Please plan who drives you home."
        ),
        ("reminder P1D", "en"): Wording(_ABOUT_VISIT, "{alias}: see you {when}.", _CALL, _PREPARE),
        ("reminder PT2H", "en"): Wording(
            _ABOUT_VISIT,
            "{alias}: your visit is {when}.",
            "Running late? Call {phone}.",
            "Please arrive {early} min early with your driver.",
        ),
        ("change-notice", "en"): Wording(_ABOUT_VISIT, "{alias}: moved to {when}.", _CALL, _PREPARE),
        ("cancellation-notice", "en"): Wording(
            _ABOUT_VISIT, "{alias}: your visit {when} is called off.", "To rebook call {phone}."
        ),
        ("cancellation-notice series", "en"): Wording(
            "{alias}: your visits", "{alias}: all your coming visits are called off.", "To rebook call {phone}."
        ),
        ("check-in-link", "en"): Wording(
            "{alias}: your check-in",
            "{alias} check-in: 2-min form {link}",
            "Not monitored for emergencies: {emergency}.",
        ),
    }
)

OPT_OUT: Final[Mapping[str, str]] = MappingProxyType({"en": "STOP to opt out."})
"""Closes a patient's first SMS, and one each month."""

EMERGENCY: Final[Mapping[tuple[str, str], str]] = MappingProxyType(
    {
        ("US", "en"): "call or text 988, or 911",
        ("CA", "en"): "call or text 988, or 911",
        ("GB", "en"): "call 116 123, or 999",
        ("DE", "en"): "call 116 123, or 112",
        ("AU", "en"): "call 13 11 14, or 000",
    }
)
"""The crisis line of the country a patient is in (988 Suicide & Crisis Lifeline, Samaritans, TelefonSeelsorge,
Lifeline), and its emergency number."""
ANYWHERE: Final[Mapping[str, str]] = MappingProxyType({"en": "call your local emergency number"})


@dataclass(frozen=True)
class Text:
    """What the patient reads; SMS have no subject."""

    subject: str
    body: str


@dataclass(frozen=True)
class Content:
    """What a message speaks of: visits in the order of their times, or the opened link of a check-in."""

    visits: Sequence[Visit] = ()
    link: str = ""


def language_of(locale: str) -> str:
    """The language to write in for a locale such as `de-DE`."""
    language = locale.replace("_", "-").split("-")[0].lower()
    return language if language in FACES else DEFAULT_LANGUAGE


def write(
    message: Message, content: Content, clinic: Clinic, recipient: Recipient, *, opt_out: bool, now: datetime
) -> Text:
    """The message in the patient's language. `opt_out`: an SMS also says how to stop."""
    language = language_of(recipient.locale)
    wording = TEXTS[_key(message), language]
    reader_zone = recipient.zone or clinic.zone
    times = [visit_time(visit, reader_zone=reader_zone, now=now, face=FACES[language]) for visit in content.visits]
    facts = _facts(content, clinic, recipient, language) | _preparation(content.visits, language)
    facts["when"] = times[0] if times else ""
    said = [sentence.format_map(facts) for sentence in _sentences(wording, recipient.privacy)]
    if message.channel is Channel.SMS:
        return Text("", " ".join([*said, OPT_OUT[language]] if opt_out else said))
    listed = ["\n".join(f"- {time}" for time in times)] if len(times) > 1 else []
    return Text(wording.subject.format_map(facts), "\n\n".join([said[0], *listed, *said[1:]]) + "\n")


def _sentences(wording: Wording, privacy: Privacy) -> list[str]:
    preparation = "" if privacy is Privacy.MINIMAL else wording.preparation
    return [sentence for sentence in (wording.statement, preparation, wording.closing) if sentence]


def _key(message: Message) -> str:
    if message.kind is Kind.REMINDER:
        return f"{message.kind} {message.offset}"
    about_series = message.kind is Kind.CANCELLATION_NOTICE and "/sessions/" not in message.about
    return f"{message.kind} series" if about_series else message.kind


def _facts(content: Content, clinic: Clinic, recipient: Recipient, language: str) -> dict[str, str]:
    return {
        "alias": clinic.sender_alias,
        "phone": clinic.phone,
        "early": str(ARRIVE_EARLY // timedelta(minutes=1)),
        "solid_hours": str(SOLIDS_STOP // timedelta(hours=1)),
        "clear_hours": str(CLEAR_LIQUIDS_STOP // timedelta(hours=1)),
        "link": content.link,
        "emergency": EMERGENCY.get((recipient.country or clinic.country, language), ANYWHERE[language]),
    }


def _preparation(visits: Sequence[Visit], language: str) -> dict[str, str]:
    """When to stop eating and drinking before the first visit."""
    return {
        name: limit_time(limit, visit, face=FACES[language])
        for visit in visits[:1]
        for name, limit in (
            ("solids", solids_stop_at(visit.starts_at)),
            ("clear", clear_liquids_stop_at(visit.starts_at)),
        )
    }
