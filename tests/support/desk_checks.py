"""What no order of bookings, moves and cancellations may lead to. The rules are written out here once more, by hand.

Each check returns what is wrong, in words.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Final

from tests.support.desk_history import History, State, commits

SPACING: Final[Mapping[str, tuple[int, int, int]]] = {"mood-iv-6x2w": (6, 2, 3), "mood-iv-3x3w": (3, 6, 1)}
"""Of each protocol: how many sessions, the least days between two, the most in any seven days."""
CAPS: Final = ((1, 1), (7, 3), (30, 8))
"""One person treated for depression has at most so many doses on so many dates in a row, in all clinics together."""
NEEDS: Final = {"patient": 145, "chair": 145, "nurse": 130}
"""For how many minutes on end a session has each of them."""
_MAY_BE: Final[Mapping[str, set[str]]] = {
    "held": {"pending"},
    "active": {"booked", "checked-in", "in-progress", "fulfilled", "cancelled", "noshow", "proposed"},
    "paused": {"proposed", "cancelled", "noshow", "fulfilled", "checked-in", "in-progress"},
    "completed": {"fulfilled", "cancelled", "noshow"},
    "cancelled": {"cancelled", "noshow", "fulfilled"},
    "lapsed": {"cancelled"},
}


def wrongs(history: History) -> list[str]:
    """All that must never be."""
    series = history.of("series")
    return [
        *history.overlaps,
        *(fault for state in series for fault in halves(state)),
        *(fault for state in series for fault in broken_spacing(state)),
        *broken_caps(series),
        *lost_versions(series),
    ]


def halves(state: State) -> Iterator[str]:
    """A series has all its sessions, in statuses that go together, and each live one has all that it needs."""
    sessions, status = state.document["sessions"], state.document["status"]
    planned, _, _ = SPACING[state.document["protocol"]]
    if [session["number"] for session in sessions] != list(range(1, planned + 1)):
        yield f"{state.id} has sessions {[session['number'] for session in sessions]}"
    if strange := {session["status"] for session in sessions} - _MAY_BE[status]:
        yield f"{state.id} is {status}, and its sessions are {strange}"
    if state.document["version"] == 1 and len(state.live) != planned:
        yield f"{state.id} was born with {len(state.live)} of {planned} places"
    for session in state.places:
        if amiss := {kind for kind, minutes in NEEDS.items() if not _has(session, kind, minutes)}:
            yield f"{state.id}: session {session['number']} has too little of {amiss}: {session['claims']}"


def _has(session: Mapping[str, Any], kind: str, minutes: int) -> bool:
    """Whether it has one such resource, for so long, without a gap."""
    claims = [claim for claim in session["claims"] if claim["kind"] == kind]
    spans = sorted((claim["from_at"], claim["until_at"]) for claim in claims)
    return (
        len({claim["resource_id"] for claim in claims}) == 1
        and all(earlier[1] == later[0] for earlier, later in pairwise(spans))
        and spans[-1][1] - spans[0][0] == timedelta(minutes=minutes)
    )


def broken_spacing(state: State) -> Iterator[str]:
    """The live sessions of a series lie in order and keep their distance."""
    _, least, per_seven = SPACING[state.document["protocol"]]
    dates = [date.fromisoformat(on) for _, on in sorted(state.dates.items())]
    if any((later - earlier).days < least for earlier, later in pairwise(dates)):
        yield f"{state.id} #{state.document['version']} lies too close: {dates}"
    if crowded(dates, 7) > per_seven:
        yield f"{state.id} #{state.document['version']} is too dense: {dates}"


def broken_caps(series: Sequence[State]) -> Iterator[str]:
    """No person ever has too many doses, whichever clinics give them."""
    dates: dict[str, dict[str, list[date]]] = defaultdict(dict)
    for commit in commits(series):
        for state in commit:
            dates[state.document["person"]][state.id] = [date.fromisoformat(on) for on in state.dates.values()]
        for person in {state.document["person"] for state in commit}:
            all_of_them = [day for own in dates[person].values() for day in own]
            for days, most in CAPS:
                if crowded(all_of_them, days) > most:
                    yield f"a person has more than {most} doses in {days} days: {sorted(all_of_them)}"


def crowded(dates: Sequence[date], days: int) -> int:
    """The most of these dates that lie on so many dates in a row."""
    return max((sum(timedelta() <= last - day < timedelta(days=days) for day in dates) for last in dates), default=0)


def lost_versions(series: Sequence[State]) -> Iterator[str]:
    """The versions of each series follow one another: the history is whole."""
    versions: dict[str, int] = {}
    for state in series:
        before, now = versions.get(state.id, 0), state.document["version"]
        if now not in {before, before + 1}:
            yield f"{state.id} went from version {before} to {now}"
        versions[state.id] = now
