"""Somebody writes between the look at the gate and the begin of a dose: the gate is looked at again."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from services.booking.domain.calendar.resource import Skill
from services.booking.domain.chart.answers import Exam, ExamKind, Sex, Word
from services.booking.domain.chart.assessment import Assessment
from services.booking.domain.chart.dose_order import Basis
from services.booking.domain.chart.weight import Weight
from services.booking.domain.protocol.protocol import Condition
from services.booking.domain.series.series import Series
from services.booking.domain.series.session import SessionStatus
from services.booking.operations.assessments import NoteExam, note_exam
from services.booking.operations.clearance import HearAlertRaised, hear_alert_raised
from services.booking.operations.dose_orders import SignDoseOrder, sign_dose_order
from services.booking.operations.resource import ChangeResource, change_resource
from services.booking.operations.visits import StartSession, start_session
from shared.errors import Conflict
from shared.localtime import local_date
from tests.support.booking_builders import CASE_A, CLINIC, PATIENT, a_booking, a_chair, a_nurse, a_world, booked
from tests.support.booking_fakes import A_CLINICIAN, FakeBooking
from tests.support.booking_treated import SUPERVISOR, as_actor, check_in, make_ready, series_of

Meanwhile = Callable[[FakeBooking, Series], None]


@pytest.fixture
def world() -> FakeBooking:
    return a_world(a_chair("chair-1"), a_nurse())


@pytest.fixture
def series(world: FakeBooking) -> Series:
    """Its first dose is ready to begin."""
    found = booked(world)
    world.now = found.session(1).starts_at
    check_in(world, found.id)
    make_ready(world, found.id)
    return found


def a_single_dose(world: FakeBooking, at: str, patient_id: str) -> Series:
    booking = a_booking(CASE_A[:1], at, protocol="booster-single", condition=Condition.PTSD, patient_id=patient_id)
    return booked(world, booking)


def start(world: FakeBooking, series: Series, meanwhile: Meanwhile) -> Series:
    """Begin the dose while somebody else commits behind the gate, once."""
    to_come = [meanwhile]

    def begin(uow: Any, command: StartSession) -> Series:
        note = uow.exposures.note_begun

        def overtaken(*begun: str) -> None:
            if to_come:
                to_come.pop()(world, series)
            note(*begun)

        uow.exposures.note_begun = overtaken
        return start_session(uow, command)

    changed: Series = world.run(CLINIC, begin, StartSession(series.id, 1))
    return changed


def an_alert(world: FakeBooking, series: Series) -> None:
    alert = HearAlertRaised("alert-1", series.patient_id, "suicide-risk-high", 1, True, world.now)
    world.run(CLINIC, hear_alert_raised, alert)


def a_positive_drug_screen(world: FakeBooking, series: Series) -> None:
    assessment = next(one for one in world.all(Assessment) if one.condition is series.condition)
    exam = Exam(ExamKind.DRUG_SCREEN, local_date(world.now, series.zone), Word.POSITIVE)
    world.run(CLINIC, note_exam, NoteExam(series.patient_id, assessment.id, exam))


def a_credential_that_has_run_out(world: FakeBooking, _: Series) -> None:
    skills = (Skill("acls", world.now.date().replace(day=1)),)
    version = world.unit(CLINIC).resources.get(SUPERVISOR).version
    world.run(CLINIC, change_resource, ChangeResource(SUPERVISOR, version, {"skills": skills}))


def another_order(world: FakeBooking, series: Series) -> None:
    weight = Weight(Decimal(70), local_date(world.now, series.zone), Decimal(175), Sex.MALE)
    order = SignDoseOrder(series.id, Basis.MG_PER_KG, Decimal("1.6"), weight=weight, reason="too little")
    with as_actor(world, A_CLINICIAN):
        world.run(CLINIC, sign_dose_order, order)


@pytest.mark.parametrize(
    ("meanwhile", "code"),
    [
        (an_alert, "clinical-hold.stands"),
        (a_positive_drug_screen, "screening.drug-screen-positive"),
        (a_credential_that_has_run_out, "supervisor.not-valid"),
        (another_order, "dose-order.second-signature"),
    ],
)
def test_what_comes_between_the_gate_and_the_begin_closes_the_gate(world, series, meanwhile, code):
    with pytest.raises(Conflict) as refusal:
        start(world, series, meanwhile)
    assert [fault.code for fault in refusal.value.faults] == [code]
    assert series_of(world, series.id).session(1).status is SessionStatus.CHECKED_IN


def test_two_doses_that_are_begun_at_once_are_never_given_in_one_chair(world):
    first, second = (a_single_dose(world, *one) for one in (("08:00", PATIENT), ("10:30", "patient-2")))
    for series in (first, second):
        world.now = series.session(1).starts_at
        check_in(world, series.id)
    for series in (first, second):
        make_ready(world, series.id)
    with pytest.raises(Conflict) as refusal:
        start(world, first, lambda world, _: world.run(CLINIC, start_session, StartSession(second.id, 1)))
    assert [fault.code for fault in refusal.value.faults] == ["place.taken"]


def test_the_order_that_the_gate_has_looked_at_is_the_one_that_is_given(world, series):
    """One that is signed behind the gate's look, and wants a second signature, is looked at, too."""
    looked: list[str] = []

    def begin(uow: Any, command: StartSession) -> Series:
        found = uow.dose_orders.in_force

        def in_force(series_id: str) -> Any:
            order = found(series_id)
            if not looked:
                looked.append(order.id)
                another_order(world, series)
            return order

        uow.dose_orders.in_force = in_force
        changed: Series = start_session(uow, command)
        return changed

    with pytest.raises(Conflict) as refusal:
        world.run(CLINIC, begin, StartSession(series.id, 1))
    assert [fault.code for fault in refusal.value.faults] == ["dose-order.second-signature"]
    assert looked == [f"{series.id}.1"]


def test_nothing_but_the_begin_is_written_when_nobody_comes_between(world, series):
    begun = start(world, series, lambda _world, _series: None)
    assert begun.session(1).status is SessionStatus.IN_PROGRESS
    assert world.unit(CLINIC).clearances.of(series.patient_id).holds == ()
