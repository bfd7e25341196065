"""A check-in: one set of questions, from one instrument or several, asked of one patient at one due time."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from services.followup.domain import events
from services.followup.domain.instrument import Answers, Instrument
from services.followup.domain.plan import Anchor
from services.followup.domain.scoring import Score, score
from shared.errors import Fault, Invalid, RuleBroken
from shared.private_link import Factor


class Status(StrEnum):
    """Where a check-in stands; unplanned: the plan has no place for it at present, and nobody sees it."""

    SCHEDULED = "scheduled"
    UNPLANNED = "unplanned"
    OPEN = "open"
    ANSWERED = "answered"
    MISSED = "missed"
    CANCELLED = "cancelled"


MOVES: Final[Mapping[Status, frozenset[Status]]] = {
    Status.SCHEDULED: frozenset({Status.OPEN, Status.CANCELLED, Status.UNPLANNED}),
    Status.UNPLANNED: frozenset({Status.SCHEDULED}),
    Status.OPEN: frozenset({Status.ANSWERED, Status.MISSED, Status.CANCELLED}),
    Status.ANSWERED: frozenset(),
    Status.MISSED: frozenset(),
    Status.CANCELLED: frozenset(),
}

REFUSALS: Final[Mapping[Status, tuple[str, str]]] = {
    Status.SCHEDULED: ("check-in.not-yet-open", "The check-in has not been opened yet."),
    Status.UNPLANNED: ("check-in.not-planned", "The check-in is not planned at present."),
    Status.OPEN: ("check-in.already-open", "The check-in is open already."),
    Status.ANSWERED: ("check-in.answered", "The check-in has been answered already."),
    Status.MISSED: ("check-in.missed", "The check-in was closed without answers."),
    Status.CANCELLED: ("check-in.cancelled", "The check-in was cancelled."),
}


class CancelReason(StrEnum):
    """Why a check-in is cancelled; a code, because the reason is told. The last two are no decision of staff: a session
    went another way, or no instrument of it may be put before this patient.
    """

    NOT_WANTED = "not-wanted"
    NOT_SUITABLE = "not-suitable"
    MISTAKE = "mistake"
    NOT_NEEDED = "not-needed"
    NOTHING_TO_ASK = "nothing-to-ask"


class Taken(StrEnum):
    """How staff came by the answers that they entered."""

    BY_PHONE = "by-phone"
    ON_PAPER = "on-paper"
    IN_PERSON = "in-person"


PATH: Final = "/followup/c/"
"""Where the patient's private link to a check-in leads."""
BY_STAFF: Final = frozenset({CancelReason.NOT_WANTED, CancelReason.NOT_SUITABLE, CancelReason.MISTAKE})
BY_PATIENT: Final = "patient"
LOST_AFTER: Final = 2
"""Check-ins after a series that nobody answered, in a row, until somebody should phone. Clinic default."""

Happened = tuple[events.Event, ...]
AllAnswers = Mapping[str, Answers]
"""Instrument id to its answers."""
Instruments = Mapping[str, Instrument]
"""Instrument id to the instrument, in the version that the check-in asks."""


@dataclass(frozen=True)
class Part:
    """One instrument of a check-in. `text` names the wording that is shown; version and wording are fixed on opening.

    `answers` are a draft until the check-in is answered. What only staff entered has no wording.
    """

    instrument: str
    instrument_version: int
    text: str = ""
    answers: Answers = field(default_factory=dict)
    score: Score | None = None


