"""What the desk sees of the calendar."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from services.booking.api.view_schemas import ColumnAnswer
from services.booking.domain.calendar.resource import ResourceKind
from services.booking.domain.clinic.clinic import Clinic
from services.booking.domain.protocol.protocol import Condition
from services.booking.domain.series.session import CancelReason, SessionStatus
from services.booking.domain.views.day_sheet import Free, Mark
from services.booking.operations.series import CancelSession, cancel_session
from services.booking.operations.views import (
    ShowDaySheet,
    ShowTimeline,
    ShowUtilisation,
    SumUtilisation,
    show_day_sheet,
    show_timeline,
    show_utilisation,
    sum_utilisation,
)
from shared.errors import Invalid, NotFound
from tests.support.booking_builders import (
    CASE_A,
    CLINIC,
    OTHER_CLINIC,
    PATIENT,
    a_booking,
    a_chair,
    a_nurse,
    a_world,
    booked,
)

MINUTE = timedelta(minutes=1)


def sheet(world, on=CASE_A[0], clinic=CLINIC, **wanted):
    return world.run(clinic, show_day_sheet, ShowDaySheet(**{"on": on, "limit": 200, "after": None, **wanted}))


def timeline(world, patient_id=PATIENT, clinic=CLINIC, **wanted):
    return world.run(
        clinic, show_timeline, ShowTimeline(**{"limit": 50, "after": None, **wanted}, patient_id=patient_id)
    )


def utilisation(world, first=CASE_A[0], last=CASE_A[0], **wanted):
    asked = {"limit": 50, "after": None, **wanted}
    return world.run(CLINIC, show_utilisation, ShowUtilisation(first, last, **asked))


def test_the_day_sheet_has_a_column_for_each_resource():
    world = a_world(a_chair("chair-1"), a_chair("chair-2"), a_nurse())
    series = booked(world)
    chair, other, nurse = sheet(world).items
    assert [(one.placed.series_id, one.placed.session.number) for one in chair.entries] == [(series.id, 1)]
    assert other.entries == ()
    assert [one.placed.patient_id for one in nurse.entries] == [PATIENT]
    assert sheet(world, CASE_A[0] + timedelta(days=1)).items[0].entries == ()


def test_the_day_sheet_writes_every_instant_alike():
    """Flask writes a date that it is left with as e-mails do: `Sun, 07 Nov 2027 04:00:00 GMT`."""
    column = ColumnAnswer().dump(sheet(a_world(a_chair())).items[0])
    said = [interval["from_at"] for interval in (*column["open"], *column["free"])]
    assert [datetime.fromisoformat(at).utcoffset() for at in said] == [timedelta()] * 2


def test_the_day_sheet_takes_what_is_free_for_what_can_be_booked():
    """Whoever wants exactly the free interval of the chair gets it, and nobody gets five minutes more."""
    world = a_world()
    booked(world)
    chair, _ = sheet(world).items
    busy = chair.entries[0].blocks
    assert chair.free == (
        Free(0, chair.openings[0][0], busy[0].from_at),
        Free(0, busy[-1].until_at, chair.openings[0][1]),
    )


def test_the_day_sheet_comes_in_pages_and_by_kind():
    world = a_world(*(a_chair(f"chair-{number}") for number in range(5)), a_nurse())
    names, after = [], None
    while True:
        page = sheet(world, limit=2, after=after)
        names.append([one.resource.id for one in page.items])
        after = page.after
        if after is None:
            break
    assert names == [["chair-0", "chair-1"], ["chair-2", "chair-3"], ["chair-4", "nurse-1"]]
    assert [one.resource.id for one in sheet(world, kind=ResourceKind.NURSE).items] == ["nurse-1"]


def test_nothing_is_free_on_a_holiday():
    world = a_world()
    clinic = world.all(Clinic)[0]
    world.run(CLINIC, lambda uow, _: uow.clinics.save(replace(clinic, holidays=(CASE_A[0],))), None)
    assert [(one.openings, one.free) for one in sheet(world).items] == [((), ()), ((), ())]
    assert sheet(world, CASE_A[1]).items[0].free != ()
    total = utilisation(world).items[0].total
    assert (total.open, total.share) == (timedelta(), None)


def test_another_clinic_sees_nothing_of_the_day():
    world = a_world()
    booked(world)
    with pytest.raises(NotFound):
        sheet(world, clinic=OTHER_CLINIC)
    with pytest.raises(NotFound):
        timeline(world, clinic=OTHER_CLINIC)


def test_an_unconfirmed_session_is_marked_the_day_before():
    world = a_world()
    series = booked(world)
    assert sheet(world).items[0].entries[0].marks == ()
    world.now = series.sessions[0].starts_at - timedelta(hours=29)
    assert sheet(world).items[0].entries[0].marks == (Mark.UNCONFIRMED,)


def test_a_session_whose_nurse_is_away_is_at_risk_in_every_column():
    world = a_world()
    booked(world)
    assert {one.entries[0].marks for one in sheet(world).items} == {()}
    nurse = replace(a_nurse(), closed_on=(CASE_A[0],), version=1)
    world.run(CLINIC, lambda uow, _: uow.resources.save(nurse), None)
    assert {one.entries[0].marks for one in sheet(world).items} == {(Mark.AT_RISK,)}
    assert {one.entries[0].marks for one in sheet(world, CASE_A[1]).items} == {()}


def test_the_time_line_holds_the_sessions_of_all_series_by_time():
    world = a_world()
    later = booked(world, a_booking([date(2026, 8, 3)], protocol="booster-single", condition=Condition.DEPRESSION))
    first = booked(world)
    found = timeline(world)
    assert [(one.placed.series_id, one.placed.session.number) for one in found.items] == [
        *((first.id, number) for number in range(1, 7)),
        (later.id, 1),
    ]
    assert [one.protocol for one in found.items][-1] == "booster-single"
    assert list(timeline(world, "patient-2").items) == []


def test_the_time_line_comes_in_pages():
    world = a_world()
    booked(world)
    first = timeline(world, limit=4)
    rest = timeline(world, limit=4, after=first.after)
    assert [one.placed.session.number for one in (*first.items, *rest.items)] == [1, 2, 3, 4, 5, 6]
    assert rest.after is None


def test_the_time_line_keeps_what_was_called_off():
    world = a_world()
    series = booked(world)
    world.run(CLINIC, cancel_session, CancelSession(series.id, 2, CancelReason.WEATHER))
    assert [one.placed.session.status for one in timeline(world).items][:2] == [
        SessionStatus.BOOKED,
        SessionStatus.CANCELLED,
    ]
    assert timeline(world).items[1].placed.session.reason == "weather"


def test_utilisation_counts_each_resource_and_day():
    world = a_world()
    booked(world)
    chair, nurse = utilisation(world, CASE_A[0], CASE_A[1]).items
    assert [day.on for day in chair.days] == [CASE_A[0], CASE_A[0] + timedelta(days=1), CASE_A[1]]
    assert [day.use.taken // MINUTE for day in chair.days] == [145, 0, 145]
    assert [day.use.open // MINUTE for day in chair.days] == [540] * 3
    assert (chair.total.turnover // MINUTE, chair.total.taken // MINUTE) == (30, 290)
    assert nurse.total.taken // MINUTE == 260


def test_utilisation_is_summed_by_kind():
    world = a_world(a_chair("chair-1"), a_chair("chair-2"), a_nurse())
    booked(world)
    found = world.run(CLINIC, sum_utilisation, SumUtilisation(CASE_A[0], CASE_A[0])).items
    assert [(one.kind, one.resources, one.use.open // MINUTE) for one in found] == [
        (ResourceKind.CHAIR, 2, 1080),
        (ResourceKind.NURSE, 1, 540),
    ]
    assert found[0].use.taken == utilisation(world).items[0].total.taken


@pytest.mark.parametrize("days", [-1, 31])
def test_utilisation_is_a_month_at_most(days):
    world, last = a_world(), CASE_A[0] + timedelta(days=days)
    with pytest.raises(Invalid):
        utilisation(world, CASE_A[0], last)
    with pytest.raises(Invalid):
        world.run(CLINIC, sum_utilisation, SumUtilisation(CASE_A[0], last))
