from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.booking.domain.calendar.resource import Resource, ResourceKind, Skill
from services.booking.domain.calendar.slots import SLOT, Claim, is_on_grid, runs_of, slots_of, start_of
from services.booking.domain.placement.availability import (
    Calendar,
    claims_of,
    claims_on,
    first_clash,
    pick,
    why_none,
)
from services.booking.domain.protocol.protocol import Block, Need, Phase
from services.booking.domain.protocol.templates import ESKETAMINE_BLOCKS, MOOD_BLOCKS, TEMPLATES
from shared.localtime import resolve, to_local
from tests.support.booking_builders import MOOD, NEW_YORK, a_calendar, a_chair, a_nurse, a_resource

CHAIR, NURSE = ResourceKind.CHAIR, ResourceKind.NURSE
MONDAY = date(2026, 3, 9)
EIGHT = resolve(datetime(2026, 3, 9, 8), NEW_YORK)  # noqa: DTZ001
PHASE = MOOD.phases[0]


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


def taken(calendar: Calendar, claims: Iterable[Claim]) -> Calendar:
    return replace(calendar, busy=calendar.busy.union(*(claim.slots for claim in claims)))


def all_of(calendar: Calendar, phase: Phase, starts_at: datetime) -> list[Claim]:
    """What a session takes of every kind; nothing when one kind is not to be had."""
    picked = [pick(calendar, phase, starts_at, kind) for kind in phase.kinds]
    return list(chain(*picked)) if all(picked) else []


def together(calendar: Calendar, starts_at: datetime, phase: Phase) -> int:
    """How many sessions may start at once."""
    count = 0
    while claims := all_of(calendar, phase, starts_at):
        calendar, count = taken(calendar, claims), count + 1
    return count


