"""What became of every series, in the order of the database: the truth that answers are held against.

The database tells each committed change with the document as it was then. Nothing is taken from what clients were told.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from types import TracebackType
from typing import Any, Final, Self

from pymongo.database import Database

from services.booking.domain.series.series import Series
from shared.converters import from_document

FIVE_MINUTES: Final = 300
LIVE: Final = {"pending", "booked", "checked-in", "in-progress", "fulfilled"}
_HIDDEN: Final = ["fullDocument.slots", "fullDocument.outbox", "updateDescription"]

Slot = tuple[str, int]
"""A resource, and the number of five minutes since the epoch."""


@dataclass(frozen=True)
class State:
    """A document from `at` (seconds since the epoch) on; those of one `commit` came to be together."""

    at: float
    commit: Any
    collection: str
    document: Mapping[str, Any]

    @property
    def id(self) -> str:
        return str(self.document["_id"])

    @property
    def clinic_id(self) -> str:
        return str(self.document["clinic_id"])

    @property
    def live(self) -> list[Mapping[str, Any]]:
        """A series' sessions that have a place."""
        return [session for session in self.document["sessions"] if session["status"] in LIVE]

    @property
    def places(self) -> list[Mapping[str, Any]]:
        """All that it keeps for itself: live sessions and a place on offer, as long as the offer stands."""
        if not self.document.get("offered"):
            return self.live
        series = from_document(Series, {**self.document, "id": self.id})
        return [*self.live, self.document["offered"]["session"]] if series.offer_stands else self.live

    @property
    def dates(self) -> dict[int, str]:
        """The local dates of its live doses, by number."""
        return {session["number"]: session["starts_local"][:10] for session in self.live if session["doses"]}


@dataclass
class Recorder:
    """Writes down every state of some collections while the block lasts."""

    database: Database[dict[str, Any]]
    clinic_ids: Sequence[str]
    collections: Sequence[str] = ("series", "offers", "waitlist")
    states: list[State] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)
    _started: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        for name in self.collections:
            self.database.command("collMod", name, changeStreamPreAndPostImages={"enabled": True})
        self._thread = threading.Thread(target=self._record)
        self._thread.start()
        assert self._started.wait(20), "the database does not tell its changes"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._thread:
            self._thread.join()

    def _record(self) -> None:
        wanted = {
            "ns.coll": {"$in": list(self.collections)},
            "fullDocument.clinic_id": {"$in": list(self.clinic_ids)},
        }
        pipeline: list[dict[str, Any]] = [{"$match": wanted}, {"$unset": _HIDDEN}]
        with self.database.watch(pipeline, full_document="required", max_await_time_ms=300) as changes:
            self._started.set()
            while True:
                over = self._over.is_set()
                change = changes.try_next()
                if change is not None:
                    at = change["wallTime"].replace(tzinfo=UTC).timestamp()
                    self.states.append(State(at, change["clusterTime"], change["ns"]["coll"], change["fullDocument"]))
                elif over:
                    return


@dataclass(frozen=True)
class Tenure:
    """Somebody had a place of a resource in some five minutes, from one moment of real time to another."""

    series_id: str
    place: int
    since: float
    until: float


@dataclass
class History:
    """The states of all series in the order of their commits, and what follows from them."""

    states: Sequence[State]
    tenures: dict[Slot, list[Tenure]] = field(default_factory=dict)
    overlaps: list[str] = field(default_factory=list)
    _by_id: dict[str, list[State]] = field(default_factory=dict)
    _by_person: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for state in self.states:
            self._by_id.setdefault(state.id, []).append(state)
            if state.collection == "series":
                self._by_person.setdefault(state.document["person"], set()).add(state.id)
        holders: dict[tuple[Slot, int], tuple[str, float]] = {}
        held: dict[str, frozenset[tuple[Slot, int]]] = {}
        for commit in commits(self.of("series")):
            changed = {state.id: frozenset(_held(state)) for state in commit}
            at = commit[0].at
            for id, now in changed.items():
                self._leave(holders, id, held.get(id, frozenset()) - now, at)
            for id, now in changed.items():
                self._enter(holders, id, now - held.get(id, frozenset()), at)
            held.update(changed)
        for (slot, place), (id, since) in holders.items():
            self.tenures.setdefault(slot, []).append(Tenure(id, place, since, float("inf")))

    def of(self, collection: str) -> list[State]:
        """Those of one collection."""
        return [state for state in self.states if state.collection == collection]

    def series_of(self, person: str) -> list[str]:
        """The ids of a person's series."""
        return sorted(self._by_person.get(person, ()))

    def at(self, id: str, moment: float) -> State | None:
        """The state of an aggregate at a moment; None before its first."""
        return next((state for state in reversed(self._by_id.get(id, ())) if state.at <= moment), None)

    def during(self, id: str, began: float, ended: float) -> list[State]:
        """Every state that an aggregate was in at any moment of a time, if only at its first one."""
        mine = self._by_id.get(id, [])
        ends = [*(state.at for state in mine[1:]), float("inf")]
        return [state for state, end in zip(mine, ends, strict=False) if state.at <= ended and end >= began]

    def taken(self, slot: Slot, began: float, ended: float, *, but: str = "") -> int:
        """The most places of a resource that others than `but` had in those five minutes, at any moment of a time."""
        here = [one for one in self.tenures.get(slot, ()) if one.series_id != but]
        moments = [began, *(one.since for one in here if began <= one.since <= ended)]
        return max((sum(one.since <= moment <= one.until for one in here) for moment in moments), default=0)

    def _leave(self, holders: dict[Any, Any], id: str, places: Iterable[tuple[Slot, int]], at: float) -> None:
        for key in places:
            holder, since = holders.pop(key, (id, at))
            self.tenures.setdefault(key[0], []).append(Tenure(holder, key[1], since, at))

    def _enter(self, holders: dict[Any, Any], id: str, places: Iterable[tuple[Slot, int]], at: float) -> None:
        for key in places:
            if key in holders:
                (resource, number), place = key
                when = datetime.fromtimestamp(number * FIVE_MINUTES, UTC)
                self.overlaps.append(f"{resource}, place {place}, at {when}: {holders[key][0]} and {id}")
            holders[key] = (id, at)


def commits(states: Iterable[State]) -> Iterator[list[State]]:
    """States that came to be together, the last one of each aggregate."""
    for _, together in groupby(states, key=lambda state: state.commit):
        yield list({state.id: state for state in together}.values())


def slots_of(claim: Mapping[str, Any]) -> range:
    """The numbers of the five minutes that a claim touches."""
    return slots_between(claim["from_at"], claim["until_at"])


def slots_between(from_at: datetime, until_at: datetime) -> range:
    """The numbers of the five minutes that lie at least partly between two instants."""
    first, last = int(from_at.timestamp()), int(until_at.timestamp())
    return range(first // FIVE_MINUTES, -(-last // FIVE_MINUTES))


def _held(state: State) -> Iterator[tuple[Slot, int]]:
    for session in state.places:
        for claim in session["claims"]:
            for number in slots_of(claim):
                yield from (((claim["resource_id"], number), place) for place in claim["places"])
