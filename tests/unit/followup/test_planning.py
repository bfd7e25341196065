"""A series that goes its way: what is still open follows it, what was answered stays."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.followup.domain.check_in import CheckIn, Status
from services.followup.domain.events import CheckInCancelled, CheckInMissed, CheckInOpened, ContactLost
from services.followup.domain.known import Known
from services.followup.domain.plan import Anchor, Plan
from services.followup.domain.reconciling import missed_in_a_row
from services.followup.operations.check_in import (
    CancelCheckIn,
    CloseMissed,
    EnterAnswers,
    OpenCheckIn,
    StaffReason,
    cancel_check_in,
    close_missed,
    enter_answers,
    open_check_in,
)
from services.followup.operations.courses import (
    hear_series_booked,
    hear_session_discharged,
    hear_session_lost,
    hear_session_moved,
)
from services.followup.operations.plan import ListPlans, PublishPlan, list_plans, publish_plan
from services.followup.operations.projections import keep_clinic, keep_patient
from shared.errors import Contended, RuleBroken
from shared.localtime import to_local
from tests.support.followup_builders import (
    CLINIC,
    NEW_YORK,
    PATIENT,
    a_booking,
    a_clinic,
    a_departure,
    a_loss,
    a_move,
    a_patient,
    a_plan,
    an_open_check_in,
)
from tests.support.followup_fakes import DEFAULT_PLAN, LIBRARY, FakeFollowup

BEGIN = datetime(2026, 2, 27, 15, tzinfo=UTC)
SIX = tuple(f"2026-03-{day} 09:00" for day in ("02", "04", "06", "09", "11", "13"))


@pytest.fixture
def world():
    """A clinic, its patient, six sessions from Monday 2 March on."""
    world = FakeFollowup(now=BEGIN)
    world.run(CLINIC, keep_clinic, a_clinic())
    world.run(CLINIC, keep_patient, a_patient())
    world.run(CLINIC, hear_series_booked, a_booking(*SIX))
    return world


def named(world: FakeFollowup, name: str, series="series-1") -> CheckIn:
    """The latest of that name."""
    found = [row for row in world.all(CheckIn) if row.name == f"{series}/{name}"]
    return max(found, key=lambda row: row.round)


def wall(check_in: CheckIn, zone=NEW_YORK) -> str:
    return f"{to_local(check_in.due_at, zone):%Y-%m-%d %H:%M}"


def plan_of(world: FakeFollowup) -> dict[str, str]:
    rows = (row for row in world.all(CheckIn) if row.status is Status.SCHEDULED)
    return {row.name.partition("/")[2]: wall(row) for row in rows}


def go_to(world: FakeFollowup, instant: datetime) -> None:
    """Move the clock as far, and let the jobs do what is due on the way."""
    while True:
        opens = [(row.due_at, row) for row in world.all(CheckIn) if row.status is Status.SCHEDULED]
        closes = [(row.expires_at or instant, row) for row in world.all(CheckIn) if row.status is Status.OPEN]
        due = sorted((pair for pair in (*opens, *closes) if pair[0] <= instant), key=lambda pair: pair[0])
        if not due:
            world.now = max(world.now, instant)
            return
        next_at, row = due[0]
        world.now = max(world.now, next_at)
        if row.status is Status.SCHEDULED:
            world.run(CLINIC, open_check_in, OpenCheckIn(row.id))
        else:
            world.run(CLINIC, close_missed, CloseMissed(row.id))


def answer_all(world: FakeFollowup, check_in: CheckIn) -> None:
    answers = {
        part.instrument: {
            item.id: item.lowest for item in LIBRARY.newest(part.instrument).items if item.asked_if is None
        }
        for part in check_in.parts
    }
    world.run(CLINIC, enter_answers, EnterAnswers(check_in.id, answers, entered_by="Nurse Joy"))


def test_booking_plans_the_whole_year_at_once(world):
    plan = plan_of(world)
    assert plan["baseline/1"] == "2026-03-01 17:00"
    assert plan["day-7"] == "2026-03-20 10:00"
    assert plan["month-12"] == "2027-03-13 10:00"
    assert len(plan) == 1 + 5 + 17
    assert world.told == []


def test_moving_the_last_session_moves_what_follows_the_series(world):
    ids = {row.id for row in world.all(CheckIn)}
    world.run(CLINIC, hear_session_moved, a_move(6, "2026-03-18 09:00"))
    plan = plan_of(world)
    assert (plan["day-7"], plan["month-6"]) == ("2026-03-25 10:00", "2026-09-18 10:00")
    assert plan["before/6"] == "2026-03-17 17:00"
    assert {row.id for row in world.all(CheckIn)} == ids
    assert world.told == []


def test_moving_another_session_moves_nothing_but_what_is_asked_before_it(world):
    before = plan_of(world)
    world.run(CLINIC, hear_session_moved, a_move(2, "2026-03-05 09:00"))
    after = plan_of(world)
    assert {name for name in before if before[name] != after.get(name)} == {"before/2"}


def test_a_missed_last_session_ends_the_series_earlier_until_it_is_booked_again(world):
    world.run(CLINIC, hear_session_lost, a_loss(6))
    assert plan_of(world)["day-7"] == "2026-03-18 10:00"
    assert named(world, "day-7").session_number == 5
    assert named(world, "before/6").status is Status.UNPLANNED
    world.run(CLINIC, hear_session_moved, a_move(6, "2026-03-16 09:00"))
    assert plan_of(world)["day-7"] == "2026-03-23 10:00"
    assert named(world, "before/6").status is Status.SCHEDULED


def test_a_paused_series_is_followed_from_its_last_treatment_and_takes_it_up_again(world):
    world.run(CLINIC, hear_session_discharged, a_departure(1, "2026-03-02 11:10"))
    for number in range(2, 7):
        world.run(CLINIC, hear_session_lost, a_loss(number))
    assert plan_of(world)["day-7"] == "2026-03-09 10:00"
    for number in range(2, 7):
        world.run(CLINIC, hear_session_moved, a_move(number, f"2026-04-{number:02} 09:00"))
    assert plan_of(world)["day-7"] == "2026-04-13 10:00"


def test_an_added_session_is_the_new_end(world):
    world.run(CLINIC, hear_session_moved, a_move(7, "2026-03-16 09:00"))
    assert plan_of(world)["day-7"] == "2026-03-23 10:00"
    assert "before/7" in plan_of(world)


def test_a_series_cancelled_before_it_began_asks_nothing(world):
    for number in range(1, 7):
        world.run(CLINIC, hear_session_lost, a_loss(number))
    assert plan_of(world) == {}


def test_what_was_answered_stays_and_counts_for_its_interval(world):
    go_to(world, datetime(2026, 3, 1, 23, tzinfo=UTC))
    answer_all(world, named(world, "baseline/1"))
    answered = named(world, "baseline/1")
    world.run(CLINIC, hear_session_moved, a_move(1, "2026-03-03 09:00"))
    assert next(row for row in world.all(CheckIn) if row.id == answered.id) == answered
    again = named(world, "baseline/1")
    assert (again.round, wall(again)) == (1, "2026-03-02 17:00")
    assert [part.instrument for part in again.parts] == ["c-ssrs", "dast-10"]  # what nobody could be asked


def test_an_open_one_whose_session_moves_away_is_cancelled_and_asked_again_for_the_new_place(world):
    go_to(world, datetime(2026, 3, 1, 23, tzinfo=UTC))
    first = named(world, "baseline/1")
    assert first.status is Status.OPEN
    world.run(CLINIC, hear_session_moved, a_move(1, "2026-03-03 09:00"))
    assert world.events(CheckInCancelled) == [CheckInCancelled(PATIENT, "not-needed")]
    second = named(world, "baseline/1")
    assert (second.status, second.round) == (Status.SCHEDULED, 1)
    assert {part.instrument for part in second.parts} >= {"phq-9", "audit-c"}


def test_what_was_cancelled_because_its_session_moved_is_asked_when_that_comes_back(world):
    go_to(world, datetime(2026, 3, 1, 23, tzinfo=UTC))
    world.run(CLINIC, hear_session_moved, a_move(1, "2026-03-05 09:00"))
    world.run(CLINIC, hear_session_moved, a_move(1, "2026-03-02 10:00", revision=2))
    again = named(world, "baseline/1")
    assert (again.status, again.round, wall(again)) == (Status.SCHEDULED, 1, "2026-03-01 17:00")


def test_what_can_be_answered_now_counts_for_its_interval(world):
    go_to(world, datetime(2026, 3, 1, 23, tzinfo=UTC))
    world.run(CLINIC, hear_series_booked, a_booking("2026-03-04 14:00", series_id="series-2", condition="chronic-pain"))
    joined = named(world, "baseline/1", "series-2")
    assert joined.covers == ("series-2/baseline/1@2026-03-04", "series-1/before/2@2026-03-04", *joined.covers[2:])
    assert "peg" in joined.all_answers
    assert "phq-9" not in joined.all_answers


def test_an_open_one_whose_session_moves_within_its_day_stays_open(world):
    go_to(world, datetime(2026, 3, 1, 23, tzinfo=UTC))
    world.run(CLINIC, hear_session_moved, a_move(1, "2026-03-02 11:00"))
    assert named(world, "baseline/1").status is Status.OPEN
    assert world.events(CheckInCancelled) == []


def test_what_was_missed_may_be_asked_sooner(world):
    assert "phq-9" not in named(world, "before/2").all_answers
    go_to(world, datetime(2026, 3, 2, 14, 30, tzinfo=UTC))
    assert named(world, "baseline/1").status is Status.MISSED
    assert "phq-9" in named(world, "before/2").all_answers


def test_what_staff_cancel_is_not_asked_on_another_date_either(world):
    world.run(CLINIC, cancel_check_in, CancelCheckIn(named(world, "day-7").id, StaffReason.NOT_WANTED))
    world.run(CLINIC, hear_session_moved, a_move(6, "2026-03-18 09:00"))
    assert named(world, "day-7").status is Status.CANCELLED
    assert "day-14" in plan_of(world)


def test_a_discharge_is_asked_about_three_times_after_the_first_session(world):
    go_to(world, datetime(2026, 3, 2, 16, tzinfo=UTC))
    world.run(CLINIC, hear_session_discharged, a_departure(1, "2026-03-02 11:10"))
    plan = plan_of(world)
    assert (plan["home/1"], plan["24h/1"], plan["72h/1"]) == (
        "2026-03-02 13:10",
        "2026-03-03 11:10",
        "2026-03-05 11:10",
    )
    assert "before/2" not in plan  # on the same date as 24h/1: one check-in


def test_a_second_condition_adds_its_own_instrument_only(world):
    before = sum("phq-9" in row.all_answers for row in world.all(CheckIn))
    pain = a_booking("2026-03-13 14:00", series_id="series-2", condition="chronic-pain")
    world.run(CLINIC, hear_series_booked, pain)
    rows = [row for row in world.all(CheckIn) if row.status is Status.SCHEDULED]
    assert sum("phq-9" in row.all_answers for row in rows) == before
    assert sum("peg" in row.all_answers for row in rows) > 10
    assert {part.instrument for part in named(world, "day-7").parts} == {"phq-9", "c-ssrs", "peg"}


def test_a_patient_in_another_zone_is_asked_at_their_own_time(world):
    world.run(CLINIC, keep_patient, a_patient(zone="Europe/Berlin"))
    assert wall(named(world, "day-7"), "Europe/Berlin") == "2026-03-20 10:00"
    assert wall(named(world, "baseline/1"), "Europe/Berlin") == "2026-03-01 17:00"


def test_two_missed_in_a_row_after_the_series_are_told_once(world):
    for number, start in enumerate(SIX, 1):
        world.run(CLINIC, hear_session_discharged, a_departure(number, f"{start[:10]} 11:10"))
    go_to(world, datetime(2026, 4, 3, 13, 59, tzinfo=UTC))
    assert world.events(ContactLost) == []
    go_to(world, datetime(2026, 4, 3, 14, tzinfo=UTC))  # day 14 is closed; day 7 was a week earlier
    assert world.events(ContactLost) == [ContactLost(PATIENT, "series-1", 2, world.now)]
    go_to(world, datetime(2026, 8, 1, tzinfo=UTC))
    assert len(world.events(ContactLost)) == 1
    assert len(world.events(CheckInMissed)) > 6


def test_an_answer_between_two_missed_ones_breaks_the_row(world):
    for number, start in enumerate(SIX, 1):
        world.run(CLINIC, hear_session_discharged, a_departure(number, f"{start[:10]} 11:10"))
    go_to(world, datetime(2026, 3, 27, 15, tzinfo=UTC))
    answer_all(world, named(world, "day-14"))
    go_to(world, datetime(2026, 4, 10, 15, tzinfo=UTC))
    assert [named(world, f"day-{n}").status for n in (7, 14, 21)] == [Status.MISSED, Status.ANSWERED, Status.MISSED]
    assert world.events(ContactLost) == []


def test_a_whole_year_is_asked_at_its_times_and_leaves_nothing_open(world):
    for number, start in enumerate(SIX, 1):
        go_to(world, datetime.fromisoformat(f"{start[:10]}T16:10+00:00"))
        world.run(CLINIC, hear_session_discharged, a_departure(number, f"{start[:10]} 11:10"))
    while pending := [row for row in world.all(CheckIn) if row.status in {Status.SCHEDULED, Status.OPEN}]:
        opened = [row for row in pending if row.status is Status.OPEN]
        if opened:
            answer_all(world, opened[0])
        else:
            go_to(world, min(row.due_at for row in pending))
    answered = [row for row in world.all(CheckIn) if row.status is Status.ANSWERED]
    assert [row.kind for row in sorted(answered, key=lambda row: row.due_at)][-17:] == [
        *(f"day-{n}" for n in (7, 14, 21, 28, 42, 56, 70, 84)),
        *(f"month-{n}" for n in range(4, 13)),
    ]
    assert len(world.events(CheckInOpened)) == len(answered) + len(world.events(CheckInMissed))
    assert world.now == datetime(2027, 3, 13, 15, tzinfo=UTC)


def test_a_running_plan_keeps_its_edition_and_a_new_series_takes_the_newest(world):
    world.run(CLINIC, publish_plan, PublishPlan(a_plan("gad-7")))
    world.run(CLINIC, hear_session_moved, a_move(6, "2026-03-18 09:00"))
    assert "month-12" in plan_of(world)
    world.run(CLINIC, hear_series_booked, a_booking("2026-05-04 09:00", series_id="series-2"))
    assert {row.name for row in world.all(CheckIn) if row.series_id == "series-2"} == set()
    [known] = world.all(Known)
    assert [course.edition for course in known.courses] == [1, 2]


def test_a_clinic_begins_with_the_default_plan_and_each_edition_is_listed(world):
    world.run(CLINIC, publish_plan, PublishPlan(a_plan("gad-7")))
    page = world.run(CLINIC, list_plans, ListPlans(limit=9, after=None))
    assert [(plan.edition, plan.questions == DEFAULT_PLAN) for plan in page.items] == [(1, True), (2, False)]
    assert [plan.edition for plan in world.run(CLINIC, list_plans, ListPlans(1, page.items[0].id)).items] == [2]


def test_a_plan_that_cannot_be_followed_is_not_published(world):
    with pytest.raises(RuleBroken, match=r"plan\.rules-broken"):
        world.run(CLINIC, publish_plan, PublishPlan(a_plan("phq-8")))
    assert len(world.all(Plan)) == 1


def test_two_units_that_plan_for_one_patient_cannot_both_commit(world):
    first, second = world.unit(CLINIC), world.unit(CLINIC)
    hear_session_moved(first, a_move(6, "2026-03-18 09:00"))
    hear_series_booked(second, a_booking("2026-03-14 14:00", series_id="series-2", condition="chronic-pain"))
    first.commit()
    with pytest.raises(Contended):
        second.commit()


def test_what_ends_is_planned_around_by_one_unit_at_a_time(world):
    go_to(world, datetime(2026, 3, 1, 23, tzinfo=UTC))
    world.pass_time(hours=20)
    first, second = world.unit(CLINIC), world.unit(CLINIC)
    close_missed(first, CloseMissed(named(world, "baseline/1").id))
    hear_series_booked(second, a_booking("2026-03-14 14:00", series_id="series-2", condition="chronic-pain"))
    second.commit()
    with pytest.raises(Contended):
        first.commit()


def test_what_ends_writes_what_is_known_again_so_that_no_other_unit_plans_meanwhile(world):
    go_to(world, datetime(2026, 3, 1, 23, tzinfo=UTC))
    [before] = world.all(Known)
    world.pass_time(hours=20)
    world.run(CLINIC, close_missed, CloseMissed(named(world, "baseline/1").id))
    assert world.all(Known) == [replace(before, version=before.version + 1)]


@pytest.mark.parametrize(
    ("before", "count"),
    [
        ([], 1),
        ([Status.MISSED], 2),
        ([Status.MISSED, Status.ANSWERED], 1),
        ([Status.ANSWERED, Status.MISSED], 2),
        ([Status.MISSED, Status.MISSED, Status.CANCELLED], 3),
    ],
)
def test_a_row_of_missed_ones_goes_back_to_the_last_answer(before, count):
    def at(day, status, **changes):
        when = BEGIN + timedelta(days=7 * day)
        return an_open_check_in(id=f"c{day}", anchor=Anchor.SERIES, due_at=when, status=status, **changes)

    this = at(len(before), Status.OPEN)
    others = [at(day, status) for day, status in enumerate(before)]
    elsewhere = [at(9, Status.MISSED), at(0, Status.MISSED, series_id="another")]
    assert missed_in_a_row(this, [*others, this, *elsewhere]) == count


def test_news_that_say_nothing_new_write_nothing(world):
    versions = {row.id: row.version for row in [*world.all(CheckIn), *world.all(Known)]}
    world.pass_time(hours=1)
    world.run(CLINIC, hear_series_booked, a_booking(*SIX))
    assert {row.id: row.version for row in [*world.all(CheckIn), *world.all(Known)]} == versions


def test_another_clinics_news_of_the_same_patient_are_apart(world):
    world.run("clinic-2", hear_series_booked, a_booking(*SIX))
    ids = [row.id for row in world.all(CheckIn)]
    assert len(ids) == len(set(ids)) == 2 * 23
    assert timedelta() < world.all(CheckIn)[0].open_for
