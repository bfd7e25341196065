"""Who is on call: by the clinic's wall clock, at every minute, also in the nights when clocks change."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.followup.domain.hours import Opening
from services.followup.domain.rota import Contact, Rota, Shift, StandIn
from services.followup.domain.triggers import Role
from services.followup.operations.rota import PublishRota, ShowRota, publish_rota, show_rota
from shared.errors import RuleBroken, Stale
from shared.localtime import resolve, to_local
from tests.support.followup_builders import CLINIC, NEW_YORK, a_rota, all_week
from tests.support.followup_fakes import RULES, FakeFollowup

ANN, BEN, CAT = (Contact(name.lower(), name, phone="+12125550180") for name in ("Ann", "Ben", "Cat"))
EVERY_DAY = tuple(range(1, 8))
REST = EVERY_DAY[2:]
NIGHTS = {
    "America/New_York": ("2026-03-08", "2026-11-01"),
    "Europe/Berlin": ("2026-03-29", "2026-10-25"),
    "Australia/Lord_Howe": ("2026-10-04", "2026-04-05"),
}


def shift(contact, begins, ends, *, role=Role.CLINICIAN, days=EVERY_DAY):
    return Shift(role, contact.id, days, time.fromisoformat(begins), time.fromisoformat(ends))


def rota(*shifts, **changes):
    return Rota("clinic-1", contacts=(ANN, BEN, CAT), shifts=shifts, **changes)


def who(rota, wall, zone=NEW_YORK):
    contact = rota.who(Role.CLINICIAN, resolve(datetime.fromisoformat(wall), zone), zone)
    return contact and contact.id


def gaps(*shifts):
    """What is refused of a rota in which only the clinician must be on call."""
    try:
        rota().published(rota(*shifts), [Role.CLINICIAN])
    except RuleBroken as refusal:
        return [(fault.code, fault.context.get("from"), fault.context.get("until")) for fault in refusal.faults]
    return []


def test_shifts_take_over_from_each_other_to_the_minute():
    day_and_night = rota(shift(ANN, "08:00", "20:00"), shift(BEN, "20:00", "08:00"))
    walls = ("2026-03-10 07:59", "2026-03-10 08:00", "2026-03-10 19:59", "2026-03-10 20:00", "2026-03-11 00:00")
    assert [who(day_and_night, wall) for wall in walls] == ["ben", "ann", "ann", "ben", "ben"]


def test_a_night_shift_belongs_to_the_day_on_which_it_begins():
    friday_night = rota(shift(ANN, "20:00", "08:00", days=(5,)))
    assert who(friday_night, "2026-03-14 07:59") == "ann"
    assert who(friday_night, "2026-03-13 07:59") is None
    assert who(friday_night, "2026-03-14 20:00") is None


def test_a_stand_in_takes_the_place_of_whoever_has_the_shift_for_as_long_as_it_lasts():
    from_six = resolve(datetime.fromisoformat("2026-03-10 18:00"), NEW_YORK)
    swapped = rota(
        shift(ANN, "00:00", "00:00"),
        stand_ins=(StandIn(Role.CLINICIAN, "cat", from_six, from_six + timedelta(hours=2)),),
    )
    walls = ("2026-03-10 17:59", "2026-03-10 18:00", "2026-03-10 19:59", "2026-03-10 20:00")
    assert [who(swapped, wall) for wall in walls] == ["ann", "cat", "cat", "ann"]


def test_the_first_of_two_who_are_on_call_is_paged():
    assert who(rota(shift(BEN, "00:00", "00:00"), shift(ANN, "00:00", "00:00")), "2026-03-10 12:00") == "ben"


def test_another_role_is_another_list():
    assert who(rota(shift(ANN, "00:00", "00:00", role=Role.BACKUP)), "2026-03-10 12:00") is None


@pytest.mark.parametrize(
    ("shifts", "expected"),
    [
        ([shift(ANN, "00:00", "00:00")], []),
        ([shift(ANN, "08:00", "20:00"), shift(BEN, "20:00", "08:00")], []),
        ([], [("rota.gap", "Monday 00:00", "Monday 00:00")]),
        ([shift(ANN, "00:00", "00:00"), shift(BEN, "09:00", "10:00", days=(3,))], []),
        (
            [shift(ANN, "08:00", "20:00", days=(1,)), shift(BEN, "20:00", "08:00", days=(7,))],
            [("rota.gap", "Monday 20:00", "Sunday 20:00")],
        ),
        (
            [
                shift(ANN, "08:00", "20:00"),
                shift(BEN, "20:15", "08:00", days=(1, 2)),
                shift(CAT, "20:00", "07:59", days=REST),
            ],
            [
                ("rota.gap", "Monday 07:59", "Monday 08:00"),
                *(("rota.gap", f"{day} 20:00", f"{day} 20:15") for day in ("Monday", "Tuesday")),
                *(("rota.gap", f"{day} 07:59", f"{day} 08:00") for day in ("Thursday", "Friday", "Saturday", "Sunday")),
            ],
        ),
    ],
)  # fmt: skip
def test_every_gap_of_the_week_is_named(shifts, expected):
    assert gaps(*shifts) == expected


def test_everything_that_is_wrong_with_a_rota_is_said_at_once():
    wrong = Rota(
        "clinic-1",
        contacts=(ANN, replace(ANN, phone=None)),
        shifts=(shift(BEN, "00:00", "00:00"),),
        stand_ins=(StandIn(Role.NURSE, "ann", datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)),),
        openings=(Opening((1,), time(9), time(9)),),
    )
    with pytest.raises(RuleBroken) as refusal:
        rota().published(wrong, RULES.on_call)
    assert [(fault.code, fault.pointer) for fault in refusal.value.faults] == [
        ("rota.unreachable", "/contacts/1"),
        ("rota.contact-twice", "/contacts/1/id"),
        ("rota.unknown-contact", "/shifts/0/contact_id"),
        ("rota.ends-too-early", "/stand_ins/0/ends_at"),
        ("rota.closes-too-early", "/openings/0/closes"),
        ("rota.gap", "/shifts"),
        ("rota.gap", "/shifts"),
        ("rota.gap", "/shifts"),
    ]


@pytest.mark.parametrize(("zone", "night"), [(zone, night) for zone, nights in NIGHTS.items() for night in nights])
@pytest.mark.parametrize("hour", ["00:30", "01:30", "01:45", "02:00", "02:15", "02:30", "02:45", "03:00"])
def test_somebody_is_on_call_at_every_minute_of_the_nights_when_clocks_change(zone, night, hour):
    handed_over = rota(shift(ANN, "08:00", hour), shift(BEN, hour, "08:00"))
    begins = resolve(datetime.fromisoformat(f"{night} 00:00"), zone) - timedelta(hours=2)
    for minute in range(8 * 60):
        assert handed_over.who(Role.CLINICIAN, begins + timedelta(minutes=minute), zone) is not None


def test_shifts_that_overlap_leave_nobody_out_when_clocks_jump_over_the_later_ones_beginning():
    """From 03:00, where one ends, until 03:45, where the other one's 02:45 has moved to."""
    overlapping = rota(shift(ANN, "08:00", "03:00"), shift(BEN, "02:45", "08:00"))
    three = resolve(datetime.fromisoformat("2026-03-08 03:00"), NEW_YORK)
    on_call = [overlapping.who(Role.CLINICIAN, three + timedelta(minutes=m), NEW_YORK) for m in (-1, 0, 44, 45)]
    assert on_call == [ANN, BEN, BEN, BEN]


