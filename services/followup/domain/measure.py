"""A patient's scores over time, each compared with the baseline of its series."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.followup.domain.change import Change, change
from services.followup.domain.check_in import CheckIn
from services.followup.domain.instrument import Library
from services.followup.domain.scoring import Escalation


@dataclass(frozen=True)
class Measure:
    """One score. `code` is the total's code in `code_system`; `change` is None for the baseline itself."""

    check_in_id: str
    series_id: str
    session_number: int
    instrument: str
    instrument_version: int
    code_system: str
    code: str
    total: int
    band: str
    due_at: datetime
    scored_at: datetime
    entered_by: str
    escalation: tuple[Escalation, ...]
    change: Change | None


def history(check_ins: Iterable[CheckIn], library: Library) -> tuple[Measure, ...]:
    """The measures of one patient in the order in which they were due.

    The baseline is the first score of the same instrument in the same series: a later series is judged by itself.
    """
    baselines: dict[tuple[str, str], int] = {}
    measures = []
    for check_in in sorted(check_ins, key=lambda each: (each.due_at, each.id)):
        if check_in.score is None or check_in.score.total is None:
            continue
        key = (check_in.series_id, check_in.instrument)
        measures.append(_measure(check_in, library, baselines.get(key)))
        baselines.setdefault(key, check_in.score.total)
    return tuple(measures)


def _measure(check_in: CheckIn, library: Library, baseline: int | None) -> Measure:
    scored = check_in.score
    if scored is None or scored.total is None or scored.band is None or check_in.ended_at is None:
        raise ValueError(f"check-in {check_in.id} has no complete score")
    instrument = library.get(check_in.instrument, check_in.instrument_version)
    return Measure(
        check_in_id=check_in.id,
        series_id=check_in.series_id,
        session_number=check_in.session_number,
        instrument=instrument.id,
        instrument_version=instrument.version,
        code_system=instrument.codes.system,
        code=instrument.codes.total,
        total=scored.total,
        band=scored.band,
        due_at=check_in.due_at,
        scored_at=check_in.ended_at,
        entered_by=check_in.entered_by,
        escalation=scored.escalation,
        change=None if baseline is None else change(instrument.change, baseline, scored.total),
    )
