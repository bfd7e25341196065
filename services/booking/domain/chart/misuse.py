"""Nine signs that a patient may come to depend on the medicine, computed from the record.

Labels and guidelines ask to assess the risk of abuse before the treatment and to watch for it throughout; the nine
rules and their limits are clinic defaults. Windows are runs of local dates. Two flags ask for a review, three hold the
treatment: nothing here decides about a patient, a clinician does.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from services.booking.domain.chart.answers import Exam, ExamKind, Word
from services.booking.domain.chart.assessment import Assessment
from services.booking.domain.chart.screening import AUDIT_C, DAST_10
from services.booking.domain.protocol.protocol import Condition
from shared.errors import Fault, RuleBroken

REVIEW_FROM: Final = 2
HOLD_FROM: Final = 3
"""So many flags ask for a review, so many hold the treatment."""
TRIGGER: Final = "misuse-watch"
"""What a clinical hold says of itself that was made here."""
MONTH: Final = 30
"""Local dates in a row in which requests and clinics are counted."""
RECENT: Final = 90
"""Local dates in a row for which what was noticed once counts."""
LOW_DAYS: Final = 28
"""For so many days a score says remission before a wish for more is a mismatch."""
SHORTER_PERCENT: Final = 20
CLIMB_PERCENT: Final = 50
_DROPS: Final = 3
_MANY: Final = 2
PRIMARY: Final[Mapping[Condition, str]] = MappingProxyType(
    {
        Condition.DEPRESSION: "phq-9",
        Condition.BIPOLAR: "phq-9",
        Condition.ANXIETY: "gad-7",
        Condition.OCD: "y-bocs",
    }
)
"""The instrument that says how the disorder does, where a level of remission is agreed on."""


class SignalKind(StrEnum):
    """What staff notice, hear or are told."""

    EARLY_REQUEST = "early-request"
    """The patient asks for a booster earlier than planned."""
    PDMP_HIT = "pdmp-hit"
    """A prescription monitoring programme tells of other prescribers."""
    CRAVING = "craving"
    HOME_USE = "home-use"
    URINARY_SYMPTOM = "urinary-symptom"
    """New: frequency, urgency, pain, blood."""


@dataclass(frozen=True)
class Signal:
    """Noticed on local date `on`, noted under access key `by`. `note` is in people's words."""

    id: str
    patient_id: str
    kind: SignalKind
    on: date
    note: str | None
    by: str
    noted_at: datetime
    version: int = 0


@dataclass(frozen=True)
class Amount:
    """A dose of `mg` on a local date. Only those of one `course`, a condition and a route, compare."""

    on: date
    mg: Decimal
    course: str


@dataclass(frozen=True)
class Record:
    """What is known on local date `on`. All dates are local.

    `doses` are those given so far in all clinics, `amounts` those of this one in full and what is ordered now. `sites`
    holds the dates of doses given or booked at each clinic, and of those from elsewhere. `positive` names examinations
    whose newest result is positive. `low_since` is since when the primary score says remission, `wants_booster` whether
    one is booked. `without_escort` are visits to which nobody came along who could take the patient home.
    """

    on: date
    signals: Mapping[SignalKind, Sequence[date]] = field(default_factory=dict)
    doses: Sequence[date] = ()
    amounts: Sequence[Amount] = ()
    sites: Mapping[str, Sequence[date]] = field(default_factory=dict)
    positive: Sequence[ExamKind] = ()
    urinary_events: Sequence[date] = ()
    low_since: date | None = None
    wants_booster: bool = False
    without_escort: Sequence[date] = ()

    def noticed(self, *kinds: SignalKind, within: int) -> list[date]:
        """The dates of such signals within the last so many local dates, in order."""
        return self.recent([day for kind in kinds for day in self.signals.get(kind, ())], within)

    def recent(self, days: Iterable[date], within: int = RECENT) -> list[date]:
        """Those of the last so many local dates, in order."""
        return sorted(day for day in days if self.on - timedelta(days=within) < day <= self.on)


@dataclass(frozen=True)
class Flag:
    """A sign, and the figures that it rests on: dates as text, numbers."""

    code: str
    name: str
    facts: Mapping[str, Any]


Facts: TypeAlias = Mapping[str, Any] | None
"""Figures of a rule that holds; None where it does not."""


def flags(record: Record) -> tuple[Flag, ...]:
    """The signs that there are, in the order of their codes."""
    found = ((code, name, look(record)) for code, (name, look) in RULES.items())
    return tuple(Flag(code, name, facts) for code, name, facts in found if facts is not None)


def positive_exams(assessments: Iterable[Assessment]) -> tuple[ExamKind, ...]:
    """The examinations for substances whose newest result is positive, whichever assessment holds it."""
    newest: dict[ExamKind, tuple[date, bool]] = {}
    for assessment in assessments:
        # Of one day the one known last counts within an assessment, and the positive one of two.
        for exam in {one.kind: one for one in sorted(assessment.exams, key=_date_of)}.values():
            told = exam.on, _is_positive(exam, assessment)
            newest[exam.kind] = max(told, newest.get(exam.kind, told))
    return tuple(kind for kind in _SUBSTANCES if kind in newest and newest[kind][1])


