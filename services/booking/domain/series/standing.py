"""What can be read off the sessions of a series: how far it is, what may be booked again, how reliably it goes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.booking.domain.series.session import Session, SessionStatus

TOO_OFTEN: Final = 2
"""So many attempts that failed on the patient's side, one after the other, call for a talk first. Clinic default."""
_BEGUN: Final = frozenset({SessionStatus.IN_PROGRESS, SessionStatus.FULFILLED})


@dataclass(frozen=True)
class Progress:
    """How many of the planned doses were given, and how many talks held: sessions that give no medicine."""

    done: int
    of: int
    talks_done: int
    talks_of: int


def progress_of(sessions: Sequence[Session]) -> Progress:
    """Doses given of doses planned, talks counted apart."""
    doses = [session for session in sessions if session.doses]
    talks = [session for session in sessions if not session.doses]
    return Progress(fulfilled(doses), len(doses), fulfilled(talks), len(talks))


def fulfilled(sessions: Sequence[Session]) -> int:
    """How many took place."""
    return sum(session.status is SessionStatus.FULFILLED for session in sessions)


def rebookable(sessions: Sequence[Session]) -> tuple[Session, ...]:
    """Lost sessions that may still be given another place: those behind which none has begun."""
    last = max((session.number for session in sessions if session.status in _BEGUN), default=0)
    return tuple(session for session in sessions if session.is_lost and session.number > last)


def is_underway(sessions: Sequence[Session]) -> bool:
    """Whether any session is still to happen, with a place or without."""
    return any(session.is_open or session.waits_for_a_place for session in sessions)


def let_down_in_a_row(sessions: Sequence[Session]) -> int:
    """How many of the last attempts at a session failed on the patient's side, one after the other.

    Sessions that were not missed and not called off by the patient at short notice do not count, nor interrupt.
    """
    attempts = sorted((one for session in sessions for one in session.attempts), key=lambda one: one.starts_at)
    counted = [one for one in attempts if one.was_let_down or one.status in _BEGUN]
    return next((place for place, one in enumerate(reversed(counted)) if not one.was_let_down), len(counted))
