"""Which messages a booking, a move, a cancellation, a visit that is over and a check-in lead to, and when.

Days count on the wall clock of the visit's zone, hours are elapsed (two reminders, three days and one day ahead, miss
fewest: Steiner 2018, 4.4 % against 5.8 % and 5.3 % with one). All offsets are clinic defaults.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from services.notify.domain.check_in import CheckIn
from services.notify.domain.message import ESCORT, PATIENT, Channel, Kind, Message
from services.notify.domain.offer import Offer
from services.notify.domain.planning import Meaning, Timing, queued
from services.notify.domain.visit import Visit
from shared.localtime import same_wall_clock

CONFIRM_WITHIN: Final = timedelta(hours=24)
"""After a day a confirmation is of no use any more."""
GATHER: Final = timedelta(minutes=1)
"""Notices wait so long, so that several changes in a row, or a whole series called off, become one notice."""
HOME_AFTER: Final = timedelta(hours=2)
"""So long after going home a patient is asked whether they are safe (clinic default)."""
HOME_WITHIN: Final = timedelta(hours=2)
"""So long that is of use; then a person asks (followup does)."""
CHASES: Final = (timedelta(hours=24), timedelta(hours=72))
"""So long after its link an open form is asked for again (clinic default)."""

EAT_FIRST: Final = timedelta(hours=2)
"""So long before fasting begins a patient is reminded of it at the latest (clinic default)."""

Instant = Callable[[Visit], datetime]


@dataclass(frozen=True)
class Rung:
    """What is said about each visit: when it is due, from when it is of no use, of which kind it is, who reads it."""

    offset: str
    due_at: Instant
    expires_at: Instant
    kind: Kind = Kind.REMINDER
    channel: Channel = Channel.SMS
    reader: str = PATIENT


def _days_before(days: int) -> Instant:
    return lambda visit: same_wall_clock(visit.starts_at, visit.zone, days=-days)


def _hours_before(hours: int) -> Instant:
    return lambda visit: visit.starts_at - timedelta(hours=hours)


def _fast(visit: Visit) -> datetime:
    return visit.prepares_at


def _before_fast(visit: Visit) -> datetime:
    """A day before the visit, or in time for a last meal where fasting is longer than that."""
    return min(_days_before(1)(visit), _fast(visit) - EAT_FIRST)


def _start(visit: Visit) -> datetime:
    return visit.starts_at


LADDER: Final = (
    Rung("P3D", due_at=_days_before(3), expires_at=_days_before(1)),
    Rung("P1D", due_at=_before_fast, expires_at=_fast),
    Rung("PT2H", due_at=_hours_before(2), expires_at=_start),
    Rung("P1D", _days_before(1), _start, Kind.ESCORT_REMINDER, reader=ESCORT),
    Rung("PT30H", _hours_before(30), _start, Kind.UNCONFIRMED, Channel.DESK),
)
"""The reminders of a visit. The first is of no use when the second is due, the second when fasting has begun.

