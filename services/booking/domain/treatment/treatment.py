"""A treatment: one arrival of a patient for one dose, from check-in until they go home, with all that was found and
done.

It is made at check-in and belongs to that place of its session: a session that is booked again gets another one. A talk
has none. Every fact keeps who stated it and when; nothing is taken back, a later statement counts instead.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from services.booking.domain.protocol.care import Care
from services.booking.domain.treatment.adverse_event import AdverseEvent
from services.booking.domain.treatment.dissociation import Score
from services.booking.domain.treatment.observation import Alarm, Watch, next_look_at, raised
from services.booking.domain.treatment.preparation import (
    Answers,
    RiskAnswer,
    Statement,
    merged,
    require_possible,
    require_word,
)
from services.booking.domain.treatment.vitals import (
    Passed,
    Reading,
    require_plausible,
    require_repeatable,
    stop_advice,
)
from shared.errors import Conflict, Fault, Forbidden, NotFound, RuleBroken, illegal_move


class TreatmentStatus(StrEnum):
    """Where a treatment stands; the session is checked-in, in-progress (twice) and fulfilled beside it."""

    PREPARING = "preparing"
    INFUSING = "infusing"
    RECOVERING = "recovering"
    DISCHARGED = "discharged"
    LEFT = "left"
    NOT_INFUSED = "not-infused"


class TreatmentMove(StrEnum):
    """What may happen to a treatment; the value completes "it cannot be …"."""

    START = "started"
    END = "ended"
    DISCHARGE = "discharged"
    WALK_OUT = "left"
    GIVE_UP = "given up"


MOVES: Final[Mapping[tuple[TreatmentStatus, TreatmentMove], TreatmentStatus]] = MappingProxyType(
    {
        (TreatmentStatus.PREPARING, TreatmentMove.START): TreatmentStatus.INFUSING,
        (TreatmentStatus.PREPARING, TreatmentMove.GIVE_UP): TreatmentStatus.NOT_INFUSED,
        (TreatmentStatus.INFUSING, TreatmentMove.END): TreatmentStatus.RECOVERING,
        (TreatmentStatus.RECOVERING, TreatmentMove.DISCHARGE): TreatmentStatus.DISCHARGED,
        (TreatmentStatus.RECOVERING, TreatmentMove.WALK_OUT): TreatmentStatus.LEFT,
    }
)
OVER: Final = frozenset({TreatmentStatus.DISCHARGED, TreatmentStatus.LEFT, TreatmentStatus.NOT_INFUSED})
UNDER_WAY: Final = frozenset({TreatmentStatus.INFUSING, TreatmentStatus.RECOVERING})
"""The patient has been given something and has not gone home."""


class EndKind(StrEnum):
    """How an infusion ended. Either way it counts for the caps."""

    COMPLETED = "completed"
    ABORTED = "aborted"


@dataclass(frozen=True)
class SetAside:
    """A reason against going on gave way to a person's word: fault `code`, exactly as its `detail` says."""

    code: str
    detail: str
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Start:
    """The infusion begins: `dose_mg` (milligrams) in `minutes`, as ordered. `places` are the things that it takes."""

    at: datetime
    by: str
    order_id: str
    dose_mg: Decimal
    minutes: int
    places: tuple[str, ...] = ()


@dataclass(frozen=True)
class End:
    """The infusion is over; `given_mg` milligrams were given. An abort has a reason."""

    at: datetime
    by: str
    kind: EndKind
    given_mg: Decimal
    reason: str | None = None


@dataclass(frozen=True)
class Decision:
    """A clinician went on against advice, under access key `by`."""

    reason: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Advice:
    """Reading `reading_id` advised to stop; `decision` is who went on all the same. None: nobody has said so."""

    reading_id: str
    at: datetime
    passed: tuple[Passed, ...]
    decision: Decision | None = None


@dataclass(frozen=True)
class Departure:
    """The patient went home; `checked` is what was ticked, under access key `by`. No driving before an instant.

    `reason` is why nobody ticked anything: the patient left on their own.
    """

    at: datetime
    by: str
    checked: Mapping[str, str]
    no_driving_until: datetime
    reason: str | None = None


