"""The patient's private link to the appointments of one series: where it leads, how long, and who came through it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from services.booking.domain.series.series import OVER, Series
from shared.errors import RuleBroken
from shared.private_link import Factor

PATH: Final = "/booking/a/"
OPEN_AFTER_LAST: Final = timedelta(days=2)
"""How long the page stays open after the end of the last session. Platform default."""


def open_until(series: Series) -> datetime:
    """When its link leads nowhere any more; later once its last session moves to a later time."""
    return max(session.ends_at for session in series.sessions) + OPEN_AFTER_LAST


def is_open(series: Series, at: datetime) -> bool:
    """Whether the page still has something to show at `at`."""
    return series.status not in OVER and at < open_until(series)


@dataclass(frozen=True)
class Visitors:
    """Who came through a link. Its id is the digest of the link's token: another link starts afresh.

    It is no part of the series, so that somebody who guesses does not get into the way of the front desk's changes.
    """

    id: str
    factor: Factor = Factor()
    version: int = 0

    def admit(self, pass_token: str) -> bool:
        """Whether `pass_token` was given to somebody who knew the year of birth."""
        return self.factor.admits(pass_token)

    def prove(self, year: int, *, born_in: int, pass_digest: str) -> "Visitors":
        """Give a pass to whoever knows the year, count the guess of anybody else. Raises `RuleBroken` once locked."""
        if self.factor.is_locked:
            raise RuleBroken("link.locked", "The year of birth was entered wrong too often.")
        return replace(self, factor=self.factor.prove(year, born_in=born_in, pass_digest=pass_digest))
