"""What a message has to say, as facts: texts with names, made of what is known. Pure; templates make sentences of it.

The facts never hold a drug, the treatment's name, a diagnosis, a dose, a score or a patient's name, so no template can
say them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.notify.domain.again import rung_of
from services.notify.domain.clinic import Clinic
from services.notify.domain.clock_face import FACES, Moment, Reader, limit_time, time_on_its_clock, visit_time
from services.notify.domain.crisis_lines import crisis_line
from services.notify.domain.message import Kind, Message
from services.notify.domain.preparation import ARRIVE_EARLY, Fasting
from services.notify.domain.recipient import Recipient
from services.notify.domain.visit import number_of

DEFAULT_LANGUAGE: Final = "en"
Facts = dict[str, str | bool]


@dataclass(frozen=True)
class Text:
    """What somebody reads; SMS have no subject.

    `edition` is the clinic's own one that it was made of, 0 where that is the platform's. `tells_opt_out`: it ends with
    how to stop.
    """

    subject: str
    body: str
    edition: int = 0
    tells_opt_out: bool = False


@dataclass(frozen=True)
class Content:
    """What a message speaks of: visits in the order of their times, or a place offered; the opened link that it gives.

    `until`: when an offer ends. `no_driving_until`, `collect_at`: of the visit that ended or ends. `body`: a text that
    was fixed when the message was planned. `is_confirmed`: the patient said that they will come. `can_reply`: a text
    back reaches us. `opt_out`: an SMS also says how to stop. `is_staffed`: somebody can be paged, so that a call soon
    may be promised. `needs_driver`: the medicine is given at one of the visits. `fasting`: how the patient prepares.
    """

    visits: Sequence[Moment] = ()
    link: str = ""
    until: datetime | None = None
    no_driving_until: datetime | None = None
    collect_at: datetime | None = None
    body: str = ""
    is_confirmed: bool = False
    can_reply: bool = False
    opt_out: bool = False
    is_staffed: bool = False
    needs_driver: bool = True
    fasting: Fasting = Fasting()


def language_of(locale: str) -> str:
    """The language to write in for a locale such as `de-DE`."""
    language = locale.replace("_", "-").split("-")[0].lower()
    return language if language in FACES else DEFAULT_LANGUAGE


def key_of(message: Message) -> str:
    """Which text says it: `reminder P1D`, `change-notice`, `change-notice series`."""
    if message.kind is Kind.REMINDER:
        return f"{message.kind} {rung_of(message)}"
    is_of_series = message.kind in _OF_EITHER and number_of(message.about) is None
    if message.kind is Kind.PAUSE_NOTICE or is_of_series:
        return f"{message.kind} series"
    return message.kind.value


_OF_EITHER: Final = frozenset({Kind.CHANGE_NOTICE, Kind.CANCELLATION_NOTICE})
"""Kinds that speak of one visit or of a whole series."""


def facts_of(
    content: Content, clinic: Clinic, recipient: Recipient | None, *, language: str, now: datetime
) -> Facts:  # fmt: skip
    """All that a template may name. What does not apply is an empty text; no text but `body` and `visits` has lines.

    Without a recipient (a stranger, somebody of the staff) the clinic's zone and country count.
    """
    zone = (recipient and recipient.zone) or clinic.zone
    reader = Reader(zone, now, FACES[language])
    line = crisis_line((recipient and recipient.country) or clinic.country, language)
    return {
        "alias": _one_line(clinic.sender_alias),
        "phone": _one_line(clinic.phone),
        "link": _one_line(content.link),
        "emergency": line.brief,
        "crisis": line.full,
        "emergency_number": line.number,
        "body": content.body,
        "early": str(ARRIVE_EARLY // timedelta(minutes=1)),
        "solid_hours": str(content.fasting.solids_hours),
        "clear_hours": _hours(content.fasting.fluids_minutes),
        "is_confirmed": content.is_confirmed,
        "can_reply": content.can_reply,
        "is_staffed": content.is_staffed,
        "needs_driver": content.needs_driver,
        **_times(content, clinic, reader),
    }


def _times(content: Content, clinic: Clinic, reader: Reader) -> Facts:
    """`when` is the first visit, `others` the rest in one line, `visits` all of several, a line each."""
    times = [visit_time(visit, reader) for visit in content.visits]
    first = content.visits[0] if content.visits else None
    zone, fasting = first.zone if first else clinic.zone, content.fasting

    def on_clock(at: datetime | None) -> str:
        return time_on_its_clock(at, zone, reader) if at else ""

    return {
        "when": "".join(times[:1]),
        "others": "; ".join(times[1:]),
        "visits": "\n".join(f"- {time}" for time in times) if len(times) > 1 else "",
        "solids": limit_time(fasting.solids_stop_at(first.starts_at), first, face=reader.face) if first else "",
        "clear": limit_time(fasting.clear_liquids_stop_at(first.starts_at), first, face=reader.face) if first else "",
        "until": on_clock(content.until),
        "no_driving_until": on_clock(content.no_driving_until),
        "collect": on_clock(content.collect_at),
    }


def _hours(minutes: int) -> str:
    """As `2`, or `0:30` where it is not whole hours."""
    hours, rest = divmod(minutes, 60)
    return f"{hours}:{rest:02}" if rest else str(hours)


def _one_line(text: str) -> str:
    return " ".join(text.split())