@dataclass(frozen=True)
class Treatment:
    """`number` is the session's. `readings`, `scores`, `risks` and `adverse_events` are all there ever were.

    `set_aside` is what gave way to a word before the start and at the discharge. `next_at` is when somebody should have
    looked by, the next time.
    """

    id: str
    patient_id: str
    series_id: str
    number: int
    arrived_at: datetime
    status: TreatmentStatus = TreatmentStatus.PREPARING
    said: tuple[Statement, ...] = ()
    readings: tuple[Reading, ...] = ()
    scores: tuple[Score, ...] = ()
    risks: tuple[RiskAnswer, ...] = ()
    adverse_events: tuple[AdverseEvent, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    start: Start | None = None
    end: End | None = None
    departure: Departure | None = None
    advice: tuple[Advice, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    next_at: datetime | None = None
    version: int = 0

    # --- what can be read off it

    @property
    def answers(self) -> Answers:
        """What counts of all that was asked on the day."""
        return merged(self.said)

    @property
    def is_under_way(self) -> bool:
        """Whether the patient has been given something and has not gone home."""
        return self.status in UNDER_WAY

    @property
    def was_infused(self) -> bool:
        """Whether any of the dose was given."""
        return self.start is not None

    @property
    def was_given_too_much(self) -> bool:
        """Whether more was given than was ordered."""
        return self.start is not None and self.end is not None and self.end.given_mg > self.start.dose_mg

    @property
    def escort_named(self) -> Statement | None:
        """The last statement that names who takes the patient home."""
        return next((one for one in reversed(self.said) if one.answers.escort), None)

    @property
    def has_escort(self) -> bool:
        """Whether somebody takes the patient home who may."""
        return self.answers.escort is not None and self.answers.escort.is_valid

    @property
    def before_start(self) -> tuple[Reading, ...]:
        """What was measured before anything was given: what to come back to."""
        return tuple(one for one in self.readings if self.start is None or one.at <= self.start.at)

    @property
    def since_start(self) -> tuple[Reading, ...]:
        """What was measured since."""
        return () if self.start is None else tuple(one for one in self.readings if one.at > self.start.at)

    def watch(self, care: Care) -> Watch:
        """What the grid of observation needs to know. Raises `Conflict` before the start."""
        if self.start is None:
            raise Conflict("treatment.not-started", "The infusion has not begun.")
        ended_at = self.end.at if self.end else None
        return Watch(care, self.start.at, ended_at, self.since_start, self.scores)

    def without_set_aside(self, faults: Iterable[Fault]) -> list[Fault]:
        """The faults but those that gave way to a word as they stand: what has changed since counts again."""
        words = {(one.code, one.detail) for one in self.set_aside}
        return [fault for fault in faults if (fault.code, fault.detail) not in words]

    def after(self, move: TreatmentMove, **facts: Any) -> "Treatment":
        """The treatment gone this way, with new facts about it. Raises `Conflict` when it cannot go there."""
        if (self.status, move) not in MOVES:
            raise _past(self.status, f"it cannot be {move}")
        return replace(self, status=MOVES[self.status, move], **facts)

    # --- before the start

    def prepared(self, statement: Statement, scopes: Collection[str]) -> "Treatment":
        """More is known.

        Raises `RuleBroken` for what cannot be, or is milder than before without a reason, `Forbidden` for whoever may
        not say it milder, and `Conflict` once the infusion has begun.
        """
        if self.status is not TreatmentStatus.PREPARING:
            raise _past(self.status, "nothing is prepared any more")
        require_possible(statement.answers, statement.at)
        require_word(self.answers, statement, scopes)
        return replace(self, said=(*self.said, statement))

    def begun(self, start: Start) -> "Treatment":
        """The infusion begins; see `day_gate.require_open`. Raises `Conflict` unless it is being prepared."""
        return self.after(TreatmentMove.START, start=start)

    # --- what is found

    def read(self, reading: Reading, care: Care, *, at: datetime) -> "Treatment":
        """One more reading, with the advice that it leads to. `at` is now; the reading's own instant may lie before.

        Raises `RuleBroken` for what nobody can have measured (then or at all), and `Conflict` when the patient is gone.
        """
        self._require_open()
        require_plausible(reading)
        self._require_in_order(reading, at)
        if self.start is None:
            require_repeatable(self.readings, reading, care)
            return replace(self, readings=(*self.readings, reading))
        known = replace(self, readings=(*self.readings, reading))
        passed = stop_advice(known.since_start, care.limits)
        advice = (Advice(reading.id, reading.at, passed),) if passed else ()
        return replace(known, advice=(*self.advice, *advice))

    def scored(self, score: Score) -> "Treatment":
        """One more score of dissociation. Raises `Conflict` unless the patient has been given something."""
        if not self.is_under_way:
            raise _past(self.status, "nobody is asked about dissociation now")
        return replace(self, scores=(*self.scores, score))

    def with_risk(self, answer: RiskAnswer) -> "Treatment":
        """The patient was asked about suicide. Raises `Conflict` unless they have been given something."""
        if not self.is_under_way:
            raise _past(self.status, "nobody is asked about suicide here now")
        return replace(self, risks=(*self.risks, answer))

    def with_adverse_event(self, event: AdverseEvent) -> "Treatment":
        """Something happened to the patient. Raises `Conflict` unless they have been given something."""
        if not self.is_under_way:
            raise _past(self.status, "no adverse event is noted now")
        return replace(self, adverse_events=(*self.adverse_events, event))

    def resolved(self, event_id: str, *, resolved_at: datetime, by: str, at: datetime) -> "Treatment":
        """An adverse event is over. Raises `NotFound` and what `AdverseEvent.resolved` raises."""
        found = next((one for one in self.adverse_events if one.id == event_id), None)
        if found is None:
            raise NotFound("adverse event")
        after = found.resolved(resolved_at, by=by, at=at)
        return replace(self, adverse_events=tuple(after if one is found else one for one in self.adverse_events))

    def continued(self, decision: Decision) -> "Treatment":
        """A clinician goes on against all advice so far. Raises `Conflict` when none is unanswered."""
        if self.status is not TreatmentStatus.INFUSING or all(one.decision for one in self.advice):
            raise Conflict("treatment.no-advice", "Nothing advises to stop what is going on.")
        return replace(
            self, advice=tuple(one if one.decision else replace(one, decision=decision) for one in self.advice)
        )

    def watched(self, care: Care, *, at: datetime) -> "Treatment":
        """With an alarm for what is overdue at an instant, and the instant at which to look again."""
        if not self.is_under_way or self.start is None:
            return replace(self, next_at=None)
        watch = self.watch(care)
        over_at = watch.ended_at or watch.started_at + timedelta(minutes=self.start.minutes)
        planned_until = over_at + timedelta(minutes=care.observe)
        alarms = raised(self.alarms, watch, planned_until, at)
        return replace(self, alarms=alarms, next_at=next_look_at(watch, at))

    # --- the end

    def ended(self, end: End) -> "Treatment":
        """The infusion is over; more than was ordered is put on record, too (`was_given_too_much`).

        Raises `RuleBroken` for less than nothing, or an abort without a reason.
        """
        over = self.after(TreatmentMove.END, end=end)
        if end.given_mg < 0:
            raise _broken("treatment.not-as-ordered", "Nobody was given less than nothing.", "/given_mg")
        if end.kind is EndKind.ABORTED and not end.reason:
            raise _broken("treatment.reason-missing", "Whoever aborts an infusion says why.", "/reason")
        return over

    def discharged(self, departure: Departure, faults: Sequence[Fault]) -> "Treatment":
        """The patient goes home. Raises `Conflict` with every one of `faults`: what speaks against it."""
        gone = self.after(TreatmentMove.DISCHARGE, departure=departure, next_at=None)
        if faults:
            raise Conflict("treatment.not-ready", "Something speaks against going home now.", faults)
        return gone

    def left(self, departure: Departure) -> "Treatment":
        """The patient is gone, whatever speaks against it. Raises `Conflict` while the infusion has not ended."""
        return self.after(TreatmentMove.WALK_OUT, departure=departure, next_at=None)

    def given_up(self) -> "Treatment":
        """The patient came and was given nothing."""
        return self.after(TreatmentMove.GIVE_UP)

    def overridden(
        self,
        code: str,
        faults: Iterable[Fault],
        table: Mapping[str, frozenset[str]],
        *,
        reason: str,
        by: str,
        scopes: Collection[str],
        at: datetime,
    ) -> "Treatment":
        """Every fault of this code, as it stands, gives way. `table` says to the word of which scopes.

        Raises `RuleBroken` for what never gives way, `Forbidden` without the scope, `Conflict` when nothing of this
        code stands.
        """
        self._require_open()
        may = table.get(code, frozenset())
        if not may:
            raise _broken("override.not-possible", "No word sets this aside.", "/code")
        if may.isdisjoint(scopes):
            raise Forbidden("scope-missing", f"Only {' or '.join(sorted(may))} may set this aside.")
        found = [fault for fault in self.without_set_aside(faults) if fault.code == code]
        if not found:
            raise Conflict("override.not-needed", "Nothing of this code stands in the way.")
        words = (SetAside(code, fault.detail, reason, by, at) for fault in found)
        return replace(self, set_aside=(*self.set_aside, *words))

    def _require_open(self) -> None:
        if self.status in OVER:
            raise _past(self.status, "nothing is added")

    def _require_in_order(self, reading: Reading, at: datetime) -> None:
        if reading.at > at:
            raise _broken("treatment.in-future", "Nothing is measured in the future.", "/at")
        is_before = reading.at <= self.start.at if self.start else reading.at < self.arrived_at
        if is_before or any(reading.at <= one.at for one in self.readings):
            detail = "Readings come as they were taken, one behind the other, since the patient came or the start."
            raise _broken("treatment.out-of-order", detail, "/at")


def treatment_id(series_id: str, number: int, revision: int) -> str:
    """That of the treatment at one place of a session."""
    return f"{series_id}.{number}.{revision}"


def _past(status: TreatmentStatus, what: str) -> Conflict:
    return illegal_move("treatment", status, what)


def _broken(code: str, detail: str, pointer: str) -> RuleBroken:
    return RuleBroken(code, detail, [Fault(code, detail, pointer)])
