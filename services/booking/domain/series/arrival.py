"""Who comes late: kept, kept on somebody's word, or missed (clinic defaults, set by the protocol)."""

from dataclasses import replace
from datetime import datetime, timedelta

from services.booking.domain.calendar.resource import PEOPLE
from services.booking.domain.calendar.slots import SLOT
from services.booking.domain.series.session import Session
from shared.errors import Conflict, RuleBroken


def require_in_time(session: Session, at: datetime, *, kept_for: timedelta, missed_after: timedelta) -> None:
    """Raises `RuleBroken` for who comes later than `missed_after` after the start, or than `kept_for` with no word."""
    late = at - session.starts_at
    if late > missed_after:
        detail = f"Session {session.number} counts as missed: it began more than {_minutes(missed_after)} minutes ago."
        raise RuleBroken("session.too-late", detail)
    if late > kept_for:
        detail = f"The patient is more than {_minutes(kept_for)} minutes late: a nurse or clinician says if it is kept."
        raise RuleBroken("session.late", detail)


def lengthened(session: Session, at: datetime) -> Session:
    """The session with what it takes, people apart, for as much longer as it begins late at `at`, in whole slots."""
    late = -(-(at - session.starts_at) // SLOT) * SLOT
    claims = (
        claim if claim.kind in PEOPLE else replace(claim, until_at=claim.until_at + late) for claim in session.claims
    )
    return replace(session, claims=tuple(claims))


def require_room(session: Session, taken: frozenset[str]) -> None:
    """Raises `Conflict` when any of the slots that a lengthened session takes is `taken` by another."""
    if not session.slots.isdisjoint(taken):
        detail = f"So late session {session.number} does not fit any more before what comes next at its place."
        raise Conflict("session.block-does-not-fit", detail)


def _minutes(length: timedelta) -> int:
    return length // timedelta(minutes=1)
