"""What a clinic asks its patients, and when: data that the clinic edits, one published edition after the other.

Hours are elapsed time: a day on which the clocks change makes no difference. Days and months count on local dates.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from enum import StrEnum
from typing import Final

from services.followup.domain.edition import name_of

CONDITIONS: Final = frozenset({"depression", "anxiety", "ptsd", "ocd", "bipolar", "bpd", "chronic-pain"})
"""What is treated, in booking's words."""
ANY: Final = "any"
"""In a set: what is asked whatever is treated, where nothing of its own is said."""


class Anchor(StrEnum):
    """What a point is counted from: going home, the begin of a session, the end of a series."""

    DISCHARGE = "discharge"
    SESSION = "session"
    SERIES = "series"


@dataclass(frozen=True)
class Point:
    """One row of a plan. `kind` is its name; `ask` names sets of the plan, or instruments.

    After a discharge: `hours` elapsed. Before a session: `days` local dates before it, at the patient's wall time `at`.
    After a series: `days` or `months` after the last session that takes place, at `at`, which is the plan's usual time
    unless said. A day that a month lacks is the month's last one.

    It can be answered for `open_hours`; before a session, until that begins. `rank`: who gets an instrument that two
    points want at too short a distance, the lowest first. `alone`: never joined with what is due on the same date.

    Only sessions in one of its `phases` count, none named: in any but the plan's `talks`. `nth` are the wanted ones of
    them (1 is the first), none named: all. `conditions` and `protocols`: only for these, none named: for all.
    """

    kind: str
    anchor: Anchor
    ask: tuple[str, ...]
    rank: int
    hours: int = 0
    days: int = 0
    months: int = 0
    at: time | None = None
    open_hours: int = 0
    alone: bool = False
    nth: tuple[int, ...] = ()
    phases: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    protocols: tuple[str, ...] = ()

    def is_for(self, condition: str, protocol: str) -> bool:
        """Whether it is asked in a series of `protocol` that treats `condition`."""
        return (not self.conditions or condition in self.conditions) and (
            not self.protocols or protocol in self.protocols
        )


@dataclass(frozen=True)
class Questions:
    """The content of a plan. `sets`: for each set and condition (or `any`) the instruments to ask, in their order.

    `talks` are the phases in which no dose is given. `usual_time` is the patient's wall time.
    """

    usual_time: time
    talks: tuple[str, ...] = ()
    sets: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    points: tuple[Point, ...] = ()

    def instruments(self, point: Point, condition: str) -> tuple[str, ...]:
        """What `point` asks a patient who is treated for `condition`, each instrument once."""
        named = (self._named(name, condition) for name in point.ask)
        return tuple(dict.fromkeys(instrument for some in named for instrument in some))

    def counts(self, point: Point, phase: str) -> bool:
        """Whether a session in `phase` counts for `point`."""
        return phase in point.phases if point.phases else phase not in self.talks

    def _named(self, name: str, condition: str) -> tuple[str, ...]:
        if name not in self.sets:
            return (name,)
        return self.sets[name].get(condition, self.sets[name].get(ANY, ()))


@dataclass(frozen=True)
class Plan:
    """One published edition; series that run keep theirs."""

    id: str
    edition: int
    questions: Questions
    version: int = 0


def an_edition(number: int, questions: Questions) -> Plan:
    """Edition `number` of the clinic's plan."""
    return Plan(name_of("plan", number), number, questions)
