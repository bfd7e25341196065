"""Whether a refusal was true: what it names really stood in the way, at some moment while the request was under way.

Each reason is looked up in the history of what was committed, with the rules written out once more by hand.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from http import HTTPStatus
from itertools import product
from typing import Any, Final
from zoneinfo import ZoneInfo

from tests.support.desk_checks import CAPS, SPACING, crowded
from tests.support.desk_history import FIVE_MINUTES, History, State, slots_between
from tests.support.fault_load import Answered

LAG: Final = 1.0
"""Seconds that a reader may be behind the last commit: it sees only what a majority has."""
NEEDED: Final[Mapping[str, Sequence[tuple[int, int, int]]]] = {
    "chair": ((0, 145, 1),),
    "nurse": ((0, 55, 1), (55, 115, 2), (115, 130, 1)),
}
"""From and until which minute of a session it needs one of them for so many patients."""
OPEN: Final = (8, 17)
LENGTH: Final = timedelta(minutes=145)
"""A session must lie within the hours of a weekday, from and until which hour."""
TAKEN: Final = {"series.slot-taken", "series.patient-busy"}
NO_REASONS: Final = {"series.replan-proposed"}
"""What a refusal lists as well, and that is none of its reasons."""


@dataclass(frozen=True)
class Refused:
    """A refused request: when it was made, what series it is about, and where it wanted each session.

    `shift_days` instead of `wishes`: session `number` and every booked one behind it, so many days later.
    """

    answered: Answered
    began: float
    ended: float
    clinic_id: str
    patient_id: str = ""
    protocol: str = ""
    series_id: str = ""
    offer_id: str = ""
    number: int = 0
    wishes: Mapping[int, str] = field(default_factory=dict)
    shift_days: int = 0
    clock: datetime | None = None

    @property
    def faults(self) -> list[Mapping[str, Any]]:
        """Its reasons; the refusal as a whole, when it lists none."""
        content = self.answered.content
        listed = [fault for fault in content.get("errors", ()) if fault["code"] not in NO_REASONS]
        return listed or [{"code": content["code"], "context": {}}]


@dataclass(frozen=True)
class Clinics:
    """What the checks must know of the clinics: how many each resource serves, and who the patients are."""

    zone: str
    capacities: Mapping[str, tuple[str, int]]
    persons: Mapping[str, str]


@dataclass(frozen=True)
class Moment:
    """How things stood at one moment: the series as it would be, and the person's other doses."""

    state: State | None
    dates: Mapping[int, date]
    elsewhere: Sequence[date]
    starts: Mapping[int, datetime]

    @property
    def all(self) -> list[date]:
        return [*self.dates.values(), *self.elsewhere]


class Judge:
    """Holds refusals against the history."""

    def __init__(self, history: History, clinics: Clinics) -> None:
        self._history = history
        self._clinics = clinics

    def untrue(self, refused: Refused) -> Iterator[str]:
        """Reasons that were none."""
        for fault in refused.faults:
            check = CHECKS.get(fault["code"])
            if check is None:
                yield f"{self._named(refused)}: no way to look into {fault}"
            elif not check(self, refused, fault):
                yield f"{self._named(refused)}: untrue: {fault}"

    @staticmethod
    def _named(refused: Refused) -> str:
        return f"{refused.answered.method} {refused.answered.path} {refused.answered.status} {refused.answered.body}"

    # --- how things stood

    def states(self, refused: Refused, id: str = "") -> list[State]:
        """Every state of the series, or of another aggregate, while the request was under way."""
        return self._history.during(id or refused.series_id, refused.began - LAG, refused.ended)

    def waiting(self, refused: Refused) -> list[State]:
        """Every state of the waitlist's entries for the series while the request was under way."""
        entries = {one.id for one in self._history.of("waitlist") if one.document["series_id"] == refused.series_id}
        return [state for id in entries for state in self.states(refused, id)]

    def starts(self, refused: Refused, number: int) -> list[datetime]:
        """When a session was wanted, on the wall."""
        return [moment.starts[number] for moment in self.moments(refused) if number in moment.starts]

    def is_past(self, local: datetime, refused: Refused) -> bool:
        """Whether the clinic's clock had gone by when the request was over."""
        return refused.clock is not None and _instant(local.isoformat(), self._clinics.zone) <= refused.clock

    def moments(self, refused: Refused) -> Iterator[Moment]:
        """Every way in which the series and the person's other doses stood while the request was under way."""
        states: list[State | None] = [*self.states(refused)] if refused.series_id else [None]
        person = self._person(refused, states)
        for state, elsewhere in product(states, self._elsewhere(refused, person)):
            before = {} if state is None else {number: _day(on) for number, on in state.dates.items()}
            starts = {number: datetime.fromisoformat(at) for number, at in _wishes(refused, state).items()}
            dates = {**before, **{number: at.date() for number, at in starts.items()}}
            yield Moment(state, dict(sorted(dates.items())), elsewhere, starts)

    def _person(self, refused: Refused, states: Sequence[State | None]) -> str:
        of_series = next((str(state.document["person"]) for state in states if state), "")
        return of_series or self._clinics.persons.get(refused.patient_id, "")

    def _elsewhere(self, refused: Refused, person: str) -> Iterator[list[date]]:
        others = [id for id in self._history.series_of(person) if id != refused.series_id]
        window = {id: self._history.during(id, refused.began - LAG, refused.ended) for id in others}
        moments = {refused.began - LAG, *(state.at for states in window.values() for state in states)}
        for moment in sorted(moments):
            there = [state for id in others if (state := self._history.at(id, moment))]
            yield [_day(session["starts_local"]) for state in there for session in state.places if session["doses"]]

    # --- what is taken

    def is_taken(self, refused: Refused, fault: Mapping[str, Any]) -> bool:
        """Whether others had the resource (or the patient) throughout what is named, too much of it to fit."""
        context = fault["context"]
        interval = [_instant(context[name], self._clinics.zone) for name in ("from_local", "until_local")]
        numbers = slots_between(*interval)
        return len(numbers) > 0 and any(
            all(self._is_short(refused, moment, context, number) for number in numbers)
            for moment in self.moments(refused)
        )

    def _is_short(self, refused: Refused, moment: Moment, context: Mapping[str, Any], number: int) -> bool:
        if "resource_id" not in context:
            slot, most = (f"patient:{refused.patient_id}", number), 0
        else:
            slot = (context["resource_id"], number)
            kind, capacity = self._clinics.capacities[context["resource_id"]]
            start = moment.starts.get(context["number"])
            if start is None:
                return False
            most = capacity - _places(kind, capacity, number, _instant(start.isoformat(), self._clinics.zone))
        return self._history.taken(slot, refused.began - LAG, refused.ended, but=refused.series_id) > most


