"""Series as followup knows them: courses of visits."""

from datetime import datetime
from typing import Any

from services.followup.domain.known import Course, Visit
from shared.localtime import resolve
from tests.support.followup_builders import NEW_YORK


def a_visit(
    number: int, local: str, *, zone: str = NEW_YORK, phase: str = "induction", home: str | None = None, **changes: Any
) -> Visit:
    """Booked at the wall time `local`; who has a `home` went there then."""
    wall = datetime.fromisoformat(local)
    discharged_at = resolve(datetime.fromisoformat(home), zone) if home else None
    return Visit(number, phase, 0, resolve(wall, zone), wall, discharged_at=discharged_at, **changes)


def a_course(
    *visits: Visit,
    zone: str = NEW_YORK,
    id: str = "series-1",
    condition: str = "depression",
    protocol: str = "mood-iv-6x2w",
) -> Course:
    """A series as followup knows it."""
    return Course(id, 1, protocol, condition, zone, tuple(visits))
