"""Patients with scores: check-ins that were answered on some day of a series."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from services.followup.domain.check_in import CheckIn, Part
from services.followup.domain.known import Course, Visit
from tests.support.followup_builders import NEW_YORK, PATIENT, SERIES, an_open_check_in
from tests.support.followup_instruments import the

FIRST_DOSE = datetime(2026, 3, 2, 15, tzinfo=UTC)
"""A Monday morning in New York."""
SIX = (0, 3, 7, 10, 14, 17)


def a_course(
    days: Sequence[int] = SIX, *, id: str = SERIES, protocol: str = "mood-iv-6x2w", phase: str = "induction"
) -> Course:
    """A series with a session on each of these days."""
    starts = [FIRST_DOSE + timedelta(days=day) for day in days]
    visits = (
        Visit(number, phase, 0, at, at.replace(tzinfo=None), discharged_at=at + timedelta(hours=2))
        for number, at in enumerate(starts, 1)
    )
    return Course(id, 1, protocol, "depression", NEW_YORK, tuple(visits))


def values_of(id: str, total: int, last: int = 0) -> dict[str, int]:
    """Answers to an instrument that add up to `total`, of which the last item has `last`."""
    *items, end = the(id).items
    values, left = {}, total - last
    for item in items:
        values[item.id] = min(item.highest, left)
        left -= values[item.id]
    return {**values, end.id: last + left}


def measured(
    instrument: str,
    answers: Mapping[str, int] | int,
    day: int,
    *,
    series_id: str = SERIES,
    patient_id: str = PATIENT,
) -> CheckIn:
    """A check-in that was due so many days after the first dose, and answered an hour later."""
    due_at = FIRST_DOSE + timedelta(days=day)
    opened = an_open_check_in(
        id=f"{series_id}.{instrument}.{day}",
        patient_id=patient_id,
        series_id=series_id,
        due_at=due_at,
        opened_at=due_at,
        expires_at=due_at + timedelta(days=7),
        parts=(Part(instrument, 1),),
    )
    given = values_of(instrument, answers) if isinstance(answers, int) else dict(answers)
    return opened.answer({instrument: given}, {instrument: the(instrument)}, at=due_at + timedelta(hours=1))[0]
