"""The story's days of treatment: for each dose what a nurse and a clinician do, and what the platform asks of them."""

import textwrap
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from deploy.local.story_stage import ZONE, Scene, Stage, StoryBroken, moment
from deploy.local.treatment_day import INFUSED, Dose

EARLY: Final = timedelta(minutes=15)
INFUSION_EVERY: Final = timedelta(minutes=10)
RECOVERY_EVERY: Final = timedelta(minutes=15)
"""How often somebody looks at the patient."""
_SHOWN: Final = 300


def scenes_of_dose(stage: Stage, series: Mapping[str, Any], session: Mapping[str, Any]) -> list[Scene]:
    """From the arrival until the patient goes home, with everything on time."""
    day = _Day(stage, series["id"], session["number"])
    start, leaves = moment(session["starts_at"]), moment(session["ends_at"])
    end = start + INFUSED
    looks = (*_between(start, end, INFUSION_EVERY), *_between(end, leaves, RECOVERY_EVERY))
    return [
        Scene(start - EARLY, day.arrive),
        Scene(start, day.start),
        *(Scene(at, day.look) for at in looks),
        Scene(end, day.end),
        Scene(leaves, day.leave),
    ]


def _between(begin: datetime, end: datetime, every: timedelta) -> Iterator[datetime]:
    while (begin := begin + every) < end:
        yield begin


class _Day:
    """One of them; the first of a series is told in full."""

    def __init__(self, stage: Stage, series_id: str, number: int) -> None:
        self._stage = stage
        self._path = stage.at("booking", f"series/{series_id}/sessions/{number}")
        self._dose = Dose(stage.do, series_id, number)
        self._tell = partial(stage.tell, "step")
        self._tell_more = self._tell if number == 1 else _nothing

    def arrive(self) -> None:
        """Nothing is given before everything is as it must be: the platform lists what is missing."""
        now = self._stage.clock().astimezone(ZoneInfo(ZONE))
        self._dose.check_in()
        self._tell(f"session {self._dose.number}: check-in")
        missing = [fault["detail"] for fault in self._gate()["faults"]]
        self._tell_more(f"the gate is closed, {len(missing)} reasons: {textwrap.shorten(' '.join(missing), _SHOWN)}")
        self._dose.make_ready(now, self._supervisor())
        if missing := self._gate()["faults"]:
            raise StoryBroken(f"the gate is still closed: {missing}")
        self._tell_more("a dose ordered by a clinician; asked and measured what is to be known: the gate is open")

    def start(self) -> None:
        """The infusion begins."""
        self._dose.start()
        self._tell(f"session {self._dose.number}: start")

    def look(self) -> None:
        """What is measured on the grid."""
        self._dose.read()

    def end(self) -> None:
        """The whole dose is in."""
        treatment = self._dose.end()
        count, given = len(treatment["readings"]), treatment["end"]["given_mg"]
        last = "{systolic}/{diastolic} mmHg, pulse {heart_rate}, {spo2} % oxygen".format(**treatment["readings"][-1])
        self._tell_more(f"{count} readings, the last {last}; the infusion is over: {given} mg given")

    def leave(self) -> None:
        """Everything on the list is as it should be."""
        self._dose.leave()
        until = moment(self._stage.desk.get(f"{self._path}/treatment")["departure"]["no_driving_until"])
        no_driving = f", no driving until {until.astimezone(ZoneInfo(ZONE)):%a %-d %b %H:%M}"
        self._tell(f"session {self._dose.number}: discharge{no_driving}")

    def _gate(self) -> Any:
        return self._stage.desk.get(f"{self._path}/gate")

    def _supervisor(self) -> str:
        known = self._stage.desk.get(self._stage.at("booking", "resources"), limit=200)["items"]
        return next(str(one["id"]) for one in known if one["kind"] == "clinician")


def _nothing(_: str) -> None:
    """Told of the first only."""
