"""Holds: a hold is a series that is not booked yet. It keeps its places for a while; nobody is told of it."""

from datetime import datetime
from types import MappingProxyType
from typing import Final

from services.booking.domain.protocol.care import Care
from services.booking.domain.series.series import Changed, Series, SeriesStatus
from shared.errors import Conflict, RuleBroken
from shared.private_link import NewLink

HOLDS: Final = frozenset({SeriesStatus.HELD, SeriesStatus.LAPSED})
"""A hold stands or has lapsed; once it is confirmed it is a series like any other."""
EXPIRED: Final = "expired"
RELEASED: Final = "released"
_ENDED: Final = MappingProxyType(
    {
        EXPIRED: ("hold.expired", "The time of this hold is over: its places may go to somebody else."),
        RELEASED: ("hold.released", "This hold was given back: its places may go to somebody else."),
    }
)
"""What is said of a hold that has lapsed, by its reason."""


def confirm(hold: Series, link: NewLink, care: Care, *, at: datetime) -> Changed:
    """Book it; `link` is the patient's page, `care` what the day of a dose asks for.

    Raises `Conflict` when its time is over, whether or not somebody noted it, or it is no hold any more.
    """
    _require_standing(hold)
    if is_over(hold, at):
        raise Conflict(*_ENDED[EXPIRED])
    return hold.book(link, care)


def release(hold: Series, *, at: datetime) -> Series:
    """Give its places back. Raises `Conflict` when it is no hold any more."""
    _require_standing(hold)
    return hold.lapse(at=at, reason=RELEASED)


def expire(hold: Series, *, at: datetime) -> Series:
    """Its time is over. Raises `RuleBroken` while there is time left, and `Conflict` when it is no hold any more."""
    _require_standing(hold)
    if not is_over(hold, at):
        raise RuleBroken("hold.not-due", "There is still time to confirm this hold.")
    return hold.lapse(at=at, reason=EXPIRED)


def is_over(hold: Series, at: datetime) -> bool:
    """Whether a hold that stands has outlived its time."""
    return hold.status is SeriesStatus.HELD and hold.held_until is not None and at >= hold.held_until


def _require_standing(hold: Series) -> None:
    """Raises `Conflict` for what is no hold any more."""
    if hold.status is SeriesStatus.LAPSED:
        raise Conflict(*_ENDED[hold.reason or EXPIRED])
    if hold.status is not SeriesStatus.HELD:
        raise Conflict("hold.confirmed", "This hold was confirmed: it is a series like any other.")
