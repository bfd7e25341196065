"""An assessment: what is known of a patient's history and mental health before a course, approved by a clinician."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, NoReturn

from services.booking.domain.chart.answers import Exam, Finding, Medication, Question, Severity, Sex, Trial
from services.booking.domain.chart.verdict import Decider, Decision, Outcome, Result
from services.booking.domain.protocol.protocol import Condition
from shared.errors import Fault, Forbidden, RuleBroken, illegal_move


class AssessmentStatus(StrEnum):
    """Where an assessment stands; one at most of a patient's condition is approved."""

    DRAFT = "draft"
    APPROVED = "approved"
    SUPERSEDED = "superseded"


class AssessmentMove(StrEnum):
    """What may happen to an assessment; the value completes "it cannot be …"."""

    WRITE = "changed"
    EXAMINE = "given another examination"
    LEARN = "told what was found since"
    DECIDE = "decided about"
    APPROVE = "approved"
    SUPERSEDE = "superseded"


MOVES: Final[Mapping[tuple[AssessmentStatus, AssessmentMove], AssessmentStatus]] = MappingProxyType(
    {
        (AssessmentStatus.DRAFT, AssessmentMove.WRITE): AssessmentStatus.DRAFT,
        (AssessmentStatus.DRAFT, AssessmentMove.EXAMINE): AssessmentStatus.DRAFT,
        (AssessmentStatus.DRAFT, AssessmentMove.LEARN): AssessmentStatus.DRAFT,
        (AssessmentStatus.DRAFT, AssessmentMove.DECIDE): AssessmentStatus.DRAFT,
        (AssessmentStatus.DRAFT, AssessmentMove.APPROVE): AssessmentStatus.APPROVED,
        (AssessmentStatus.DRAFT, AssessmentMove.SUPERSEDE): AssessmentStatus.SUPERSEDED,
        (AssessmentStatus.APPROVED, AssessmentMove.EXAMINE): AssessmentStatus.APPROVED,
        (AssessmentStatus.APPROVED, AssessmentMove.LEARN): AssessmentStatus.APPROVED,
        (AssessmentStatus.APPROVED, AssessmentMove.DECIDE): AssessmentStatus.APPROVED,
        (AssessmentStatus.APPROVED, AssessmentMove.SUPERSEDE): AssessmentStatus.SUPERSEDED,
    }
)
OPEN: Final = frozenset({AssessmentStatus.DRAFT, AssessmentStatus.APPROVED})


@dataclass(frozen=True)
class Approval:
    """Given under access key `by`."""

    by: str
    at: datetime


@dataclass(frozen=True)
class Ruling:
    """What somebody with `scopes`, under access key `by`, says of the finding `code`."""

    code: str
    accepted: bool
    reason: str
    by: str
    scopes: Collection[str]
    at: datetime


