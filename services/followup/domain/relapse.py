"""Whether an effect is being lost, or was never there: rules about scores over time. A rule speaks, a person decides.

Integers only: a percentage is compared as a product.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal


@dataclass(frozen=True)
class Reading:
    """A score (points of the total) and the local date on which it was given; `after`: behind the end of the series."""

    on: date
    score: int
    after: bool


@dataclass(frozen=True)
class RelapseRule:
    """Holds when every condition holds that it gives. A baseline is a first reading before the end of the series.

    `least`: the score has so many points. `above_lowest`, `above_baseline`, `above_last`: so many points more than the
    lowest reading after the series, the baseline, the reading before. `relief_below`: less than so many per cent of the
    baseline are gone. `responder`: an earlier reading had so many per cent of it gone. `twice_apart`: `relief_below`
    also held for the reading before, so many days ago (from, to). `when`: after the series (`first`: the first reading
    after it), during it, or at any time.
    """

    rule: str
    trigger: str
    instruments: tuple[str, ...]
    when: Literal["after", "first", "during", "any"] = "after"
    least: int | None = None
    above_lowest: int | None = None
    above_baseline: int | None = None
    above_last: int | None = None
    relief_below: int | None = None
    responder: int | None = None
    twice_apart: tuple[int, int] | None = None

    @property
    def limits(self) -> list[int]:
        """Those that it gives; without any it would hold for every score."""
        given = (self.least, self.above_lowest, self.above_baseline, self.above_last, self.relief_below, self.responder)
        return [limit for limit in given if limit is not None]

    def holds(self, readings: Sequence[Reading]) -> bool:
        """Whether it holds for the last of one series' `readings` of one instrument, the oldest first."""
        story = _Story(readings)
        return (
            story.is_in(self.when)
            and all(
                wanted is None or holds(story, wanted)
                for wanted, holds in (
                    (self.least, _Story.has),
                    (self.above_lowest, _Story.rose_from_lowest),
                    (self.above_baseline, _Story.rose_from_baseline),
                    (self.above_last, _Story.rose_from_last),
                    (self.relief_below, _Story.lacks_relief),
                    (self.responder, _Story.responded),
                )
            )
            and self._held_before(story)
        )

    def _held_before(self, story: "_Story") -> bool:
        return self.twice_apart is None or story.lacked_relief(self.relief_below or 0, self.twice_apart)


@dataclass(frozen=True)
class Finding:
    """A rule that holds for a score."""

    rule: str
    trigger: str
    instrument: str
    score: int


def findings(rules: Iterable[RelapseRule], instrument: str, readings: Sequence[Reading]) -> tuple[Finding, ...]:
    """What the last of one series' `readings` of an instrument means, the oldest first. Each rule speaks once for each
    trigger.
    """
    holding = [rule for rule in rules if instrument in rule.instruments and rule.holds(readings)]
    found = (Finding(rule.rule, rule.trigger, instrument, readings[-1].score) for rule in holding)
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True)
class _Story:
    """Readings seen from the last one."""

    readings: Sequence[Reading]

    @property
    def now(self) -> Reading:
        return self.readings[-1]

    @property
    def baseline(self) -> int | None:
        """None: the series has none before this score."""
        return None if self.readings[0].after or len(self.readings) == 1 else self.readings[0].score

    @property
    def after(self) -> Sequence[Reading]:
        return [reading for reading in self.readings if reading.after]

    def is_in(self, when: str) -> bool:
        fits = {"after": self.now.after, "first": self.now.after and len(self.after) == 1, "during": not self.now.after}
        return fits.get(when, True)

    def has(self, points: int) -> bool:
        return self.now.score >= points

    def rose_from_lowest(self, points: int) -> bool:
        return bool(self.after) and self.now.score - min(reading.score for reading in self.after) >= points

    def rose_from_baseline(self, points: int) -> bool:
        return self.baseline is not None and self.now.score - self.baseline >= points

    def rose_from_last(self, points: int) -> bool:
        return len(self.readings) > 1 and self.now.score - self.readings[-2].score >= points

    def lacks_relief(self, percent: int) -> bool:
        return self._relief_is_below(percent, self.now)

    def responded(self, percent: int) -> bool:
        earlier = self.readings[1:-1]
        return bool(self.baseline) and any(not self._relief_is_below(percent, reading) for reading in earlier)

    def lacked_relief(self, percent: int, apart: tuple[int, int]) -> bool:
        if len(self.after) <= 1:
            return False
        before = self.after[-2]
        return self._relief_is_below(percent, before) and apart[0] <= (self.now.on - before.on).days <= apart[1]

    def _relief_is_below(self, percent: int, reading: Reading) -> bool:
        """From a baseline of 0 nothing can be relieved."""
        baseline = self.baseline or 0
        return baseline > 0 and 100 * (baseline - reading.score) < percent * baseline
