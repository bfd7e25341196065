"""What a change of a resource, or a new holiday, does to sessions that are booked, and what then becomes of them.

Nothing is moved silently: who makes the change hears which sessions it hits, and says what is to happen to them.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.booking.domain.calendar.resource import Resource
from services.booking.domain.calendar.slots import Claim
from services.booking.domain.placement.at_risk import at_risk
from services.booking.domain.placement.availability import Calendar, pick
from services.booking.domain.protocol.protocol import Phase
from services.booking.domain.series.series import Series
from services.booking.domain.series.session import Session
from shared.errors import Conflict, Fault


class Decision(StrEnum):
    """What becomes of sessions that a change hits: they stay where they are, at risk, or get another resource."""

    KEEP = "keep"
    REASSIGN = "reassign"


@dataclass(frozen=True)
class Hit:
    """A session of a series, and why it cannot take place as it is."""

    series: Series
    session: Session
    why: tuple[Fault, ...]

    def as_fault(self, code: str) -> Fault:
        """Which session it is; never whose."""
        wall = self.session.starts_local.isoformat(timespec="minutes")
        context = {
            "series_id": self.series.id,
            "number": self.session.number,
            "starts_local": wall,
            "reasons": [fault.code for fault in self.why],
        }
        because = " ".join(fault.detail for fault in self.why)
        return Fault(code, f"Session {self.session.number} on {wall}: {because}", context=context)


Danger = Callable[[Session], list[Fault]]
"""What puts a session at risk."""


def danger_of(resource: Resource, zone: str) -> Danger:
    """At risk because of this resource alone."""
    return lambda session: at_risk(session, [resource], (), zone)


def hits(series: Iterable[Series], danger: Danger, now: datetime) -> list[Hit]:
    """Sessions at risk that have not begun and are not over yet, in the order of their start."""
    found = (
        Hit(one, session, tuple(why))
        for one in series
        for session in one.sessions
        if session.started_at is None and session.ends_at > now and (why := danger(session))
    )
    return sorted(found, key=lambda hit: (hit.session.starts_at, hit.series.id, hit.session.number))


def require_decision(found: Sequence[Hit], before: Danger, decision: Decision | None) -> None:
    """Raises `Conflict` with every session that a change newly hits, unless it is said what becomes of them."""
    newly = [hit.as_fault("resource.hits-session") for hit in found if not before(hit.session)]
    if newly and decision is None:
        detail = 'Sessions that are booked cannot take place as they are then. Say what becomes of them: "decision".'
        raise Conflict("resource.hits-sessions", detail, newly)


def reassign(
    found: Sequence[Hit], resource: Resource, calendar: Calendar, phase_of: Callable[[Hit], Phase]
) -> list[Series]:
    """The series with another resource of the kind, at the same times, for each session that is hit.

    The first by name that is free, for the earliest session first. Patients notice nothing of it. Raises `Conflict`
    with every session for which there is none; then nobody changes.
    """
    left = replace(calendar, resources=tuple(one for one in calendar.resources if one.id != resource.id))
    changed: dict[str, Series] = {}
    lost: list[Fault] = []
    for hit in found:
        claims = pick(left, phase_of(hit), hit.session.starts_at, resource.kind)
        if not claims:
            lost.append(hit.as_fault("resource.no-other"))
        series = changed.get(hit.series.id, hit.series)
        changed[series.id] = series.with_sessions(_served_by(hit.session, resource.id, claims))
        left = replace(left, busy=left.busy.union(*(claim.slots for claim in claims)))
    if lost:
        raise Conflict("resource.no-other", f"No other {resource.kind} is free for all of these sessions.", lost)
    return list(changed.values())


def _served_by(session: Session, resource_id: str, claims: Sequence[Claim]) -> Session:
    """The session with these claims in the place of those on a resource."""
    ours = [claim.resource_id == resource_id for claim in session.claims]
    first = ours.index(True)
    others = [claim for claim, is_ours in zip(session.claims, ours, strict=True) if not is_ours]
    return replace(session, claims=(*others[:first], *claims, *others[first:]))
