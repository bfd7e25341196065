"""A patient's scores over time, each compared with the baseline of its series."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.followup.domain.change import Change, change
from services.followup.domain.check_in import CheckIn, Part
from services.followup.domain.instrument import SCORE, Instrument
from services.followup.domain.library import Library
from services.followup.domain.scoring import Escalation, Points, Score

LOINC: Final = "http://loinc.org"
LOCAL: Final = "urn:clinic:instrument"
"""Codes of our own, `<instrument>.<scale>`, where no LOINC code was verified."""


@dataclass(frozen=True)
class Screen:
    """Whether the total reaches a cut-off, as it holds for the patient's language."""

    name: str
    at_least: int
    is_positive: bool


@dataclass(frozen=True)
class Measure:
    """One score. `code` is its code in `code_system`, `text` the wording that was shown; `change` is None for the
    baseline itself.
    """

    check_in_id: str
    series_id: str
    session_number: int
    instrument: str
    instrument_version: int
    text: str
    code_system: str
    code: str
    total: int
    shown: str
    band: str | None
    subscales: tuple[Points, ...]
    findings: tuple[str, ...]
    screens: tuple[Screen, ...]
    due_at: datetime
    scored_at: datetime
    entered_by: str
    escalation: tuple[Escalation, ...]
    change: Change | None


def history(check_ins: Iterable[CheckIn], library: Library, locale: str = "") -> tuple[Measure, ...]:
    """The measures of one patient in the order in which they were due; `locale` (BCP 47) decides on cut-offs.

    The baseline is the first score of the same instrument in the same series: a later series is judged by itself.
    """
    baselines: dict[tuple[str, str], int] = {}
    measures = []
    for check_in, part, scored, total, scored_at in _scored(check_ins):
        instrument = library.get(part.instrument, part.instrument_version)
        key = (check_in.series_id, instrument.id)
        changed = change(instrument.change, baselines[key], total) if key in baselines else None
        baselines.setdefault(key, total)
        system, code = coding(instrument)
        measure = Measure(
            check_in_id=check_in.id,
            series_id=check_in.series_id,
            session_number=check_in.session_number,
            instrument=instrument.id,
            instrument_version=instrument.version,
            text=part.text,
            code_system=system,
            code=code,
            total=total,
            shown=scored.shown or str(total),
            band=scored.band,
            subscales=scored.subscales,
            findings=scored.findings,
            screens=screens(instrument, total, locale),
            due_at=check_in.due_at,
            scored_at=scored_at,
            entered_by=check_in.entered_by,
            escalation=scored.escalation,
            change=changed,
        )
        measures.append(measure)
    return tuple(measures)


def screens(instrument: Instrument, total: int, locale: str) -> tuple[Screen, ...]:
    """What each cut-off says of a total; where the sex counts, it is not known here, and the usual points hold."""
    points = ((cut_off.name, cut_off.points(locale)) for cut_off in instrument.cut_offs)
    return tuple(Screen(name, at_least, total >= at_least) for name, at_least in points)


def coding(instrument: Instrument) -> tuple[str, str]:
    """Code system and code of the score."""
    if instrument.codes.score:
        return LOINC, instrument.codes.score
    return LOCAL, f"{instrument.id}.{instrument.total.id if instrument.total else SCORE}"


def _scored(check_ins: Iterable[CheckIn]) -> Iterator[tuple[CheckIn, Part, Score, int, datetime]]:
    """Every part that has a total, in the order in which it was due."""
    for check_in in sorted(check_ins, key=lambda each: (each.due_at, each.id)):
        for part in check_in.parts:
            if part.score is not None and part.score.total is not None and check_in.ended_at is not None:
                yield check_in, part, part.score, part.score.total, check_in.ended_at
