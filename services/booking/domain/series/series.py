"""A series: all sessions of one course of one patient. It is booked whole, and each session then goes its own way."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from services.booking.domain.events import (
    SeriesBooked,
    SeriesCancelled,
    SeriesCompleted,
    SeriesEvent,
    SeriesPaused,
    SeriesResumed,
    SessionCheckedIn,
    SessionMissed,
    SessionStarted,
)
from services.booking.domain.protocol.care import Care
from services.booking.domain.protocol.protocol import Condition
from services.booking.domain.protocol.spacing import SUSPENDED_AFTER, Finding
from services.booking.domain.series.offer import OfferedPlace
from services.booking.domain.series.override import Override
from services.booking.domain.series.position import Position
from services.booking.domain.series.session import (
    PAUSED,
    CancelReason,
    HoldOn,
    MissReason,
    Session,
    SessionMove,
    SessionStatus,
)
from services.booking.domain.series.session_events import booking, cancellation, departure, movement
from services.booking.domain.series.standing import Progress, fulfilled, is_underway, progress_of, rebookable
from shared.errors import Conflict, Fault, NotFound, RuleBroken, illegal_move
from shared.localtime import local_date, resolve_forward
from shared.private_link import NewLink

GRACE: Final = timedelta(minutes=30)
"""How late a patient may come before the session counts as missed. Clinic default, kept by the protocol."""


class SeriesStatus(StrEnum):
    """Where a series stands: held until it is booked, active until nothing can happen any more."""

    HELD = "held"
    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    LAPSED = "lapsed"


class SeriesMove(StrEnum):
    """What may happen to a series; the value completes "it cannot be …"."""

    BOOK = "booked"
    LAPSE = "given up"
    KEEP = "changed"
    PAUSE = "paused"
    RESUME = "resumed"
    COMPLETE = "completed"
    CANCEL = "cancelled"


MOVES: Final[Mapping[tuple[SeriesStatus, SeriesMove], SeriesStatus]] = MappingProxyType(
    {
        (SeriesStatus.HELD, SeriesMove.BOOK): SeriesStatus.ACTIVE,
        (SeriesStatus.HELD, SeriesMove.LAPSE): SeriesStatus.LAPSED,
        (SeriesStatus.ACTIVE, SeriesMove.KEEP): SeriesStatus.ACTIVE,
        (SeriesStatus.ACTIVE, SeriesMove.PAUSE): SeriesStatus.PAUSED,
        (SeriesStatus.PAUSED, SeriesMove.RESUME): SeriesStatus.ACTIVE,
        (SeriesStatus.ACTIVE, SeriesMove.COMPLETE): SeriesStatus.COMPLETED,
        (SeriesStatus.PAUSED, SeriesMove.COMPLETE): SeriesStatus.COMPLETED,
        (SeriesStatus.ACTIVE, SeriesMove.CANCEL): SeriesStatus.CANCELLED,
        (SeriesStatus.PAUSED, SeriesMove.CANCEL): SeriesStatus.CANCELLED,
    }
)
OVER: Final = frozenset({SeriesStatus.COMPLETED, SeriesStatus.CANCELLED, SeriesStatus.LAPSED})


@dataclass(frozen=True)
class Series:
    """`protocol` is the slug; `notes` tells what the spacing rules accepted with a remark, `overrides` what a clinician
    allowed against them. `person` is the patient's token across clinics, under which the store counts the doses;
    `link_digest` is that of the patient's page.
    `grace` is how late the patient may come. `held_until` is when a hold ends by itself, `reason` why the series rests
    or was called off.
    """

    id: str
    patient_id: str
    person: str
    protocol: str
    edition: int
    condition: Condition
    zone: str
    sessions: tuple[Session, ...]
    notes: tuple[Finding, ...] = ()
    overrides: tuple[Override, ...] = ()
    status: SeriesStatus = SeriesStatus.HELD
    grace: timedelta = GRACE
    link_digest: str | None = None
    held_until: datetime | None = None
    offered: OfferedPlace | None = None
    reason: str | None = None
    version: int = 0

    @property
    def live(self) -> tuple[Session, ...]:
        """The sessions that take place, or took place."""
        return tuple(session for session in self.sessions if session.is_live)

    @property
    def slots(self) -> frozenset[str]:
        """What its live sessions hold, the patient among it. A place on offer is held, too, while it stands."""
        return frozenset().union(*(session.slots for session in self._placed))

    @property
    def dose_dates(self) -> tuple[date, ...]:
        """The local dates on which it gives the medicine, or keeps a place for it: what the caps count."""
        return tuple(sorted({session.on for session in self._placed if session.doses}))

    def stands(self, position: Position) -> bool:
        """Whether the series runs and the session is where it was; else whatever was meant for it is void."""
        return self.status is SeriesStatus.ACTIVE and Position.of(self.session(position.number)) == position

    @property
    def offer_stands(self) -> bool:
        """Whether a place is on offer and still kept: no other session of the series has come to lie there."""
        if self.offered is None or not self.stands(self.offered.position):
            return False
        number, slots = self.offered.position.number, self.offered.session.slots
        return all(one.number == number or one.slots.isdisjoint(slots) for one in self.live)

    @property
    def _arrived(self) -> tuple[Session, ...]:
        """The doses whose patients wait for them."""
        return tuple(one for one in self.sessions if one.doses and one.status is SessionStatus.CHECKED_IN)

    def _day_behind(self, on: date, days: int = 1) -> datetime:
        return resolve_forward(datetime.combine(on + timedelta(days=days), time()), self.zone)

    @property
    def _placed(self) -> tuple[Session, ...]:
        return (*self.live, self.offered.session) if self.offered and self.offer_stands else self.live

    @property
    def progress(self) -> Progress:
        """Doses given of doses planned, talks counted apart."""
        return progress_of(self.sessions)

    @property
    def next_at(self) -> datetime | None:
        """When it must be looked at again: a session counts as missed, or the series is closed. Holds end elsewhere."""
        if self.status is SeriesStatus.HELD or self.status in OVER:
            return None
        if is_underway(self.sessions):
            booked = (one.starts_at + self.grace for one in self.sessions if one.status is SessionStatus.BOOKED)
            days = (self._day_behind(one.on) for one in self._arrived)
            return min((*booked, *days), default=None)
        return self.closes_at

    @property
    def closes_at(self) -> datetime:
        """When a series without open sessions is closed: until then a lost session may be booked again.

        After more than 14 days without treatment the course would be assessed again anyway. Clinic default.
        """
        last = max(session.on for session in self.sessions)
        return self._day_behind(last, SUSPENDED_AFTER + 1)

    def session(self, number: int) -> Session:
        """Session `number`. Raises `NotFound`."""
        found = next((session for session in self.sessions if session.number == number), None)
        if found is None:
            raise NotFound("session")
        return found

    def allows(self, code: str, number: int) -> bool:
        """Whether a clinician has set rule `code` aside for session `number`."""
        return any(one.code == code and number in one.numbers for one in self.overrides)

    def after(self, move: SeriesMove, **facts: Any) -> "Series":
        """The series gone this way, with new facts about it. Raises `Conflict` when it cannot go there."""
        if (self.status, move) not in MOVES:
            code = "series.closed" if self.status in OVER else "series.illegal-move"
            raise illegal_move("series", self.status, f"it cannot be {move}", code=code)
        return replace(self, status=MOVES[self.status, move], **facts)

    # --- the whole series

    def hold(self, until: datetime) -> "Series":
        """Keep its places until an instant; nobody is told."""
        return replace(self, held_until=until)

    def book(self, link: NewLink, care: Care) -> "Changed":
        """All sessions at once: from now on they are a promise. `link` is the patient's page about them.

        `care` is what the day of a dose asks for: whoever writes to the patient tells its fasting hours.
        """
        booked = tuple(session.after(SessionMove.CONFIRM) for session in self.sessions)
        told = SeriesBooked(
            self.patient_id,
            self.protocol,
            self.edition,
            str(self.condition),
            self.zone,
            tuple(map(booking, booked)),
            link.url,
            care.solids_hours,
            care.fluids_minutes,
        )
        return self.after(SeriesMove.BOOK, sessions=booked, held_until=None, link_digest=link.digest), [told]

    def lapse(self, *, at: datetime, reason: str) -> "Series":
        """A hold that nobody booked in time, or that was given back; its slots are free. Nobody is told."""
        gone = tuple(session.after(SessionMove.LAPSE, reason=reason, ended_at=at) for session in self.sessions)
        return self.after(SeriesMove.LAPSE, sessions=gone, reason=reason)

    def pause(self, *, reason: CancelReason, at: datetime) -> "Changed":
        """Treatment rests: no booked session has a place any more; one that has begun goes on.

        Raises `Conflict` when nothing is booked.
        """
        resting = [one for one in self.sessions if one.status is SessionStatus.BOOKED]
        paused = self.after(SeriesMove.PAUSE, reason=str(reason))
        if not resting:
            raise Conflict("series.nothing-booked", "No session is booked: there is nothing to pause.")
        sessions = [one.after(SessionMove.PAUSE, reason=PAUSED, ended_at=at) for one in resting]
        told = [cancellation(self.patient_id, session) for session in sessions]
        return paused.with_sessions(*sessions), [*told, SeriesPaused(self.patient_id, str(reason), at)]

    def resume(
        self, placed: Iterable[Session], notes: Iterable[Finding], overrides: Iterable[Override] = (), *, at: datetime
    ) -> "Changed":
        """Treatment goes on. Raises `RuleBroken` when a session that waits for a place gets none."""
        going_on = self.after(SeriesMove.RESUME, reason=None)
        changed, told = going_on.place(placed, notes, overrides)
        waiting = [session.number for session in changed.sessions if session.waits_for_a_place]
        if waiting:
            detail = f"Sessions {', '.join(map(str, waiting))} have no place yet."
            raise RuleBroken("series.place-missing", detail, [Fault("series.place-missing", detail, "/sessions")])
        return changed, [*told, SeriesResumed(self.patient_id, at)]

    def cancel_rest(self, *, reason: CancelReason, at: datetime) -> "Changed":
        """Call off every session that is still to come. Raises `Conflict` when one of them has begun."""
        rest = [session for session in self.sessions if session.is_open or session.waits_for_a_place]
        cancelled_series = self.after(SeriesMove.CANCEL, reason=str(reason))
        if faults := [fault for session in rest for fault in session.faults_of(SessionMove.CANCEL)]:
            raise Conflict("session.illegal-move", "A session that has begun is not cancelled.", faults)
        cancelled = [session.after(SessionMove.CANCEL, reason=str(reason), ended_at=at) for session in rest]
        told = [cancellation(self.patient_id, session) for session in cancelled]
        closed = cancelled_series.with_sessions(*cancelled)
        return closed, [*told, SeriesCancelled(self.patient_id, str(reason), at)]

    def overdue(self, at: datetime) -> tuple[Session, ...]:
        """The booked sessions that nobody came to until the grace was over."""
        booked = (session for session in self.sessions if session.status is SessionStatus.BOOKED)
        return tuple(session for session in booked if session.starts_at + self.grace <= at)

    def forgotten(self, at: datetime) -> tuple[Session, ...]:
        """The doses whose patients came and were given nothing all day: what was asked and measured is of that day."""
        return tuple(one for one in self._arrived if self._day_behind(one.on) <= at)

    def close(self, *, at: datetime) -> "Changed":
        """Nothing can happen any more: completed when any session took place, else cancelled."""
        if fulfilled(self.sessions):
            return self.after(SeriesMove.COMPLETE), [SeriesCompleted(self.patient_id, at)]
        reason = max(self.sessions, key=lambda session: session.starts_at).reason or ""
        return self.after(SeriesMove.CANCEL, reason=reason), [SeriesCancelled(self.patient_id, reason, at)]

    # --- one session, or some

    def move(self, placed: Session, notes: Iterable[Finding], overrides: Iterable[Override] = ()) -> "Changed":
        """Put a booked session where `placed` is; the others stay, and it keeps its number."""
        return self._put([(placed, SessionMove.RESCHEDULE)], notes, overrides)

    def rebook(self, placed: Session, notes: Iterable[Finding], overrides: Iterable[Override] = ()) -> "Changed":
        """Put a session that has lost its place where `placed` is; it keeps its number."""
        return self._put([(placed, SessionMove.REBOOK)], notes, overrides)

    def place(
        self, placed: Iterable[Session], notes: Iterable[Finding], overrides: Iterable[Override] = ()
    ) -> "Changed":
        """Put several sessions where they are wanted, booked ones and those that have lost their place."""
        return self._put([(one, self.way_to_place(one.number)) for one in placed], notes, overrides)

    def way_to_place(self, number: int) -> SessionMove:
        """How session `number` would get to another place."""
        session = self.session(number)
        return SessionMove.REBOOK if session.is_lost or session.waits_for_a_place else SessionMove.RESCHEDULE

    def check_in(self, number: int, *, closed_by: Sequence[Fault], at: datetime) -> "Changed":
        """The patient is there. `closed_by` is what speaks against beginning, beside what holds the session itself.

        Raises `RuleBroken` on any day but that of the session, and `Conflict` while anything speaks against it.
        """
        session = self.session(number).after(SessionMove.CHECK_IN, arrived_at=at)
        if local_date(at, self.zone) != session.on:
            raise RuleBroken("session.not-today", f"Session {number} is on {session.on}.")
        _require_open(session, closed_by)
        return self.with_sessions(session), [SessionCheckedIn(self.patient_id, number, at)]

    def start(self, number: int, *, at: datetime) -> "Changed":
        """The treatment begins; what speaks against a dose was looked at before. Raises `Conflict` while on hold."""
        session = self.session(number).after(SessionMove.START, started_at=at)
        _require_open(session, ())
        return self.with_sessions(session), [SessionStarted(self.patient_id, number, at)]

    def discharge(self, number: int, *, at: datetime, no_driving_until: datetime | None = None) -> "Changed":
        """The patient goes home; when nothing else can happen the series is completed."""
        session = self.session(number).after(SessionMove.DISCHARGE, discharged_at=at)
        told = departure(self.patient_id, str(self.condition), self.zone, session, no_driving_until)
        return self.with_sessions(session)._settled([told], at)

    def cancel(self, number: int, *, reason: CancelReason, at: datetime) -> "Changed":
        """A session will not take place; its slots are free."""
        session = self.session(number).after(SessionMove.CANCEL, reason=str(reason), ended_at=at)
        return self.with_sessions(session)._settled([cancellation(self.patient_id, session)], at)

    def miss(self, number: int, *, reason: MissReason, at: datetime) -> "Changed":
        """The patient did not come in time; the slots are free. Raises `RuleBroken` before the session's start."""
        session = self.session(number).after(SessionMove.MISS, reason=str(reason), ended_at=at)
        if at < session.starts_at:
            raise RuleBroken("session.not-due", f"Session {number} has not begun yet: nobody can have missed it.")
        told = SessionMissed(self.patient_id, number, session.phase, session.starts_at, session.revision, str(reason))
        return self.with_sessions(session)._settled([told], at)

    def hold_on(self, number: int, *blocks: HoldOn) -> "Series":
        """Session `number` must not begin before a clinician has looked at it."""
        session = self.session(number)
        return self.with_sessions(replace(session, blocks=(*session.blocks, *blocks)))

    def release(self, number: int, overrides: Iterable[Override]) -> "Series":
        """A clinician has looked at it: session `number` may begin."""
        released = self.with_sessions(replace(self.session(number), blocks=()))
        return replace(released, overrides=(*self.overrides, *overrides))

    def with_sessions(self, *changed: Session) -> "Series":
        """The series with these sessions in the places of those with their numbers."""
        by_number = {session.number: session for session in (*self.sessions, *changed)}
        return replace(self, sessions=tuple(by_number[session.number] for session in self.sessions))

    def _put(
        self,
        placed: Sequence[tuple[Session, SessionMove]],
        notes: Iterable[Finding],
        overrides: Iterable[Override],
    ) -> "Changed":
        put = [(self.session(one.number), self.session(one.number).put(move, one)) for one, move in placed]
        changed = self.after(SeriesMove.KEEP, notes=tuple(notes), overrides=(*self.overrides, *overrides))
        return changed.with_sessions(*(after for _, after in put)), [
            movement(self.patient_id, self.zone, before, after)
            for before, after in put
            if after.revision > before.revision
        ]

    def _settled(self, told: Sequence[SeriesEvent], at: datetime) -> "Changed":
        """The series after a session has ended; closed when nothing can happen any more."""
        if is_underway(self.sessions) or rebookable(self.sessions):
            return self, [*told]
        closed, more = self.close(at=at)
        return closed, [*told, *more]


Changed: TypeAlias = tuple[Series, list[SeriesEvent]]


def _require_open(session: Session, closed_by: Sequence[Fault]) -> None:
    blocks = [Fault(block.code, block.detail, context={"number": session.number}) for block in session.blocks]
    if faults := [*blocks, *closed_by]:
        raise Conflict("session.on-hold", f"Session {session.number} waits for a clinician's word.", faults)