Whoever takes the patient home is reminded too; a visit that nobody confirmed is put on the front desk's list.
"""


def reminders(clinic_id: str, visit: Visit, now: datetime) -> list[Message]:
    """The reminders to plan for a visit. A rung that lies in the past is not planned at all: nothing is made up for."""
    return [
        queued(
            clinic_id,
            Meaning(
                visit.patient_id, visit.id, rung.kind, rung.channel, rung.offset, visit.revision, reader=rung.reader
            ),
            Timing(rung.due_at(visit), rung.expires_at(visit), needed_at=visit.starts_at),
            at=now,
        )
        for rung in LADDER
        if rung.due_at(visit) >= now and (visit.doses or rung.kind is not Kind.ESCORT_REMINDER)
    ]


def home_safe(clinic_id: str, visit: Visit, now: datetime) -> list[Message]:
    """Asks the patient who went home after a dose whether they are safe, and says until when not to drive."""
    if visit.discharged_at is None or not visit.doses:
        return []
    due_at = visit.discharged_at + HOME_AFTER
    meaning = Meaning(visit.patient_id, visit.id, Kind.HOME_SAFE, Channel.SMS, revision=visit.revision)
    return _useful(queued(clinic_id, meaning, Timing(due_at, due_at + HOME_WITHIN), at=now))


def confirmation(clinic_id: str, series: str, patient_id: str, *, booked_at: datetime, now: datetime) -> list[Message]:
    """One confirmation of a whole series, at once; none when the news of the booking is a day old."""
    meaning = Meaning(patient_id, series, Kind.CONFIRMATION, Channel.EMAIL)
    return _useful(queued(clinic_id, meaning, Timing(booked_at, booked_at + CONFIRM_WITHIN), at=now))


def change_notice(clinic_id: str, visit: Visit, *, moved_at: datetime, now: datetime) -> list[Message]:
    """Tells the new time of a visit; none when that time is over."""
    return _useful(_notice(clinic_id, visit, Kind.CHANGE_NOTICE, about=visit.id, changed_at=moved_at, now=now))


def cancellation_notice(clinic_id: str, visit: Visit, *, cancelled_at: datetime, now: datetime) -> list[Message]:
    """Tells that a visit is off; none when its time is over."""
    return _useful(
        _notice(clinic_id, visit, Kind.CANCELLATION_NOTICE, about=visit.id, changed_at=cancelled_at, now=now)
    )


def series_change_notice(
    clinic_id: str, visits: Sequence[Visit], *, moved_at: datetime, now: datetime
) -> list[Message]:
    """Tells once that several visits of a series have new times; none when all its times are over."""
    expected = [visit for visit in visits if visit.is_expected]
    return _series_notice(clinic_id, visits, expected, Kind.CHANGE_NOTICE, changed_at=moved_at, now=now)


def series_cancellation_notice(
    clinic_id: str, visits: Sequence[Visit], lost: Sequence[Visit], *, cancelled_at: datetime, now: datetime
) -> list[Message]:
    """Tells once that the `lost` of a series' visits are off; none when their times are over."""
    return _series_notice(clinic_id, visits, lost, Kind.CANCELLATION_NOTICE, changed_at=cancelled_at, now=now)


def pause_notice(
    clinic_id: str, visits: Sequence[Visit], paused: Sequence[Visit], *, paused_at: datetime, now: datetime
) -> list[Message]:
    """Tells once that the `paused` of a series' visits wait for new times; none when their times are over."""
    return _series_notice(clinic_id, visits, paused, Kind.PAUSE_NOTICE, changed_at=paused_at, now=now)


def check_in_link(clinic_id: str, check_in: CheckIn, now: datetime) -> list[Message]:
    """The link to a form, as long as the form can be filled in."""
    meaning = Meaning(check_in.patient_id, check_in.id, Kind.CHECK_IN_LINK, Channel.SMS)
    return _useful(queued(clinic_id, meaning, Timing(check_in.opened_at, check_in.expires_at), at=now))


def check_in_chases(clinic_id: str, check_in: CheckIn, now: datetime) -> list[Message]:
    """The link again, twice, as long as the form is open; each is of use until the next one."""
    due = [check_in.opened_at + chase for chase in CHASES]
    ends = [*due[1:], check_in.expires_at]
    return [
        queued(
            clinic_id,
            Meaning(
                check_in.patient_id,
                check_in.id,
                Kind.CHECK_IN_CHASE,
                Channel.SMS,
                offset=f"PT{chase // timedelta(hours=1)}H",
            ),
            Timing(due_at, min(end, check_in.expires_at)),
            at=now,
        )
        for chase, due_at, end in zip(CHASES, due, ends, strict=True)
        if now <= due_at < check_in.expires_at
    ]


def offer(clinic_id: str, made: Offer, now: datetime) -> list[Message]:
    """An earlier time, as long as it can be had."""
    meaning = Meaning(made.patient_id, made.id, Kind.OFFER, Channel.SMS)
    return _useful(queued(clinic_id, meaning, Timing(made.made_at, made.expires_at), at=now))


def _notice(clinic_id: str, visit: Visit, kind: Kind, *, about: str, changed_at: datetime, now: datetime) -> Message:
    meaning = Meaning(visit.patient_id, about, kind, Channel.SMS, revision=visit.revision)
    return queued(clinic_id, meaning, Timing(changed_at + GATHER, visit.starts_at), at=now)


def _series_notice(
    clinic_id: str, visits: Sequence[Visit], meant: Sequence[Visit], kind: Kind, *, changed_at: datetime, now: datetime
) -> list[Message]:
    """About the whole series, of use until the last of the visits `meant`.

    Its revision counts the moves of all visits, so that what happens again after a move is told again.
    """
    if not meant:
        return []
    last = max(meant, key=lambda visit: visit.starts_at)
    counted = replace(last, revision=sum(visit.revision for visit in visits))
    return _useful(_notice(clinic_id, counted, kind, about=last.series, changed_at=changed_at, now=now))


def _useful(message: Message) -> list[Message]:
    planned_at = message.history[0].at
    return [message] if planned_at < message.expires_at else []