def noted(signal: Signal, today: date) -> Signal:
    """The signal as it is kept. Raises `RuleBroken` for one of a date that has not come."""
    if signal.on > today:
        code, detail = "signal.in-future", f"{signal.on} has not come yet."
        raise RuleBroken(code, detail, [Fault(code, detail, "/on")])
    return signal


_SUBSTANCES: Final = (ExamKind.DAST_10, ExamKind.AUDIT_C, ExamKind.DRUG_SCREEN, ExamKind.PDMP)


def _date_of(exam: Exam) -> date:
    return exam.on


def _is_positive(exam: Exam, assessment: Assessment) -> bool:
    if exam.kind is ExamKind.AUDIT_C:
        return (exam.value or 0) >= AUDIT_C[assessment.sex]
    if exam.kind is ExamKind.DAST_10:
        return (exam.value or 0) >= DAST_10
    return exam.word is Word.POSITIVE


# --- the rules


def _early_requests(record: Record) -> Facts:
    return _dates(record.noticed(SignalKind.EARLY_REQUEST, within=MONTH), least=_MANY)


def _shrinking_intervals(record: Record) -> Facts:
    intervals = [(after - before).days for before, after in pairwise(sorted(record.doses))][-_DROPS - 1 :]
    are_shorter = [100 * (before - after) >= SHORTER_PERCENT * before for before, after in pairwise(intervals)]
    return {"intervals_days": intervals} if len(are_shorter) == _DROPS and all(are_shorter) else None


def _dose_climb(record: Record) -> Facts:
    by_course: dict[str, list[Amount]] = {}
    for amount in sorted(record.amounts, key=lambda one: one.on):
        by_course.setdefault(amount.course, []).append(amount)
    climbs = [(course[0].mg, course[-1].mg) for course in by_course.values()]
    steep = [(first, last) for first, last in climbs if 100 * (last - first) >= CLIMB_PERCENT * first]
    return {"first_mg": str(steep[0][0]), "last_mg": str(steep[0][1])} if steep else None


def _multiple_sites(record: Record) -> Facts:
    """A clinic counts once it gives a dose, or is to give one, less than a month from today or from another's."""
    since = record.on - timedelta(days=MONTH)
    dates = sorted((day, site) for site, days in record.sites.items() for day in days if day > since)
    at_once = ({site for day, site in dates if 0 <= (day - first).days < MONTH} for first, _ in dates)
    sites = max(map(len, at_once), default=0)
    hits = record.noticed(SignalKind.PDMP_HIT, within=RECENT)
    is_monitored = ExamKind.PDMP in record.positive
    return {"sites": sites, "pdmp_hits": len(hits) + is_monitored} if sites >= _MANY or hits or is_monitored else None


def _substance_screen(record: Record) -> Facts:
    found = [str(kind) for kind in record.positive if kind is not ExamKind.PDMP]
    return {"positive": found} if found else None


def _craving(record: Record) -> Facts:
    return _dates(record.noticed(SignalKind.CRAVING, SignalKind.HOME_USE, within=RECENT))


def _urinary_symptoms(record: Record) -> Facts:
    noticed = record.noticed(SignalKind.URINARY_SYMPTOM, within=RECENT)
    return _dates(sorted([*noticed, *record.recent(record.urinary_events)]))


def _outcome_mismatch(record: Record) -> Facts:
    asks = record.wants_booster or record.noticed(SignalKind.EARLY_REQUEST, within=MONTH)
    if not asks or record.low_since is None or (record.on - record.low_since).days < LOW_DAYS:
        return None
    return {"low_since": record.low_since.isoformat()}


def _no_escort(record: Record) -> Facts:
    return _dates(record.recent(record.without_escort), least=_MANY)


def _dates(found: Collection[date], least: int = 1) -> Facts:
    return {"dates": [day.isoformat() for day in found]} if len(found) >= least else None


RULES: Final[Mapping[str, tuple[str, Callable[[Record], Facts]]]] = MappingProxyType(
    {
        "DW-1": ("early-request", _early_requests),
        "DW-2": ("shrinking-interval", _shrinking_intervals),
        "DW-3": ("dose-climb", _dose_climb),
        "DW-4": ("multiple-sites", _multiple_sites),
        "DW-5": ("substance-screen", _substance_screen),
        "DW-6": ("craving-or-home-use", _craving),
        "DW-7": ("urinary-symptoms", _urinary_symptoms),
        "DW-8": ("outcome-mismatch", _outcome_mismatch),
        "DW-9": ("no-escort", _no_escort),
    }
)
"""Two early requests in 30 days; three intervals in a row, each at least 20 % shorter than the one before; half as much
again as the first full dose; two clinics in 30 days or word of other prescribers; a positive screen for substances;
craving or use at home; symptoms of the bladder; a wish for more in remission of four weeks; two visits without escort.
"""