@dataclass(frozen=True)
class Assessment:
    """`protocol` is the slug of what it was made for; it counts for every course against `condition`.

    `history` holds the questions answered so far. `exams` are all there ever were: the newest of each kind counts.
    `findings` are questions to which the answer turned out to be yes; they count whatever `history` says.
    `superseded_by` is the assessment that was approved instead.
    """

    id: str
    patient_id: str
    protocol: str
    condition: Condition
    assessed_on: date
    sex: Sex | None = None
    history: Mapping[Question, bool] = field(default_factory=dict)
    medications: tuple[Medication, ...] = ()
    trials: tuple[Trial, ...] = ()
    severity: Severity | None = None
    exams: tuple[Exam, ...] = ()
    findings: tuple[Finding, ...] = ()
    decisions: tuple[Decision, ...] = ()
    status: AssessmentStatus = AssessmentStatus.DRAFT
    approval: Approval | None = None
    superseded_by: str | None = None
    version: int = 0

    @property
    def is_open(self) -> bool:
        """Whether it is not superseded."""
        return self.status in OPEN

    @property
    def unanswered(self) -> list[Fault]:
        """What is still to be asked before anybody can approve it."""
        missing = [Fault(*_UNANSWERED, f"/history/{one}") for one in Question if one not in self.history]
        return missing if self.severity else [*missing, Fault(*_UNANSWERED, "/severity")]

    def basis_of(self, question: Question) -> str | None:
        """What a yes rests on: when it was found the last time, or the history. None: the answer is no."""
        found = [one.noted_at for one in self.findings if one.question is question]
        if found:
            return f"found {max(found).isoformat()}"
        return "history" if self.history.get(question, False) else None

    def decided(self, code: str, basis: str) -> Decision | None:
        """The last decision about a finding that rests on this."""
        found = [one for one in self.decisions if (one.code, one.basis) == (code, basis)]
        return found[-1] if found else None

    def write(self, **changes: Any) -> "Assessment":
        """The draft with other answers. Raises `Conflict` when it is no draft any more."""
        return replace(self._moved(AssessmentMove.WRITE), **changes)

    def examine(self, exam: Exam) -> "Assessment":
        """One more examination is known. Raises `Conflict` when it is superseded."""
        return replace(self._moved(AssessmentMove.EXAMINE), exams=(*self.exams, exam))

    def learn(self, *findings: Finding) -> "Assessment":
        """More has been found since. Raises `Conflict` when it is superseded."""
        return replace(self._moved(AssessmentMove.LEARN), findings=(*self.findings, *findings))

    def decide(self, results: Sequence[Result], ruling: Ruling) -> "Assessment":
        """Somebody decides about one of the `results`; nothing is erased, the last word counts.

        Raises `RuleBroken` for what asks for no decision, or that nobody may decide; `Forbidden` without the scope; and
        `Conflict` when it is superseded.
        """
        moved = self._moved(AssessmentMove.DECIDE)
        asked = [one for one in results if one.code == ruling.code and one.outcome is not Outcome.INFO]
        if not asked:
            _refuse("decision.not-needed", "Screening has found nothing of this code that asks for a decision.")
        if asked[0].decider is Decider.NOBODY:
            _refuse("decision.not-possible", f"Nobody may set this aside. {asked[0].detail}")
        if asked[0].decider not in ruling.scopes:
            raise Forbidden("scope-missing", f"Only the scope {asked[0].decider} decides about {ruling.code}.")
        said = Decision(ruling.code, asked[0].basis, ruling.accepted, ruling.reason, ruling.by, ruling.at)
        return replace(moved, decisions=(*self.decisions, said))

    def approve(self, faults: Sequence[Fault], approval: Approval) -> "Assessment":
        """A clinician stands by it.

        `faults` are what screening has against it; with what is unanswered they refuse it as `RuleBroken`. Raises
        `Conflict` when it is no draft any more.
        """
        moved = self._moved(AssessmentMove.APPROVE)
        if against := [*self.unanswered, *faults]:
            raise RuleBroken("assessment.not-ready", "This assessment cannot be approved yet.", against)
        return replace(moved, approval=approval)

    def supersede(self, by: str) -> "Assessment":
        """Assessment `by` was approved instead. Raises `Conflict` when another one was before."""
        return replace(self._moved(AssessmentMove.SUPERSEDE), superseded_by=by)

    def _moved(self, move: AssessmentMove) -> "Assessment":
        if (self.status, move) not in MOVES:
            raise illegal_move("assessment", self.status, f"it cannot be {move}")
        return replace(self, status=MOVES[self.status, move])


_UNANSWERED: Final = ("assessment.unanswered", "This has not been answered.")


def in_force(assessments: Sequence[Assessment], condition: Condition) -> Assessment | None:
    """The approved one of this condition."""
    approved = (one for one in assessments if one.status is AssessmentStatus.APPROVED)
    return next((one for one in approved if one.condition is condition), None)


def _refuse(code: str, detail: str) -> NoReturn:
    raise RuleBroken(code, detail, [Fault(code, detail, "/code")])
