from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.booking.domain.calendar.resource import Resource, ResourceKind
from services.booking.domain.calendar.slots import PATIENT, SLOT, Weekday, patient_key, runs_of, slot_key, slots_between
from services.booking.domain.placement.availability import Calendar, claims_of, pick
from services.booking.domain.placement.free_time import FreeTime, Grid, busy_of
from services.booking.domain.placement.placement import Wish
from services.booking.domain.planning.cost import RATES
from services.booking.domain.planning.places import Places
from services.booking.domain.planning.wishes import TimeOfDay, Wishes, WishKind
from services.booking.domain.protocol.protocol import Block, Need, Phase
from services.booking.domain.protocol.templates import TEMPLATES
from shared.localtime import resolve, to_local
from tests.support.booking_builders import NEW_YORK, NOW, a_chair, a_nurse, hours

FIRST = date(2026, 3, 5)
"""A Thursday."""
MOOD = TEMPLATES["booster-single"].phases[0]


ANYTHING = Wishes()


def places(
    *resources: Resource, wishes: Wishes = ANYTHING, busy: Iterable[str] = (), days: int = 1, now: datetime = NOW
) -> Places:
    grid = Grid(NEW_YORK, FIRST, days)
    staff = resources or (a_chair(), a_nurse())
    return Places(FreeTime(grid, now, "patient-1", staff, busy_of(runs_of(busy), grid)), wishes, RATES)


def the_place(found: Places, phase: Phase = MOOD) -> tuple[str, str, int]:
    """Wall time, seat and points of the place on the first date."""
    place = found.of(phase)[0]
    assert place is not None
    at = Grid(NEW_YORK, FIRST, 1).starts_at(place.start)
    return f"{to_local(at, NEW_YORK):%H:%M}", place.seat, place.points


def taken(resource_id: str, from_time: str, until_time: str, on: date = FIRST) -> list[str]:
    from_at, until_at = (
        resolve(datetime.combine(on, time.fromisoformat(wall)), NEW_YORK) for wall in (from_time, until_time)
    )
    return list(slots_between(resource_id, from_at, until_at))


def test_the_earliest_start_is_the_place_on_an_empty_day():
    assert the_place(places()) == ("08:00", "chair-1", 0)


def test_the_capacity_vector_of_one_chair():
    """Open 08:00 to 17:00, the chair taken for 145 minutes: 08:00, 10:30, 13:00, and no fourth; 14:30 is the latest."""
    busy: list[str] = []
    starts = []
    while (found := places(busy=busy)).of(MOOD)[0] is not None:
        start, _, _ = the_place(found)
        starts.append(start)
        end = (datetime.combine(FIRST, time.fromisoformat(start)) + timedelta(minutes=145)).time()
        busy += [*taken("chair-1", start, f"{end:%H:%M}"), *taken("nurse-1", start, f"{end:%H:%M}")]
    assert starts == ["08:00", "10:30", "13:00"]
    assert the_place(places(busy=taken("chair-1", "08:00", "14:20")))[0] == "14:30"


def test_an_empty_chair_is_not_broken_into_where_another_one_has_a_fitting_gap():
    """Between 08:00 and 10:25 nothing is lost on chair B; on chair A only at the day's begin, which is the same."""
    busy = [*taken("b", "10:25", "17:00"), *taken("a", "08:00", "08:30")]
    assert the_place(places(a_chair("a"), a_chair("b"), a_nurse(), busy=busy)) == ("08:00", "b", 0)


def test_lost_time_counts_in_begun_quarters_and_the_least_is_taken():
    """From 08:00 to 11:00 one session fits; wherever it starts, 35 minutes are lost."""
    busy = [*taken("a", "11:00", "17:00"), *taken("b", "10:45", "17:00")]
    assert the_place(places(a_chair("a"), a_chair("b"), a_nurse(), busy=busy)) == ("08:00", "b", 2)
    assert the_place(places(a_chair("a"), a_nurse(), busy=busy)) == ("08:00", "a", 3)


def test_in_a_long_gap_every_start_is_weighed():
    """From 08:00 to 13:00 the nurse is there for one early visit and for one that leaves less behind it."""
    busy = [
        *taken("nurse-1", "08:00", "08:30"),
        *taken("nurse-1", "09:45", "11:30"),
        *taken("nurse-1", "12:45", "17:00"),
    ]
    chair = a_chair(hours=hours("08:00", "13:00"))
    assert the_place(places(chair, a_nurse(), busy=busy), VISIT) == ("11:30", "chair-1", 1)


