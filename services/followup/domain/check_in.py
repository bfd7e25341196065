"""A check-in: one set of questions, asked of one patient at one due time."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from services.followup.domain import events
from services.followup.domain.instrument import Answers, Instrument
from services.followup.domain.plan import Ask
from services.followup.domain.scoring import Score, score
from shared.errors import Fault, RuleBroken
from shared.private_link import Factor


class Status(StrEnum):
    """Where a check-in stands."""

    SCHEDULED = "scheduled"
    OPEN = "open"
    ANSWERED = "answered"
    MISSED = "missed"
    CANCELLED = "cancelled"


MOVES: Final[Mapping[Status, frozenset[Status]]] = {
    Status.SCHEDULED: frozenset({Status.OPEN, Status.CANCELLED}),
    Status.OPEN: frozenset({Status.ANSWERED, Status.MISSED, Status.CANCELLED}),
    Status.ANSWERED: frozenset(),
    Status.MISSED: frozenset(),
    Status.CANCELLED: frozenset(),
}

REFUSALS: Final[Mapping[Status, tuple[str, str]]] = {
    Status.SCHEDULED: ("check-in.not-yet-open", "The check-in has not been opened yet."),
    Status.OPEN: ("check-in.already-open", "The check-in is open already."),
    Status.ANSWERED: ("check-in.answered", "The check-in has been answered already."),
    Status.MISSED: ("check-in.missed", "The check-in was closed without answers."),
    Status.CANCELLED: ("check-in.cancelled", "The check-in was cancelled."),
}


class CancelReason(StrEnum):
    """Why staff cancel a check-in; a code, because the reason is told."""

    NOT_WANTED = "not-wanted"
    NOT_SUITABLE = "not-suitable"
    MISTAKE = "mistake"


BY_PATIENT: Final = "patient"

Happened = tuple[events.Event, ...]


@dataclass(frozen=True)
class CheckIn:
    """`answers` is a draft until the check-in is answered. `ended_at`: when it was answered, missed or cancelled."""

    id: str
    patient_id: str
    series_id: str
    session_number: int
    kind: str
    instrument: str
    instrument_version: int
    due_at: datetime
    open_for: timedelta
    version: int = 0
    status: Status = Status.SCHEDULED
    opened_at: datetime | None = None
    expires_at: datetime | None = None
    ended_at: datetime | None = None
    token_digest: str = ""
    pass_digest: str = ""
    wrong_years: int = 0
    answers: Answers = field(default_factory=dict)
    score: Score | None = None
    entered_by: str = ""
    notes: str = ""
    reason: CancelReason | None = None

    def open(self, *, link: str, token_digest: str, at: datetime) -> tuple["CheckIn", Happened]:
        """Let the patient in by `link`. Raises `RuleBroken` when it was open before or is not due."""
        self._refuse_unless_movable(Status.OPEN)
        if at < self.due_at:
            raise _broken("check-in.not-due", "The check-in is not due yet.")
        expires_at = at + self.open_for
        opened = self._moved(Status.OPEN, opened_at=at, expires_at=expires_at, token_digest=token_digest)
        told = events.CheckInOpened(
            self.patient_id, self.series_id, self.session_number, self.instrument, link, at, expires_at
        )
        return opened, (told,)

    def is_open(self, at: datetime) -> bool:
        """Whether answers are taken at `at`."""
        return self.status is Status.OPEN and self.expires_at is not None and at < self.expires_at

    @property
    def is_locked(self) -> bool:
        """Whether the year of birth was guessed wrong too often."""
        return self._factor.is_locked

    def admits(self, pass_token: str) -> bool:
        """Whether `pass_token` was given to somebody who knew the year of birth."""
        return self._factor.admits(pass_token)

    def prove(self, year: int, *, born_in: int, pass_digest: str, at: datetime) -> "CheckIn":
        """Give a pass to whoever knows the patient's year of birth, count the guess of anybody else.

        Look at `pass_digest` for which of the two it was. Raises `RuleBroken` when closed or locked.
        """
        self.refuse_unless_open(at)
        if self.is_locked:
            raise _broken("check-in.locked", "The year of birth was entered wrong too often.")
        proven = self._factor.prove(year, born_in=born_in, pass_digest=pass_digest)
        return replace(self, pass_digest=proven.pass_digest, wrong_years=proven.wrong_years)

    def draft(self, answers: Answers, instrument: Instrument, *, at: datetime) -> "CheckIn":
        """Keep partial answers, unscored, on top of earlier ones. Raises `Invalid` with every fault, `RuleBroken`."""
        self.refuse_unless_open(at)
        instrument.refuse_illegal(answers)
        return replace(self, answers={**self.answers, **answers})

    def answer(
        self, answers: Answers, instrument: Instrument, *, at: datetime, entered_by: str = BY_PATIENT, notes: str = ""
    ) -> tuple["CheckIn", Happened]:
        """Take all answers and score them. Raises `Invalid` with every fault, `RuleBroken`."""
        self.refuse_unless_open(at)
        instrument.refuse_incomplete(answers)
        scored = score(instrument, answers)
        answered = self._moved(
            Status.ANSWERED, answers=dict(answers), score=scored, ended_at=at, entered_by=entered_by, notes=notes
        )
        return answered, (events.CheckInAnswered(self.patient_id, at), *self._measure(scored, at))

    def miss(self, at: datetime) -> tuple["CheckIn", Happened]:
        """Close it unanswered. Raises `RuleBroken` as long as answers are taken."""
        self._refuse_unless_movable(Status.MISSED)
        if self.is_open(at):
            raise _broken("check-in.not-expired", "The check-in can still be answered.")
        return self._moved(Status.MISSED, ended_at=at), (events.CheckInMissed(self.patient_id, at),)

    def cancel(self, reason: CancelReason, at: datetime) -> tuple["CheckIn", Happened]:
        """Ask no more. Raises `RuleBroken` when it has ended."""
        self._refuse_unless_movable(Status.CANCELLED)
        cancelled = self._moved(Status.CANCELLED, ended_at=at, reason=reason)
        return cancelled, (events.CheckInCancelled(self.patient_id, reason),)

    def refuse_unless_open(self, at: datetime) -> None:
        """Raises `RuleBroken` with the reason when answers are not taken at `at`."""
        if self.status is not Status.OPEN:
            raise _broken(*REFUSALS[self.status])
        if not self.is_open(at):
            raise _broken("check-in.expired", "The time to answer is over.")

    @property
    def _factor(self) -> Factor:
        return Factor(self.pass_digest, self.wrong_years)

    def _measure(self, scored: Score, at: datetime) -> Happened:
        if scored.total is None or scored.band is None:
            return ()
        measure = events.MeasureScored(
            self.patient_id,
            self.series_id,
            self.session_number,
            self.instrument,
            self.instrument_version,
            scored.total,
            scored.band,
            at,
        )
        return (measure,)

    def _refuse_unless_movable(self, to: Status) -> None:
        if to not in MOVES[self.status]:
            raise _broken(*REFUSALS[self.status])

    def _moved(self, to: Status, **changes: Any) -> "CheckIn":
        return replace(self, status=to, **changes)


def schedule(
    id: str, ask: Ask, instrument: Instrument, *, patient_id: str, series_id: str, number: int, discharged_at: datetime
) -> CheckIn:
    """The check-in that `ask` plans after session `number`. Due in elapsed time after `discharged_at`."""
    return CheckIn(
        id=id,
        patient_id=patient_id,
        series_id=series_id,
        session_number=number,
        kind=ask.kind,
        instrument=instrument.id,
        instrument_version=instrument.version,
        due_at=discharged_at + ask.after,
        open_for=ask.open_for,
    )


def _broken(code: str, detail: str) -> RuleBroken:
    return RuleBroken(code, detail, [Fault(code, detail)])