def _places(kind: str, capacity: int, number: int, start: datetime) -> int:
    """How many places of such a resource a session needs in these five minutes; 0: none, nothing can be short."""
    minute = (number * FIVE_MINUTES - int(start.timestamp())) // 60
    per = next((per for first, behind, per in NEEDED[kind] if first <= minute < behind), None)
    if per is None:
        return 0
    return -(-capacity // per) if kind == "nurse" else 1


def _wishes(refused: Refused, state: State | None) -> Mapping[int, str]:
    if not refused.shift_days or state is None:
        return refused.wishes
    later = timedelta(days=refused.shift_days)
    return {
        one["number"]: (datetime.fromisoformat(one["starts_local"]) + later).isoformat()
        for one in state.document["sessions"]
        if one["number"] == refused.number or (one["number"] > refused.number and one["status"] == "booked")
    }


def _instant(local: str, zone: str) -> datetime:
    return datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone))


def _day(text: str) -> date:
    return date.fromisoformat(text[:10])


# --- each reason ------------------------------------------------------------------------------------------------------

Check = Callable[[Judge, Refused, Mapping[str, Any]], bool]


def _by_dates(rule: Callable[[Moment, Mapping[str, Any], str], object]) -> Check:
    """A rule over dates, broken at any moment."""

    def check(judge: Judge, refused: Refused, fault: Mapping[str, Any]) -> bool:
        for moment in judge.moments(refused):
            protocol = str(moment.state.document["protocol"]) if moment.state else refused.protocol
            named = set(fault["context"].get("numbers", ())) <= moment.dates.keys()
            if named and rule(moment, fault["context"], protocol):
                return True
        return False

    return check


def _gap(moment: Moment, context: Mapping[str, Any]) -> int:
    first, last = context["numbers"][0], context["numbers"][-1]
    return (moment.dates[last] - moment.dates[first]).days


def _too_soon(moment: Moment, context: Mapping[str, Any], protocol: str) -> object:
    return 0 <= _gap(moment, context) == context["days"] < SPACING[protocol][1]


def _too_late(moment: Moment, context: Mapping[str, Any], _: str) -> object:
    return 7 < _gap(moment, context) == context["days"] <= 14


def _suspended(moment: Moment, context: Mapping[str, Any], _: str) -> object:
    return _gap(moment, context) == context["days"] > 14


def _out_of_order(moment: Moment, context: Mapping[str, Any], _: str) -> object:
    return _gap(moment, context) < 0


def _too_long(moment: Moment, context: Mapping[str, Any], _: str) -> object:
    return _gap(moment, context) == context["days"] > context["most"]


def _same_day(moment: Moment, context: Mapping[str, Any], _: str) -> object:
    day = _day(context["on"])
    return moment.dates[context["numbers"][-1]] == day and moment.all.count(day) > 1


def _too_dense(moment: Moment, context: Mapping[str, Any], protocol: str) -> object:
    return crowded(moment.all, 7) >= context["doses"] > SPACING[protocol][2]


def _above_cap(moment: Moment, context: Mapping[str, Any], _: str) -> object:
    most = dict(CAPS)[context["days"]]
    return crowded(moment.all, context["days"]) >= context["doses"] > most == context["most"]


def _overlaps_itself(moment: Moment, context: Mapping[str, Any], _: str) -> object:
    first, last = context["numbers"]
    return moment.dates[first] == moment.dates[last]


