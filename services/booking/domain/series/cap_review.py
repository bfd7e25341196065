"""What becomes of booked sessions when more of a person's doses come to light: the caps are counted anew.

That happens when two records turn out to be one person's, or doses given elsewhere are reported. A booked session that
is one too many now, counted up to its date, is put on hold, never cancelled: a clinician releases it, or it is moved.
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Final

from services.booking.domain.protocol.caps import Caps, Window, earliest_allowed, in_window
from services.booking.domain.series.series import Series
from services.booking.domain.series.session import HoldOn, Session

_ONE_A_DAY: Final = Window(1, 1)
_SAME_DAY: Final = "spacing.same-day"


def reviewed(series: Series, caps: Caps, elsewhere: tuple[date, ...], at: datetime) -> Series:
    """The series with every session on hold that has not begun and is too much together with the doses `elsewhere`.

    What a clinician has allowed or released before is not asked again.
    """
    for session in series.sessions:
        if session.is_dose_to_come:
            series = series.hold_on(session.number, *new_holds(series, session, caps, elsewhere, at))
    return series


def new_holds(
    series: Series, session: Session, caps: Caps, elsewhere: tuple[date, ...], at: datetime
) -> tuple[HoldOn, ...]:
    """Why a dose is too much together with those `elsewhere`, but for what holds it already or was allowed."""
    known = {block.code for block in session.blocks}
    found = too_much(series, session, caps, elsewhere)
    return tuple(
        HoldOn(code, detail, at)
        for code, detail in found
        if code not in known and not series.allows(code, session.number)
    )


def too_much(series: Series, session: Session, caps: Caps, elsewhere: tuple[date, ...]) -> Iterator[tuple[str, str]]:
    """The rules that a dose breaks together with the doses `elsewhere`, as codes, each with what it says."""
    others = sorted([*(day for day in series.dose_dates if day != session.on), *elsewhere])
    for window in (_ONE_A_DAY, *caps.refusing):
        if (count := in_window(others, session.on, window.days) + 1) > window.most:
            earliest = earliest_allowed(caps, others, session.on)
            detail = f"It is dose {count} of {window.days} days in a row, at most {window.most} are allowed."
            code = _SAME_DAY if window is _ONE_A_DAY else window.code
            yield code, f"{detail} The earliest date for it is {earliest}."