def in_minutes(claims: Sequence[Claim]) -> list[tuple[int, int, tuple[int, ...]]]:
    return [((one.from_at - EIGHT) // minutes(1), (one.until_at - EIGHT) // minutes(1), one.places) for one in claims]


RECOVERY = Phase("recovery", 1, (Block("recovery", 60, (Need(CHAIR), Need(NURSE, per=2))),))
"""Nothing but an hour in which one nurse watches two."""


@pytest.mark.parametrize(("nurses", "most"), [(1, 2), (2, 3)])
def test_a_nurse_for_two_patients_limits_together_with_the_chairs(nurses: int, most: int):
    """Three chairs; two nurses could watch four, so the chairs are the limit; one nurse watches two."""
    resources = [*(a_chair(f"c{n}") for n in range(3)), *(a_nurse(f"n{n}", capacity=2) for n in range(nurses))]
    assert together(a_calendar(*resources), EIGHT, RECOVERY) == most


def test_four_chairs_two_nurses_four_patients():
    resources = [*(a_chair(f"c{n}") for n in range(9)), *(a_nurse(f"n{n}", capacity=2) for n in range(2))]
    assert together(a_calendar(*resources), EIGHT, RECOVERY) == 4


def test_a_pool_of_chairs_takes_as_many_as_it_has():
    assert together(a_calendar(a_chair(capacity=3), a_nurse(capacity=8)), EIGHT, RECOVERY) == 2
    assert together(a_calendar(a_chair(capacity=3), *(a_nurse(str(n)) for n in range(9))), EIGHT, RECOVERY) == 3


def test_during_the_infusion_a_nurse_has_one_patient():
    assert together(a_calendar(a_chair(capacity=3), a_nurse(capacity=2)), EIGHT, PHASE) == 1


def test_a_nurse_prepares_the_next_patient_when_nobody_else_needs_more_than_half_of_her():
    """At 55 minutes the first patient recovers; a second one's infusion needs the whole nurse, recovery only half."""
    calendar = a_calendar(a_chair(capacity=3), a_nurse(capacity=2))
    first = taken(calendar, all_of(calendar, PHASE, EIGHT))
    assert not all_of(first, PHASE, EIGHT + minutes(60))
    assert all_of(first, PHASE, EIGHT + minutes(130))
    assert all_of(first, RECOVERY, EIGHT + minutes(55))


def test_a_claim_splits_where_the_share_changes():
    calendar = a_calendar(a_chair(), a_nurse(capacity=2))
    claims = pick(calendar, PHASE, EIGHT, NURSE)
    assert in_minutes(claims) == [(0, 55, (0, 1)), (55, 115, (0,)), (115, 130, (0, 1))]


def test_a_claim_does_not_split_where_the_share_stays():
    assert in_minutes(pick(a_calendar(), PHASE, EIGHT, NURSE)) == [(0, 130, (0,))]


def test_places_change_in_the_middle_rather_than_not_fit():
    """Place 0 is taken in the first half hour, place 1 in the second: no place is free for the whole hour."""
    pool = a_chair(capacity=2)
    halves = (
        Claim("chair", pool.id, EIGHT, EIGHT + minutes(30), (0,)),
        Claim("chair", pool.id, EIGHT + minutes(30), EIGHT + minutes(60), (1,)),
    )
    calendar = taken(a_calendar(pool, a_nurse()), halves)
    assert in_minutes(pick(calendar, RECOVERY, EIGHT, CHAIR)) == [(0, 30, (1,)), (30, 60, (0,))]


def test_slots_of_all_places_belong_to_their_resource():
    claim = Claim("nurse", "nurse-1", EIGHT, EIGHT + SLOT, (0, 2))
    assert {slot.partition("|")[0] for slot in claim.slots} == {"nurse-1", "nurse-1#2"}
    assert slots_of(runs_of(claim.slots), ["nurse-1"], EIGHT, EIGHT + SLOT) == claim.slots
    assert slots_of(runs_of(claim.slots), ["nurse-10"], EIGHT, EIGHT + SLOT) == frozenset()
    assert {start_of(slot) for slot in claim.slots} == {EIGHT}


def test_one_chair_takes_three_patients_a_day():
    """Open 08:00 to 17:00, the chair taken for 145 minutes, starts on the quarter of an hour: the fourth is refused."""
    calendar, starts = a_calendar(), []
    for quarter in range(4 * 16):
        at = EIGHT + quarter * minutes(15)
        if claims := all_of(calendar, PHASE, at):
            calendar = taken(calendar, claims)
            starts.append(f"{to_local(at, NEW_YORK):%H:%M}")
    assert starts == ["08:00", "10:30", "13:00"]
    assert all_of(calendar, PHASE, resolve(datetime(2026, 3, 9, 15, 30), NEW_YORK)) == []  # noqa: DTZ001


def test_the_last_start_of_the_day_leaves_time_to_turn_the_chair_over():
    starts = [EIGHT + count * SLOT for count in range(12 * 9)]
    fits = [to_local(at, NEW_YORK) for at in starts if all_of(a_calendar(), PHASE, at)]
    assert f"{fits[-1]:%H:%M}" == "14:35"
    assert f"{max(wall for wall in fits if is_on_grid(wall, minutes(15))):%H:%M}" == "14:30"


ACLS = Phase("infusion", 1, (Block("infusion", 40, (Need(NURSE, skills=("acls",)), Need(CHAIR))),))


def test_only_those_with_the_skills_serve():
    nurses = (a_nurse("a"), a_nurse("b", skills=(Skill("acls", MONDAY),)))
    claims = pick(a_calendar(a_chair(), *nurses), ACLS, EIGHT, NURSE)
    assert [(claim.resource_id, claim.skills) for claim in claims] == [("b", ("acls",))]
    assert pick(a_calendar(a_chair(), *nurses), ACLS, EIGHT + timedelta(days=1), NURSE) == ()


def test_missing_skills_are_the_reason():
    calendar = a_calendar(a_chair(), a_nurse())
    (fault,) = why_none(calendar, ACLS, EIGHT, NURSE)
    assert (fault.code, fault.context["skills"]) == ("resource.unskilled", ["acls"])


def test_a_holiday_closes_everything():
    calendar = replace(a_calendar(), holidays=frozenset({MONDAY}))
    assert pick(calendar, PHASE, EIGHT, CHAIR) == ()
    assert pick(calendar, PHASE, EIGHT + timedelta(days=1), CHAIR)


def test_too_small_a_share_is_told_from_when_until_when():
    nurse = a_nurse(capacity=2)
    busy = Claim("nurse", nurse.id, EIGHT + minutes(20), EIGHT + minutes(70), (1,))
    calendar = taken(a_calendar(a_chair(), nurse), [busy])
    assert first_clash(calendar, PHASE, EIGHT, nurse) == (EIGHT + minutes(20), EIGHT + minutes(55))
    assert [fault.code for fault in why_none(calendar, PHASE, EIGHT, NURSE)] == ["series.slot-taken"]
    assert first_clash(calendar, RECOVERY, EIGHT, nurse) is None


a_need = st.builds(Need, st.just(NURSE), st.integers(1, 4))
a_phase = st.lists(st.tuples(st.integers(1, 4), st.booleans(), a_need), min_size=1, max_size=4).map(
    lambda blocks: Phase(
        "any",
        1,
        tuple(
            Block(f"b{place}", length * 5, (Need(CHAIR), *([need] if with_nurse else [])))
            for place, (length, with_nurse, need) in enumerate(blocks)
        ),
    )
)
a_start = st.integers(0, 20).map(lambda count: EIGHT + count * SLOT)


@given(st.integers(1, 5), st.integers(1, 4), st.lists(st.tuples(a_phase, a_start), max_size=12))
def test_places_never_exceed_the_capacity_and_whatever_fits_by_number_is_placed(
    nurse: int, chairs: int, sessions: list[tuple[Phase, datetime]]
):
    """In each five minutes the sum of places is counted beside the calendar, by number alone."""
    resources = {CHAIR: a_chair(capacity=chairs), NURSE: a_nurse(capacity=nurse)}
    calendar, used = a_calendar(*resources.values()), Counter[tuple[str, datetime]]()
    for phase, starts_at in sessions:
        for kind in phase.kinds:
            wanted = _wanted(phase, starts_at, resources[kind])
            fits = all(used[kind, at] + count <= resources[kind].capacity for at, count in wanted.items())
            claims = pick(calendar, phase, starts_at, kind)
            assert bool(claims) is fits
            if fits:
                assert _counted(claims) == wanted
                calendar = taken(calendar, claims)
                used.update({(kind, at): count for at, count in wanted.items()})
    assert all(count <= resources[ResourceKind(kind)].capacity for (kind, _), count in used.items())
    assert len(calendar.busy) == sum(used.values())


def _wanted(phase: Phase, starts_at: datetime, resource: Resource) -> Counter[datetime]:
    share = {CHAIR: lambda _: 1, NURSE: lambda per: (resource.capacity + per - 1) // per}
    count: Counter[datetime] = Counter()
    at = starts_at
    for block in phase.blocks:
        for need in block.needs:
            if need.kind is resource.kind:
                count.update({at + step * SLOT: share[need.kind](need.per) for step in range(block.minutes // 5)})
        at += minutes(block.minutes)
    return count


def _counted(claims: Sequence[Claim]) -> Counter[datetime]:
    return Counter(start_of(slot) for claim in claims for slot in claim.slots)


def test_the_same_calendar_gives_the_same_places():
    calendar = a_calendar(a_chair(), a_nurse("b", capacity=3), a_nurse("a", capacity=3))
    assert pick(calendar, PHASE, EIGHT, NURSE) == pick(calendar, PHASE, EIGHT, NURSE)
    assert pick(calendar, PHASE, EIGHT, NURSE)[0].resource_id == "a"


def test_when_a_resource_is_claimed_does_not_depend_on_its_places():
    nurse = a_nurse(capacity=2)
    wanted = claims_of(PHASE, EIGHT, NURSE, nurse.id)
    assert (wanted[0].from_at, wanted[-1].until_at) == (EIGHT, EIGHT + minutes(130))
    assert [claim.from_at for claim in claims_on(a_calendar(a_chair(), nurse), PHASE, EIGHT, nurse)] == [
        claim.from_at for claim in wanted
    ]


def test_an_observation_is_watched_like_a_recovery():
    phase = Phase("spray", 1, ESKETAMINE_BLOCKS)
    claims = pick(a_calendar(a_chair(), a_nurse(capacity=2)), phase, EIGHT, NURSE)
    assert in_minutes(claims) == [(0, 25, (0, 1)), (25, 145, (0,)), (145, 160, (0, 1))]


def test_nobody_else_is_with_the_therapist_of_a_dosing_session():
    therapist = a_resource(ResourceKind.THERAPIST, capacity=4)
    dosing = TEMPLATES["kap-6"].phases[1]
    claims = pick(a_calendar(therapist), dosing, EIGHT, ResourceKind.THERAPIST)
    assert in_minutes(claims) == [(0, 165, (0, 1, 2, 3))]


def test_the_patient_is_claimed_once():
    assert PHASE.blocks == MOOD_BLOCKS
    assert len(claims_of(PHASE, EIGHT, "patient", "patient:ada")) == 1