def _has_status(judge: Judge, refused: Refused, fault: Mapping[str, Any]) -> bool:
    """The session, or the series, is in the status that is named."""
    wanted = fault["context"]
    return any(
        any(
            (one["number"], one["status"]) == (wanted["number"], wanted["status"]) for one in state.document["sessions"]
        )
        if "number" in wanted
        else state.document["status"] == wanted["status"]
        for state in judge.states(refused)
    )


def _is_stale(judge: Judge, refused: Refused, _: Mapping[str, Any]) -> bool:
    return any(state.document["version"] != refused.answered.version for state in judge.states(refused))


def _hold_is_over(judge: Judge, refused: Refused, _: Mapping[str, Any]) -> bool:
    return any(_ran_out(state, refused.clock) for state in judge.states(refused))


def _ran_out(state: State, clock: datetime | None) -> bool:
    lapsed = (state.document["status"], state.document["reason"]) == ("lapsed", "expired")
    return lapsed or (state.document["status"] == "held" and _over(state.document["held_until"], clock))


def _hold_is_confirmed(judge: Judge, refused: Refused, _: Mapping[str, Any]) -> bool:
    return any(state.document["status"] not in {"held", "lapsed"} for state in judge.states(refused))


def _hold_is_released(judge: Judge, refused: Refused, _: Mapping[str, Any]) -> bool:
    ends = {(state.document["status"], state.document["reason"]) for state in judge.states(refused)}
    return ("lapsed", "released") in ends


def _offer_is_over(judge: Judge, refused: Refused, _: Mapping[str, Any]) -> bool:
    return any(_over(state.document["expires_at"], refused.clock) for state in judge.states(refused, refused.offer_id))


def _offer_has_status(judge: Judge, refused: Refused, fault: Mapping[str, Any]) -> bool:
    wanted = fault["context"]["status"]
    return any(state.document["status"] == wanted != "made" for state in judge.states(refused, refused.offer_id))


def _is_past(judge: Judge, refused: Refused, fault: Mapping[str, Any]) -> bool:
    return any(judge.is_past(start, refused) for start in judge.starts(refused, fault["context"]["number"]))


def _is_closed(_: Judge, __: Refused, fault: Mapping[str, Any]) -> bool:
    start = datetime.fromisoformat(fault["context"]["local"])
    opens, closes = (start.replace(hour=hour, minute=0) for hour in OPEN)
    return start.weekday() >= 5 or start < opens or start + LENGTH > closes


def _waits_already(judge: Judge, refused: Refused, _: Mapping[str, Any]) -> bool:
    return any(
        state.document["status"] == "waiting" and state.document["position"]["number"] == refused.number
        for state in judge.waiting(refused)
    )


def _does_not_run(judge: Judge, refused: Refused, _: Mapping[str, Any]) -> bool:
    return any(state.document["status"] != "active" for state in judge.states(refused))


def _needs_no_place(judge: Judge, refused: Refused, _: Mapping[str, Any]) -> bool:
    """Past, or one that is lost with a later one begun: nobody checks in here, so only the former."""
    return any(
        one["number"] == refused.number and one["status"] not in {"booked", "cancelled", "proposed", "noshow"}
        for state in judge.states(refused)
        for one in state.document["sessions"]
    )


def _nothing_is_booked(judge: Judge, refused: Refused, _: Mapping[str, Any]) -> bool:
    return any(
        all(session["status"] != "booked" for session in state.document["sessions"]) for state in judge.states(refused)
    )


def _over(until: datetime, clock: datetime | None) -> bool:
    return clock is None or until <= clock


CHECKS: Final[Mapping[str, Check]] = {
    **dict.fromkeys(TAKEN, Judge.is_taken),
    "spacing.too-soon": _by_dates(_too_soon),
    "spacing.too-late": _by_dates(_too_late),
    "spacing.suspended": _by_dates(_suspended),
    "spacing.out-of-order": _by_dates(_out_of_order),
    "spacing.window": _by_dates(_too_long),
    "spacing.same-day": _by_dates(_same_day),
    "spacing.rolling-seven-days": _by_dates(_too_dense),
    "cap.per-7-days": _by_dates(_above_cap),
    "cap.per-30-days": _by_dates(_above_cap),
    "session.overlap-itself": _by_dates(_overlaps_itself),
    "session.illegal-move": _has_status,
    "series.illegal-move": _has_status,
    "series.closed": _has_status,
    "series.nothing-booked": _nothing_is_booked,
    "resource.closed": _is_closed,
    "session.in-past": _is_past,
    "waitlist.waits-already": _waits_already,
    "waitlist.series-not-active": _does_not_run,
    "waitlist.session-past": _needs_no_place,
    "stale": _is_stale,
    "hold.expired": _hold_is_over,
    "hold.confirmed": _hold_is_confirmed,
    "hold.released": _hold_is_released,
    "offer.expired": _offer_is_over,
    "offer.illegal-move": _offer_has_status,
}
"""How each reason is looked into; one that is not here cannot be, and counts as untrue."""
REFUSALS: Final = {HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.PRECONDITION_FAILED}
"""What a busy desk may be answered; anything else but a good answer is a fault by itself."""
