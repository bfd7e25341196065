"""What messages say. Never a drug, the treatment's name, a diagnosis, a dose, a score or a patient's name.

Texts are data, keyed by what is said and the language; an SMS fits one part of 160 GSM-7 characters at usual lengths,
with a link two parts. A language without texts gets English. Sentences are put together so that each privacy level says
its part only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from services.notify.domain.clinic import Clinic
from services.notify.domain.clock_face import FACES, Moment, Reader, limit_time, time_on_its_clock, visit_time
from services.notify.domain.message import Channel, Kind, Message
from services.notify.domain.preparation import (
    ARRIVE_EARLY,
    CLEAR_LIQUIDS_STOP,
    SOLIDS_STOP,
    clear_liquids_stop_at,
    solids_stop_at,
)
from services.notify.domain.recipient import Privacy, Recipient
from services.notify.domain.visit import number_of

DEFAULT_LANGUAGE: Final = "en"


@dataclass(frozen=True)
class Closing:
    """What the patient can do: `call` always, `reply` where a text back is read, `page` where a link may be given."""

    call: str
    reply: str = ""
    page: str = ""
    reply_or_page: str = ""

    def fit(self, *, can_reply: bool, has_page: bool) -> str:
        """The closing that says most of what the patient can do."""
        both = self.reply_or_page if can_reply and has_page else ""
        page = self.page if has_page else ""
        reply = self.reply if can_reply else ""
        return both or page or reply or self.call


@dataclass(frozen=True)
class Wording:
    """The sentences of one kind of message; `preparation` only for patients whose privacy level allows it.

    `confirmed` closes it instead where the patient said already that they will come.
    """

    subject: str
    statement: str
    closing: Closing
    preparation: str = ""
    confirmed: Closing | None = None


_PREPARE: Final = "No solid food after {solids}, clear fluids till {clear}. Bring your driver."
_CALL: Final = "Call {phone}."
_ABOUT_VISIT: Final = "{alias}: your visit"
_ABOUT_VISITS: Final = "{alias}: your visits"
_PAGE: Final = f"See, confirm or change: {{link}} {_CALL}"
_REPLY_OR_PAGE: Final = f"Reply 1 to confirm, 2 to change, or see {{link}} {_CALL}"
_CONFIRMED: Final = Closing(_CALL, page=f"See or change: {{link}} {_CALL}")
_REBOOK: Final = Closing("To rebook call {phone}.")

TEXTS: Final[Mapping[tuple[str, str], Wording]] = MappingProxyType(
    {
        ("confirmation", "en"): Wording(
            _ABOUT_VISITS,
            "{alias}: booked. First visit {when}.",
            Closing(_CALL, page=f"See all, confirm or change: {{link}} {_CALL}"),
            "No solid food {solid_hours} h, no fluids {clear_hours} h before. Bring your driver.",
        ),
        ("reminder P3D", "en"): Wording(
            _ABOUT_VISIT,
            "{alias}: appt {when}.",
            Closing(
                "To change it call {phone}.",
                reply=f"Reply 1 to confirm, 2 to change. {_CALL}",
                page=_PAGE,
                reply_or_page=_REPLY_OR_PAGE,
            ),
            "Please plan who drives you home.",
            confirmed=replace(_CONFIRMED, call="To change it call {phone}."),
        ),
        ("reminder P1D", "en"): Wording(
            _ABOUT_VISIT,
            "{alias}: see you {when}.",
            Closing(_CALL, page=_PAGE, reply_or_page=_REPLY_OR_PAGE),
            _PREPARE,
            confirmed=_CONFIRMED,
        ),
        ("reminder PT2H", "en"): Wording(
            _ABOUT_VISIT,
            "{alias}: your visit is {when}.",
            Closing("Running late? Call {phone}.", reply="Running late? Reply 3 or call {phone}."),
            "Please arrive {early} min early with your driver.",
        ),
        ("change-notice", "en"): Wording(
            _ABOUT_VISIT,
            "{alias}: new time {when}.",
            Closing(_CALL, page=_PAGE, reply_or_page=_REPLY_OR_PAGE),
            _PREPARE,
            confirmed=_CONFIRMED,
        ),
        ("change-notice series", "en"): Wording(
            _ABOUT_VISITS,
            "{alias}: your visits have new times. Next visit {when}.",
            Closing(_CALL, page=f"See all, confirm or change: {{link}} {_CALL}"),
        ),
        ("cancellation-notice", "en"): Wording(_ABOUT_VISIT, "{alias}: your visit {when} is called off.", _REBOOK),
        ("cancellation-notice series", "en"): Wording(
            _ABOUT_VISITS, "{alias}: all your coming visits are called off.", _REBOOK
        ),
        ("pause-notice series", "en"): Wording(
            _ABOUT_VISITS, "{alias}: your coming visits are put off. We will tell you the new times.", Closing(_CALL)
        ),
        ("offer", "en"): Wording(
            "{alias}: an earlier time",
            "{alias}: an earlier time is free: {when}.",
            Closing("Answer until {until}: call {phone}.", page="Answer until {until}: {link} or call {phone}."),
        ),
        ("check-in-link", "en"): Wording(
            "{alias}: your check-in",
            "{alias} check-in: 2-min form {link}",
            Closing("Not monitored for emergencies: {emergency}."),
        ),
    }
)
"""One row for each thing to say and language. With a link the closing of a reminder leaves room for an answer by text;
the day before, one part without a link is full of how to prepare.
"""

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
    """What a message speaks of: visits in the order of their times, or a place offered; the opened link that it gives.

    `until`: when an offer ends. `is_confirmed`: the patient said that they will come. `can_reply`: a text back reaches
    us. `opt_out`: an SMS also says how to stop.
    """

    visits: Sequence[Moment] = ()
    link: str = ""
    until: datetime | None = None
    is_confirmed: bool = False
    can_reply: bool = False
    opt_out: bool = False


def language_of(locale: str) -> str:
    """The language to write in for a locale such as `de-DE`."""
    language = locale.replace("_", "-").split("-")[0].lower()
    return language if language in FACES else DEFAULT_LANGUAGE


def write(message: Message, content: Content, clinic: Clinic, recipient: Recipient, *, now: datetime) -> Text:
    """The message in the patient's language."""
    language = language_of(recipient.locale)
    wording = TEXTS[_key(message), language]
    reader = Reader(recipient.zone or clinic.zone, now, FACES[language])
    times = [visit_time(visit, reader) for visit in content.visits]
    facts = _facts(content, clinic, recipient, language) | _times(content, reader) | {"when": "".join(times[:1])}
    said = [sentence.format_map(facts) for sentence in _sentences(wording, content, recipient.privacy)]
    if message.channel is Channel.SMS:
        return Text("", " ".join([*said, OPT_OUT[language]] if content.opt_out else said))
    listed = ["\n".join(f"- {time}" for time in times)] if len(times) > 1 else []
    return Text(wording.subject.format_map(facts), "\n\n".join([said[0], *listed, *said[1:]]) + "\n")