def test_in_the_hour_that_comes_twice_whoever_took_over_stays():
    handed_over = rota(shift(ANN, "08:00", "01:30"), shift(BEN, "01:30", "08:00"))
    half_past_one = resolve(datetime.fromisoformat("2026-11-01 01:30"), NEW_YORK)
    on_call = [handed_over.who(Role.CLINICIAN, half_past_one + timedelta(minutes=m), NEW_YORK) for m in (-1, 0, 30, 60)]
    assert on_call == [ANN, BEN, BEN, BEN]
    assert to_local(half_past_one + timedelta(minutes=30), NEW_YORK).hour == 1


@given(
    st.lists(st.integers(0, 1439), min_size=2, max_size=5, unique=True),
    st.sampled_from(sorted(NIGHTS)),
    st.integers(0, 366 * 24 * 60),
)
def test_what_has_no_gap_in_a_week_has_none_at_any_instant(minutes, zone, later):
    walls = [f"{minute // 60:02d}:{minute % 60:02d}" for minute in sorted(minutes)]
    whole = rota(*(shift(ANN, begins, ends) for begins, ends in zip(walls, [*walls[1:], walls[0]], strict=True)))
    assert whole.published(whole, [Role.CLINICIAN]) == whole
    assert whole.who(Role.CLINICIAN, datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=later), zone) == ANN


# --- publishing -----------------------------------------------------------------------------------------------------


def test_a_rota_is_published_as_a_whole_and_for_a_version():
    world = FakeFollowup(now=datetime(2026, 3, 10, tzinfo=UTC))
    assert world.run(CLINIC, show_rota, ShowRota()) == Rota(CLINIC)
    first = world.run(CLINIC, publish_rota, a_rota())
    assert (first.version, world.run(CLINIC, show_rota, ShowRota())) == (1, first)
    with pytest.raises(Stale):
        world.run(CLINIC, publish_rota, a_rota())
    assert world.run(CLINIC, publish_rota, replace(a_rota(), version=1)).version == 2
    assert world.run("clinic-2", show_rota, ShowRota()) == Rota("clinic-2")


def test_a_rota_with_a_gap_is_not_published():
    world = FakeFollowup(now=datetime(2026, 3, 10, tzinfo=UTC))
    only_nurses = PublishRota(0, (ANN,), (all_week(Role.NURSE, "ann"),))
    with pytest.raises(RuleBroken) as refusal:
        world.run(CLINIC, publish_rota, only_nurses)
    assert [fault.context["role"] for fault in refusal.value.faults] == ["backup", "clinician", "director"]
    assert world.run(CLINIC, show_rota, ShowRota()).version == 0
