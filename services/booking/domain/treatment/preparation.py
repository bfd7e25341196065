"""What is asked on the day before the medicine is given. Every answer is kept with who wrote it and when; the last
counts.

The C-SSRS screener's levels are those of the Columbia Lighthouse Project's triage; the ASRM is scored 0 to 20.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from shared.errors import Fault, Forbidden, RuleBroken

MOST_MANIA: Final = 20
"""Five questions of 0 to 4 (Altman Self-Rating Mania Scale)."""
MANIA_FROM: Final = 6
"""An ASRM total from which on mania or hypomania is likely (Altman 1997)."""


class Pregnancy(StrEnum):
    """What is known on the day; `not-applicable` for those who cannot be pregnant."""

    NOT_APPLICABLE = "not-applicable"
    ATTESTED_NOT = "attested-not"
    TEST_NEGATIVE = "test-negative"
    POSITIVE = "positive"


class SuicideRisk(StrEnum):
    """Level of the C-SSRS screener since the last contact."""

    NONE = "none"
    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"


OF_CONCERN: Final = frozenset({SuicideRisk.MODERATE, SuicideRisk.HIGH})
"""What reaches a clinician at once, whenever it is said."""


@dataclass(frozen=True)
class Escort:
    """Who takes the patient home; `is_reachable`: somebody has spoken with them today."""

    name: str
    phone: str
    is_adult: bool
    is_reachable: bool

    @property
    def is_valid(self) -> bool:
        """Whether the patient may be given into their hands."""
        return self.is_adult and self.is_reachable


@dataclass(frozen=True)
class Answers:
    """None: not asked. `was_abstinent`: no alcohol or other substances within the protocol's hours before the start.

    `supervisor_id` is the resource of the clinician who is responsible and in the house.
    """

    identity_confirmed: bool | None = None
    last_solids_at: datetime | None = None
    last_fluids_at: datetime | None = None
    escort: Escort | None = None
    was_abstinent: bool | None = None
    pregnancy: Pregnancy | None = None
    suicide_risk: SuicideRisk | None = None
    mania_total: int | None = None
    supervisor_id: str | None = None

    @property
    def given(self) -> dict[str, Any]:
        """What was answered, by its name."""
        every = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: value for name, value in every.items() if value is not None}


@dataclass(frozen=True)
class Statement:
    """Some answers, given under access key `by`. `reason` is why they are milder than what was said before."""

    answers: Answers
    by: str
    at: datetime
    reason: str | None = None


@dataclass(frozen=True)
class RiskAnswer:
    """The C-SSRS screener's level once the dose was begun, noted under access key `by`."""

    level: SuicideRisk
    by: str
    at: datetime


_RISKS: Final[Mapping[SuicideRisk | None, int]] = MappingProxyType({SuicideRisk.MODERATE: 1, SuicideRisk.HIGH: 2})
_CONCERN: Final[Mapping[str, tuple[Callable[[Answers], int], str]]] = MappingProxyType(
    {
        "was_abstinent": (lambda said: said.was_abstinent is False, "clinician"),
        "pregnancy": (lambda said: said.pregnancy is Pregnancy.POSITIVE, "clinician"),
        "suicide_risk": (lambda said: _RISKS.get(said.suicide_risk, 0), "clinician"),
        "mania_total": (lambda said: (said.mania_total or 0) >= MANIA_FROM, "psychiatrist"),
    }
)
"""How grave an answer is, and the scope whose word it needs to become milder."""


def require_word(before: Answers, statement: Statement, scopes: Collection[str]) -> None:
    """Whether what was of concern may be said milder now.

    Raises `Forbidden` without the scope that it needs, and `RuleBroken` without a reason.
    """
    after = replace(before, **statement.answers.given)
    milder = {name: scope for name, (gravity, scope) in _CONCERN.items() if gravity(after) < gravity(before)}
    if lacking := sorted(set(milder.values()).difference(scopes)):
        raise Forbidden("scope-missing", f"Only {' and '.join(lacking)} may take back what was said: {_list(milder)}.")
    if milder and not statement.reason:
        detail = f"Whoever takes back what was said says why: {_list(milder)}."
        raise RuleBroken("preparation.reason-missing", detail, [Fault("preparation.reason-missing", detail, "/reason")])


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def merged(statements: Iterable[Statement]) -> Answers:
    """The last answer to each question."""
    answers = Answers()
    for statement in statements:
        answers = replace(answers, **statement.answers.given)
    return answers


def require_possible(answers: Answers, at: datetime) -> None:
    """Raises `RuleBroken` for answers that cannot be true at an instant, with each of them."""
    if faults := list(_impossible(answers, at)):
        raise RuleBroken("preparation.impossible", "This cannot be so.", faults)


def _impossible(answers: Answers, at: datetime) -> Iterator[Fault]:
    if not answers.given:
        yield Fault("preparation.empty", "Nothing is answered.")
    for field in ("last_solids_at", "last_fluids_at"):
        value: datetime | None = getattr(answers, field)
        if value is not None and value > at:
            yield Fault("preparation.in-future", "Nobody has eaten or drunk in the future.", f"/{field}")
    if answers.mania_total is not None and not 0 <= answers.mania_total <= MOST_MANIA:
        yield Fault("preparation.mania-total", f"The ASRM's total is 0 to {MOST_MANIA}.", "/mania_total")