def test_named_resources_are_taken_or_none_at_all():
    staff = (a_chair("a"), a_chair("b"), a_nurse("n"), a_nurse("o"))
    wishes = Wishes(resource_ids=("o", "b"))
    found = places(*staff, wishes=wishes)
    place = found.of(MOOD)[0]
    assert place is not None
    assert found.resources_at(MOOD, place) == ("b", "o")
    gone = places(*staff, wishes=wishes, busy=taken("o", "08:00", "17:00"))
    assert gone.of(MOOD) == [None]


def test_a_bendable_wish_is_kept_where_it_can_be_and_costs_where_it_cannot():
    staff = (a_chair("a"), a_nurse("n"), a_nurse("o"))
    wishes = Wishes(resource_ids=("o",), bendable=frozenset({WishKind.RESOURCES}))
    found = places(*staff, wishes=wishes, busy=taken("o", "08:00", "10:30"))
    place = found.of(MOOD)[0]
    assert place is not None
    assert found.resources_at(MOOD, place) == ("a", "o")
    assert the_place(found) == ("10:30", "a", 0)
    gone = places(*staff, wishes=wishes, busy=taken("o", "08:00", "17:00"))
    assert the_place(gone) == ("08:00", "a", RATES.resource)


def test_times_of_day_are_kept_or_cost():
    afternoon = (TimeOfDay(time(13), time(13, 15)),)
    assert the_place(places(wishes=Wishes(times=afternoon)))[0] == "13:00"
    busy = taken("chair-1", "13:30", "17:00")
    assert places(wishes=Wishes(times=afternoon), busy=busy).of(MOOD) == [None]
    bendable = Wishes(times=afternoon, bendable=frozenset({WishKind.TIMES}))
    assert the_place(places(wishes=bendable, busy=busy)) == ("08:00", "chair-1", RATES.time_of_day)


def test_weekdays_are_kept_or_cost():
    assert places(wishes=Wishes(weekdays=(Weekday.FR,)), days=2).of(MOOD)[0] is None
    bendable = Wishes(weekdays=(Weekday.FR,), bendable=frozenset({WishKind.WEEKDAYS}))
    assert the_place(places(wishes=bendable))[2] == RATES.weekday


def test_a_fixed_session_may_start_on_any_slot_and_takes_what_is_named():
    found = places(a_chair("a"), a_chair("b"), a_nurse())
    at = datetime.combine(FIRST, time(9, 5))
    place = found.fixed(MOOD, Wish(at, resource_ids=("b",)))
    assert place is not None
    assert found.resources_at(MOOD, place, ("b",)) == ("b", "nurse-1")
    assert found.fixed(MOOD, Wish(at + timedelta(hours=8))) is None
    assert found.fixed(MOOD, Wish(at - timedelta(days=30))) is None


VISIT = Phase(
    "visit",
    1,
    (
        Block("check-in", 15),
        Block("talk", 45, (Need(ResourceKind.CHAIR), Need(ResourceKind.NURSE))),
        Block("rest", 30, (Need(ResourceKind.CHAIR), Need(ResourceKind.NURSE, per=2))),
    ),
)
LENGTH = 75 // 5


