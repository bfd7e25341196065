"""One reminder for several visits: three days ahead it lists all visits of the series that come within a week, and
their own reminders of three days ahead are not said again.
"""

from collections.abc import Sequence
from typing import Final

from services.notify.domain.again import rung_of
from services.notify.domain.message import WENT_OUT, Kind, Message
from services.notify.domain.visit import Visit
from shared.localtime import local_date

COMBINED: Final = "P3D"
"""The rung whose reminders are said together."""
WITHIN_DAYS: Final = 7
"""Local days of the visits' zone, the day of the first visit among them (clinic default)."""


def is_combined(message: Message) -> bool:
    """Whether it may speak of other visits too."""
    return message.kind is Kind.REMINDER and rung_of(message) == COMBINED


def said_together(message: Message, visits: Sequence[Visit], others: Sequence[Visit]) -> list[Visit]:
    """Which of the `others` the message lists behind its own visit, by their times."""
    if not (is_combined(message) and visits):
        return []
    first = visits[0]
    found = [visit for visit in others if visit.is_expected and _is_near(visit, first)]
    return sorted(found, key=lambda visit: visit.starts_at)


def _is_near(visit: Visit, first: Visit) -> bool:
    days = (local_date(visit.starts_at, first.zone) - local_date(first.starts_at, first.zone)).days
    return visit.starts_at > first.starts_at and days < WITHIN_DAYS


def named(visits: Sequence[Visit]) -> tuple[str, ...]:
    """Visits at the times that they have now."""
    return tuple(_name(visit.id, visit.revision) for visit in visits)


def is_said_with_another(message: Message, ledger: Sequence[Message]) -> bool:
    """Whether another reminder, not one that came back, has listed this visit at this time."""
    if not is_combined(message):
        return False
    name = _name(message.about, message.revision)
    return any(name in row.also and row.status in WENT_OUT for row in ledger if row.about != message.about)


def _name(subject: str, revision: int) -> str:
    return f"{subject}@{revision}"