def _sentences(wording: Wording, content: Content, privacy: Privacy) -> list[str]:
    """At minimal privacy neither how to prepare nor a link to it."""
    is_minimal = privacy is Privacy.MINIMAL
    closing = wording.confirmed if wording.confirmed and content.is_confirmed else wording.closing
    fitting = closing.fit(can_reply=content.can_reply, has_page=bool(content.link) and not is_minimal)
    preparation = "" if is_minimal else wording.preparation
    return [sentence for sentence in (wording.statement, preparation, fitting) if sentence]


def _key(message: Message) -> str:
    if message.kind is Kind.REMINDER:
        return f"{message.kind} {message.offset}"
    return f"{message.kind} series" if message.kind in _OF_SERIES and number_of(message.about) is None else message.kind


_OF_SERIES: Final = frozenset({Kind.CHANGE_NOTICE, Kind.CANCELLATION_NOTICE, Kind.PAUSE_NOTICE})
"""Kinds that speak of one visit or of a whole series."""


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


def _times(content: Content, reader: Reader) -> dict[str, str]:
    """When to stop eating and drinking before the first visit, and until when to answer."""
    if not content.visits:
        return {}
    visit = content.visits[0]
    return {
        "solids": limit_time(solids_stop_at(visit.starts_at), visit, face=reader.face),
        "clear": limit_time(clear_liquids_stop_at(visit.starts_at), visit, face=reader.face),
        "until": time_on_its_clock(content.until, visit, reader) if content.until else "",
    }