def tried(calendar: Calendar, day: date, wishes: Wishes) -> tuple[int, datetime, str] | None:
    """Points, start and seat of the best place of a date, by looking at every start and every chair."""
    found = []
    midnight = resolve(datetime.combine(day, time()), NEW_YORK)
    strict = wishes.resource_ids if wishes.binds(WishKind.RESOURCES) else ()
    for number in range(25 * 4):
        at = midnight + number * 3 * SLOT
        local = to_local(at, NEW_YORK)
        person = claims_of(VISIT, at, PATIENT, patient_key("patient-1"))
        if to_local(at - VISIT.arrival, NEW_YORK).date() != day or at < calendar.now or not calendar.is_free(person):
            continue
        in_time = not wishes.times or any(
            one.from_time <= local.time() and (one.until_time is None or local.time() < one.until_time)
            for one in wishes.times
        )
        if wishes.binds(WishKind.TIMES) and not in_time:
            continue
        nurse = pick(calendar, VISIT, at, ResourceKind.NURSE, strict)
        wished_nurse = pick(calendar, VISIT, at, ResourceKind.NURSE, wishes.resource_ids)
        for chair in calendar.of_kind("chair", strict):
            alone = replace(calendar, resources=(chair,))
            if nurse and pick(alone, VISIT, at, ResourceKind.CHAIR):
                missed = _missed(calendar, wishes, chair, is_nurse_wished=bool(wished_nurse))
                points = missed * RATES.resource + (0 if in_time else RATES.time_of_day)
                found.append((points + -(-_lost(alone, chair, at) // 3), at, chair))
    best = min(found, key=lambda one: (one[0], one[1], one[2].name, one[2].id), default=None)
    return best and (best[0], best[1], best[2].id)


def _missed(calendar: Calendar, wishes: Wishes, chair: Resource, *, is_nurse_wished: bool) -> int:
    named = {one.kind for one in calendar.resources if one.id in wishes.resource_ids and one.is_active}
    chair_missed = ResourceKind.CHAIR in named and chair.id not in wishes.resource_ids
    return chair_missed + (ResourceKind.NURSE in named and not is_nurse_wished)


def _lost(calendar: Calendar, chair: Resource, at: datetime) -> int:
    def is_free(number: int) -> bool:
        begin = at + number * SLOT
        is_open = chair.is_open(begin, begin + SLOT, NEW_YORK)
        return is_open and bool(calendar.free_places(chair, (begin - datetime(1970, 1, 1, tzinfo=UTC)) // SLOT))

    before = next(number for number in range(300) if not is_free(-1 - number))
    behind = next(number for number in range(300) if not is_free(LENGTH + number))
    return sum(free for free in (before, behind) if free < LENGTH)


keys = st.sampled_from(["a", "b", "b#1", "n", "o", "o#1", patient_key("patient-1")])
times = st.sampled_from([(), (TimeOfDay(time(10), time(12)),), (TimeOfDay(time(14)), TimeOfDay(time(8), time(9)))])
wishes_ = st.builds(
    Wishes,
    times=times,
    resource_ids=st.lists(st.sampled_from(["a", "b", "n", "o"]), max_size=2, unique=True).map(tuple),
    bendable=st.sets(st.sampled_from([WishKind.TIMES, WishKind.RESOURCES])).map(frozenset),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(keys, st.integers(90, 210), st.integers(1, 20)), max_size=12), wishes_, st.integers(0, 14))
def test_the_place_of_a_date_is_what_trying_everything_finds(
    busy: list[tuple[str, int, int]], wishes: Wishes, hours_gone: int
):
    grid = Grid(NEW_YORK, FIRST, 1)
    slots = {f"{key}|{grid.begin + bit + more:08}" for key, bit, length in busy for more in range(length)}
    staff = (
        a_chair("a", hours=hours("08:00", "13:00")),
        a_chair("b", capacity=2),
        a_nurse("n"),
        a_nurse("o", capacity=2, hours=hours("07:30", "16:00")),
    )
    now = grid.starts_at(0) + timedelta(hours=hours_gone)
    found = Places(FreeTime(grid, now, "patient-1", staff, busy_of(runs_of(slots), grid)), wishes, RATES).of(VISIT)[0]
    expected = tried(Calendar(NEW_YORK, now, "patient-1", staff, frozenset(slots)), FIRST, wishes)
    assert (found and (found.points, grid.starts_at(found.start), found.seat)) == expected


def test_every_session_has_a_seat_from_its_start_on():
    """What lost time is counted on: the first kind that a session needs is needed from the first minute."""
    for regimen in TEMPLATES.values():
        for phase in regimen.phases:
            assert next(span for span in phase.spans if span.kind == phase.kinds[0]).begins == timedelta()


@pytest.mark.parametrize(
    ("zone", "night", "start"),
    [
        (NEW_YORK, date(2026, 3, 8), None),
        ("Europe/Berlin", date(2026, 3, 29), None),
        ("Australia/Lord_Howe", date(2026, 10, 4), time(2, 30)),
    ],
)
def test_no_session_starts_at_a_time_that_does_not_exist(zone: str, night: date, start: time | None):
    """From two to three at night: nothing is left of that hour, or half of it."""
    open_then = hours("02:00", "06:00", days=Weekday)
    staff = (a_chair(hours=open_then), a_nurse(hours=open_then))
    grid, wanted = Grid(zone, night, 1), Wishes(times=(TimeOfDay(time(2), time(3)),))
    place = Places(FreeTime(grid, NOW, "patient-1", staff, {}), wanted, RATES).of(MOOD)[0]
    assert (place and to_local(grid.starts_at(place.start), zone).time()) == start


def test_the_key_of_a_place_is_that_of_its_slots():
    assert slot_key("a", 7, 1) == "a#1|00000007"
