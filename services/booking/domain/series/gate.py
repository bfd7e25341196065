"""What keeps a session from beginning, beside what holds itself: how the patient is, and whether anybody has asked."""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from services.booking.domain.patient.clearance import Clearance, Measure
from services.booking.domain.protocol.protocol import Condition, Regimen
from services.booking.domain.series.series import Series
from shared.errors import Fault
from shared.localtime import local_date

NO_MEASURE: Final = "re-evaluation.no-measure"
"""The code of the refusal, and of a clinician's word against it."""
MEASURED_WITHIN_DAYS: Final = 7
"""How old, in local days, a measure may be at a re-evaluation. Clinic default."""
_EVERYBODY: Final = frozenset({"phq-9"})
MEASURES: Final[Mapping[Condition, frozenset[str]]] = MappingProxyType(
    {
        Condition.DEPRESSION: _EVERYBODY,
        Condition.ANXIETY: _EVERYBODY | {"gad-7"},
        Condition.PTSD: _EVERYBODY | {"pcl-5"},
        Condition.OCD: _EVERYBODY | {"oci-r", "y-bocs"},
        Condition.BIPOLAR: _EVERYBODY | {"asrm"},
        Condition.BPD: _EVERYBODY | {"bsl-23"},
        Condition.CHRONIC_PAIN: _EVERYBODY | {"peg", "bpi-sf"},
    }
)
"""The instruments that say how a treatment does, any of which will do: some may be asked less than weekly.

Clinic default. Screens for risk, dissociation or substances say nothing of it.
"""


def closed_by(series: Series, number: int, regimen: Regimen, clearance: Clearance) -> list[Fault]:
    """Every reason why session `number` is not begun; none of them for a talk, which may be what the patient needs."""
    if not series.session(number).doses:
        return []
    return [*clearance.faults, *_unmeasured(series, number, regimen, clearance.measures)]


def _unmeasured(series: Series, number: int, regimen: Regimen, measures: Iterable[Measure]) -> Iterator[Fault]:
    """A dose behind a point of re-evaluation is given when a measure tells how the patient does, or a clinician."""
    on = series.session(number).on
    days = [local_date(one.scored_at, series.zone) for one in measures if one.instrument in MEASURES[series.condition]]
    is_measured = any((on - day).days <= MEASURED_WITHIN_DAYS for day in days)
    if _is_re_evaluated(series, number, regimen) and not is_measured and not series.allows(NO_MEASURE, number):
        wanted = sorted(MEASURES[series.condition])
        detail = f"The course is re-evaluated before session {number}: no measure of the last 7 days is known."
        yield Fault(NO_MEASURE, detail, context={"number": number, "instruments": wanted})


def _is_re_evaluated(series: Series, number: int, regimen: Regimen) -> bool:
    """Whether the course is reviewed after the dose before, or a talk behind it."""
    before = max((one.number for one in series.sessions if one.doses and one.number < number), default=0)
    return any(before <= point < number for point in regimen.re_evaluate_after)
