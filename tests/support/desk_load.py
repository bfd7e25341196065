"""Many desks of two clinics at once: they book, hold, move, rest and offer, all of them the same series.

Each request is written down with the time it took, what it wanted and how it was answered.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from http import HTTPStatus
from random import Random
from typing import Any, Final

from deploy.local.story import Clinic
from tests.support.desk_reasons import REFUSALS, Refused
from tests.support.fault_load import Answered, Client

COURSES: Final[Mapping[str, Sequence[tuple[int, ...]]]] = {
    "mood-iv-6x2w": (
        *(3 * ((0, 2, 4, 7, 9, 11),)),
        *(3 * ((2, 4, 7, 9, 11, 14),)),
        (1, 3, 8, 10, 15, 17),
        (0, 1, 4, 7, 9, 11),  # too soon
        (0, 2, 4, 6, 9, 11),  # too dense, on a Sunday
        (0, 2, 4, 7, 9, 21),  # too late
        (0, 4, 2, 7, 9, 11),  # out of order
    ),
    "mood-iv-3x3w": (*(2 * ((0, 7, 14), (1, 8, 15), (3, 10, 17), (4, 11, 18))), (0, 7, 28), (0, 4, 14)),
}
"""Of each protocol, on which days from a Monday on it is wanted."""
TIMES: Final = ("08:00", "09:00", "09:30", "10:30", "11:00", "13:00", "14:30")
UNDERWAY: Final = {"held", "active", "paused"}
MOSTLY: Final = 0.8
WEEKS: Final = 4
"""So many weeks are booked up."""


@dataclass
class Board:
    """What all desks of a clinic know, and what they were answered."""

    clinic: Clinic
    patients: Sequence[str]
    clock: Callable[[], datetime]
    series: dict[str, Any] = field(default_factory=dict)
    done: list[Answered] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    failed: list[Answered] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, answered: Answered, refused: Refused) -> None:
        """Write an answer down."""
        with self.lock:
            if answered.is_done:
                self.done.append(answered)
                if "sessions" in answered.content:
                    self.learn(answered.content)
            elif answered.status in REFUSALS:
                self.refused.append(refused)
            else:
                self.failed.append(answered)

    def learn(self, series: Any) -> None:
        """Keep the latest version of a series that anybody has seen."""
        known = self.series.get(series["id"], series)
        self.series[series["id"]] = max(known, series, key=lambda one: one["version"])


class Desk:
    """One client. It does this and that, as chance will have it, until told to stop."""

    def __init__(self, url: str, board: Board, chance: Random, today: date) -> None:
        self._client = Client(url, board.clinic.key)
        self._board = board
        self._chance = chance
        self._monday = today + timedelta(days=7 - today.weekday())
        self._acts: Final[Mapping[Callable[[], None], int]] = {
            self._book: 7,
            self._hold: 4,
            self._settle_hold: 5,
            self._move: 6,
            self._move_several: 3,
            self._shift: 2,
            self._cancel: 2,
            self._cancel_series: 1,
            self._pause: 1,
            self._resume: 2,
            self._rebook: 3,
            self._wait: 3,
            self._answer_offer: 5,
        }

    def work(self, over: threading.Event) -> None:
        """Act until it is over."""
        with self._client:
            while not over.is_set():
                self._chance.choices(list(self._acts), list(self._acts.values()))[0]()

    # --- whole series

    def _book(self) -> None:
        self._new("series", {})

    def _hold(self) -> None:
        self._new("holds", {"minutes": self._chance.choice((1, 5, 20))})

    def _new(self, where: str, more: Mapping[str, Any]) -> None:
        protocol = self._chance.choice(list(COURSES))
        monday, at = self._monday + timedelta(weeks=self._chance.randrange(WEEKS)), self._chance.choice(TIMES)
        days = self._chance.choice(COURSES[protocol])
        wishes = {number: f"{monday + timedelta(days=day)}T{at}" for number, day in enumerate(days, 1)}
        patient_id = self._patient()
        sessions = [{"starts_local": wish} for wish in wishes.values()]
        body = {"patient_id": patient_id, "protocol": protocol, "condition": "depression", "sessions": sessions, **more}
        self._post(where, body, patient_id=patient_id, protocol=protocol, wishes=wishes)

    def _patient(self) -> str:
        """Mostly somebody who has no series yet."""
        with self._board.lock:
            busy = {one["patient_id"] for one in self._board.series.values() if one["status"] in UNDERWAY}
        idle = [id for id in self._board.patients if id not in busy]
        return self._chance.choice(idle if idle and self._chance.random() < MOSTLY else self._board.patients)

    def _settle_hold(self) -> None:
        if series := self._any("held"):
            self._act(f"holds/{series['id']}/{self._chance.choice(('confirm', 'confirm', 'release'))}", {}, series)

    def _cancel_series(self) -> None:
        if series := self._any("active", "paused"):
            self._act(f"series/{series['id']}/cancel", {"reason": "patient"}, series)

    def _pause(self) -> None:
        if series := self._any("active"):
            self._act(f"series/{series['id']}/pause", {"reason": "clinical"}, series)

    def _resume(self) -> None:
        if series := self._any("paused"):
            resting = [one for one in series["sessions"] if one["status"] == "proposed"]
            wishes = {one["number"]: self._near(one, self._chance.choice((0, 0, 7))) for one in resting}
            if wishes:
                self._act(f"series/{series['id']}/resume", {"sessions": _listed(wishes)}, series, wishes=wishes)

    # --- one session, or some

    def _move(self) -> None:
        if series := self._any("active"):
            session = self._chance.choice(series["sessions"])
            wish = self._near(session, self._chance.choice((0, 0, 0, 1, 2, -1)))
            path = self._at(f"series/{series['id']}/sessions/{session['number']}")
            wanted = Answered("PATCH", path, {"starts_local": wish}, "", series["version"], 0, None)
            answered = self._ask(wanted, series, wishes={session["number"]: wish})
            if answered.status == HTTPStatus.PRECONDITION_FAILED:
                self._look(series["id"])

    def _move_several(self) -> None:
        if series := self._any("active", "paused"):
            several = self._chance.sample(series["sessions"], self._chance.choice((2, 3)))
            days = self._chance.choice((0, 0, 1, 7))
            wishes = {one["number"]: self._near(one, days) for one in several}
            self._act(f"series/{series['id']}/moves", {"sessions": _listed(wishes)}, series, wishes=wishes)

    def _shift(self) -> None:
        if series := self._any("active"):
            number, days = self._chance.choice(series["sessions"])["number"], self._chance.choice((1, 2, 7, -7))
            body = {"from_number": number, "days": days}
            self._act(f"series/{series['id']}/shift", body, series, number=number, shift_days=days)

    def _cancel(self) -> None:
        if series := self._any("active"):
            number = self._chance.choice(series["sessions"])["number"]
            self._act(f"series/{series['id']}/sessions/{number}/cancel", {"reason": "weather"}, series)

    def _rebook(self) -> None:
        if series := self._any("active", "paused"):
            lost = [one for one in series["sessions"] if one["status"] in {"cancelled", "proposed"}]
            session = self._chance.choice(lost or series["sessions"])
            wish = self._near(session, self._chance.choice((0, 0, 1)))
            path = f"series/{series['id']}/sessions/{session['number']}/rebook"
            self._act(path, {"starts_local": wish}, series, wishes={session["number"]: wish})

    # --- places that came free

    def _wait(self) -> None:
        if series := self._any("active"):
            number = self._chance.choice(series["sessions"])["number"]
            body = {"series_id": series["id"], "number": number, "wishes": {"only_earlier": False}}
            self._act("waitlist", body, series, number=number)

    def _answer_offer(self) -> None:
        offers = self._client.get(self._at("offers?status=made&limit=20"))["items"]
        if offers:
            offer = self._chance.choice(offers)
            way = self._chance.choice(("accept", "accept", "accept", "decline"))
            series = self._board.series.get(offer["series_id"]) or self._look(offer["series_id"])
            wishes = {offer["number"]: offer["starts_local"]}
            self._act(f"offers/{offer['id']}/{way}", {}, series, offer_id=offer["id"], wishes=wishes)
            self._look(offer["series_id"])

    # --- asking

    def _any(self, *statuses: str) -> Any:
        with self._board.lock:
            found = [series for series in self._board.series.values() if series["status"] in statuses]
        return self._chance.choice(found) if found else None

    def _near(self, session: Mapping[str, Any], days: int) -> str:
        on = date.fromisoformat(session["starts_local"][:10]) + timedelta(days=days)
        return f"{on}T{self._chance.choice(TIMES)}"

    def _look(self, series_id: str) -> Any:
        series = self._client.get(self._at(f"series/{series_id}"))
        with self._board.lock:
            self._board.learn(series)
        return series

    def _act(self, rest: str, body: Any, series: Mapping[str, Any], **more: Any) -> None:
        named = {"patient_id": series["patient_id"], "protocol": series["protocol"], "series_id": series["id"]}
        self._post(rest, body, **named, **more)

    def _post(self, rest: str, body: Any, **more: Any) -> None:
        self._write_down(self._client_post(rest, body), more)

    def _client_post(self, rest: str, body: Any) -> tuple[Answered, float, float]:
        began = time.time()
        return self._client.post(self._at(rest), body), began, time.time()

    def _ask(self, wanted: Answered, series: Mapping[str, Any], **more: Any) -> Answered:
        began = time.time()
        answered = self._client.ask(wanted)
        named = {"patient_id": series["patient_id"], "protocol": series["protocol"], "series_id": series["id"]}
        self._write_down((answered, began, time.time()), {**named, **more})
        return answered

    def _write_down(self, asked: tuple[Answered, float, float], more: Mapping[str, Any]) -> None:
        answered, began, ended = asked
        clock = self._board.clock()
        self._board.note(answered, Refused(answered, began, ended, self._board.clinic.id, **more, clock=clock))

    def _at(self, rest: str) -> str:
        return f"/booking/v1/clinics/{self._board.clinic.id}/{rest}"


def _listed(wishes: Mapping[int, str]) -> list[dict[str, Any]]:
    return [{"number": number, "starts_local": wish} for number, wish in wishes.items()]