@dataclass(frozen=True)
class CheckIn:
    """`parts` are asked in their order. `ended_at`: when it was answered, missed or cancelled.

    `name` is the occasion's that the plan has it for, `round` counts the check-ins of that name that were asked before;
    `covers` are all occasions that it is for. `anchor` is what it is counted from.
    """

    id: str
    patient_id: str
    series_id: str
    session_number: int
    kind: str
    anchor: Anchor
    name: str
    covers: tuple[str, ...]
    parts: tuple[Part, ...]
    due_at: datetime
    open_for: timedelta
    round: int = 0
    version: int = 0
    status: Status = Status.SCHEDULED
    opened_at: datetime | None = None
    expires_at: datetime | None = None
    ended_at: datetime | None = None
    token_digest: str = ""
    pass_digest: str = ""
    wrong_years: int = 0
    entered_by: str = ""
    taken: Taken | None = None
    notes: str = ""
    reason: CancelReason | None = None

    @property
    def all_answers(self) -> AllAnswers:
        """What has been answered so far."""
        return {part.instrument: part.answers for part in self.parts}

    def replanned(self, **changes: Any) -> "CheckIn":
        """As the plan has it now. Raises `RuleBroken` once it was opened or cancelled."""
        if self.status is not Status.SCHEDULED:
            self._refuse_unless_movable(Status.SCHEDULED)
        return self._moved(Status.SCHEDULED, **changes)

    def unplanned(self) -> "CheckIn":
        """The plan has no place for it. Raises `RuleBroken` once it was opened or cancelled."""
        self._refuse_unless_movable(Status.UNPLANNED)
        return self._moved(Status.UNPLANNED)

    def is_over(self, at: datetime) -> bool:
        """Whether it is too late to open it: what it asks belonged to a time that has passed."""
        return at >= self.due_at + self.open_for

    def open(
        self, parts: tuple[Part, ...], *, link: str, token_digest: str, at: datetime
    ) -> tuple["CheckIn", Happened]:
        """Ask `parts`; let the patient in by `link`. Raises `RuleBroken` when it was open before or is not due.

        Opened late, it still can be answered for as long; before a session, until that begins.
        """
        self._refuse_unless_movable(Status.OPEN)
        if at < self.due_at:
            raise _broken("check-in.not-due", "The check-in is not due yet.")
        expires_at = (self.due_at if self.anchor is Anchor.SESSION else at) + self.open_for
        opened = self._moved(Status.OPEN, parts=parts, opened_at=at, expires_at=expires_at, token_digest=token_digest)
        asked = tuple(part.instrument for part in parts)
        told = events.CheckInOpened(
            self.patient_id, self.series_id, self.session_number, asked[0], link, at, expires_at, asked
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

    def draft(self, answers: AllAnswers, instruments: Instruments, *, at: datetime) -> "CheckIn":
        """Keep partial answers, unscored, on top of earlier ones. Raises `Invalid` with every fault, `RuleBroken`."""
        self.refuse_unless_open(at)
        self._refuse([*self._strangers(answers), *_faults(answers, instruments, Instrument.refuse_illegal)])
        parts = (replace(part, answers={**part.answers, **answers.get(part.instrument, {})}) for part in self.parts)
        return replace(self, parts=tuple(parts))

    def blank(self, instruments: Instruments) -> tuple[str, ...]:
        """Items that still need an answer, as `instrument/item`."""
        return tuple(
            f"{part.instrument}/{item}"
            for part in self.parts
            for item in instruments[part.instrument].blank(part.answers)
        )

    def with_parts(self, more: Iterable[Part]) -> "CheckIn":
        """Also with these, which staff bring; those that it has already stay."""
        mine = {part.instrument for part in self.parts}
        return replace(self, parts=(*self.parts, *(part for part in more if part.instrument not in mine)))

    def answer(
        self,
        answers: AllAnswers,
        instruments: Instruments,
        *,
        at: datetime,
        entered_by: str = BY_PATIENT,
        taken: Taken | None = None,
        notes: str = "",
    ) -> tuple["CheckIn", Happened]:
        """Take all answers and score them. Raises `Invalid` with every fault, `RuleBroken`."""
        self.refuse_unless_open(at)
        whole = {part.instrument: answers.get(part.instrument, {}) for part in self.parts}
        self._refuse([*self._strangers(answers), *_faults(whole, instruments, Instrument.refuse_incomplete)])
        parts = tuple(
            replace(part, answers=dict(given), score=score(instruments[part.instrument], given))
            for part, given in zip(self.parts, whole.values(), strict=True)
        )
        entry = {"entered_by": entered_by, "taken": taken, "notes": notes}
        answered = self._moved(Status.ANSWERED, parts=parts, ended_at=at, **entry)
        return answered, (events.CheckInAnswered(self.patient_id, at), *answered._measures(at))

    def miss(self, at: datetime, *, in_a_row: int = 1) -> tuple["CheckIn", Happened]:
        """Close it unanswered, as the last of so many `in_a_row`. Raises `RuleBroken` as long as answers are taken.

        Two in a row mean that somebody should phone; of more nothing new is told. Clinic default.
        """
        self._refuse_unless_movable(Status.MISSED)
        if self.is_open(at):
            raise _broken("check-in.not-expired", "The check-in can still be answered.")
        told: Happened = (events.CheckInMissed(self.patient_id, at),)
        if in_a_row == LOST_AFTER:
            told = (*told, events.ContactLost(self.patient_id, self.series_id, in_a_row, at))
        return self._moved(Status.MISSED, ended_at=at), told

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

    def _measures(self, at: datetime) -> Iterator[events.Event]:
        for part in self.parts:
            if part.score is not None and part.score.total is not None:
                yield events.MeasureScored(
                    self.patient_id,
                    self.series_id,
                    self.session_number,
                    part.instrument,
                    part.instrument_version,
                    part.score.total,
                    part.score.band or "",
                    at,
                )

    def _strangers(self, answers: AllAnswers) -> Iterator[Fault]:
        mine = {part.instrument for part in self.parts}
        for id in answers:
            if id not in mine:
                yield Fault("answer.unknown-instrument", f"The check-in does not ask {id}.", f"/answers/{id}")

    @staticmethod
    def _refuse(faults: list[Fault]) -> None:
        if faults:
            raise Invalid("answers.invalid", f"{len(faults)} of the answers cannot be taken.", faults)

    def _refuse_unless_movable(self, to: Status) -> None:
        if to not in MOVES[self.status]:
            raise _broken(*REFUSALS[self.status])

    def _moved(self, to: Status, **changes: Any) -> "CheckIn":
        return replace(self, status=to, **changes)


def _faults(
    answers: AllAnswers, instruments: Instruments, refuse: Callable[[Instrument, Answers], None]
) -> Iterator[Fault]:
    """What each instrument refuses of its answers, with where they stand among all answers."""
    for id, given in answers.items():
        if id not in instruments:
            continue
        try:
            refuse(instruments[id], given)
        except Invalid as refusal:
            for fault in refusal.faults:
                yield replace(fault, pointer=fault.pointer.replace("/answers", f"/answers/{id}", 1))


def _broken(code: str, detail: str) -> RuleBroken:
    return RuleBroken(code, detail, [Fault(code, detail)])
