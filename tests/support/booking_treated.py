"""The day of a dose as tests need it: everything is as it should be unless said otherwise."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

from services.booking.domain.calendar.resource import Resource, ResourceKind, Skill
from services.booking.domain.calendar.slots import Weekday
from services.booking.domain.chart.answers import Sex
from services.booking.domain.chart.dose_order import Basis
from services.booking.domain.chart.weight import Weight
from services.booking.domain.series.series import Series
from services.booking.domain.series.session import SessionStatus
from services.booking.domain.treatment.discharge import Checklist, Nausea
from services.booking.domain.treatment.preparation import Answers, Escort, Pregnancy, SuicideRisk
from services.booking.domain.treatment.treatment import EndKind, Treatment
from services.booking.domain.treatment.vitals import Sedation
from services.booking.operations.dose_orders import SignDoseOrder, sign_dose_order
from services.booking.operations.treatments import (
    AddReading,
    AddScore,
    EndInfusion,
    NoteSuicideRisk,
    PrepareSession,
    ShowTreatment,
    add_reading,
    add_score,
    end_infusion,
    note_suicide_risk,
    prepare_session,
    show_treatment,
)
from services.booking.operations.visits import (
    CheckInSession,
    DischargeSession,
    StartSession,
    check_in_session,
    discharge_session,
    start_session,
)
from shared.actor import Actor
from shared.localtime import local_date
from tests.support.booking_builders import CLINIC, a_resource, hours
from tests.support.booking_fakes import A_CLINICIAN, A_NURSE, FakeBooking

SUPERVISOR = "doctor-1"
AN_ESCORT = Escort("Grace Example", "+12025550100", is_adult=True, is_reachable=True)
CALM: dict[str, Any] = {
    "systolic": 128,
    "diastolic": 80,
    "heart_rate": 72,
    "spo2": 98,
    "sedation": Sedation.AWAKE,
    "pain": 0,
}
"""A reading that nothing speaks against."""
ALL_WELL = Checklist(
    is_oriented=True,
    walks_steadily=True,
    nausea=Nausea.NONE,
    is_escort_present=True,
    is_instructed=True,
)


@contextmanager
def as_actor(world: FakeBooking, actor: Actor) -> Iterator[None]:
    """Somebody else does it."""
    before, world.actor = world.actor, actor
    try:
        yield
    finally:
        world.actor = before


def a_doctor(**fields: Any) -> Resource:
    """A clinician who is always there and holds what a supervisor must."""
    ordinary = {"hours": hours("00:00", "23:59", tuple(Weekday)), "skills": (Skill("acls"),)}
    return a_resource(ResourceKind.CLINICIAN, SUPERVISOR, **{**ordinary, **fields})


def series_of(world: FakeBooking, series_id: str, clinic: str = CLINIC) -> Series:
    series: Series = world.rows[Series][clinic, series_id]
    return series


def treatment(world: FakeBooking, series_id: str, number: int = 1, clinic: str = CLINIC) -> Treatment:
    found: Treatment = world.run(clinic, show_treatment, ShowTreatment(series_id, number))
    return found


def check_in(world: FakeBooking, series_id: str, number: int = 1, clinic: str = CLINIC) -> Series:
    changed: Series = world.run(clinic, check_in_session, CheckInSession(series_id, number))
    return changed


def order(world: FakeBooking, series_id: str, clinic: str = CLINIC) -> None:
    """Half a milligram per kilogram of seventy, weighed today, unless there is an order."""
    if world.unit(clinic).dose_orders.in_force(series_id) is not None:
        return
    today = local_date(world.now, series_of(world, series_id, clinic).zone)
    weight = Weight(Decimal(70), today, Decimal(175), Sex.MALE)
    with as_actor(world, A_CLINICIAN):
        world.run(clinic, sign_dose_order, SignDoseOrder(series_id, Basis.MG_PER_KG, Decimal("0.5"), weight=weight))


def good_answers(world: FakeBooking, **said: Any) -> Answers:
    """What is asked on the day, answered as one wishes."""
    early = world.now - timedelta(hours=12)
    every: dict[str, Any] = {
        "identity_confirmed": True,
        "last_solids_at": early,
        "last_fluids_at": early,
        "escort": AN_ESCORT,
        "was_abstinent": True,
        "pregnancy": Pregnancy.NOT_APPLICABLE,
        "suicide_risk": SuicideRisk.NONE,
        "mania_total": 0,
        "supervisor_id": SUPERVISOR,
    }
    return Answers(**{**every, **said})


def make_ready(world: FakeBooking, series_id: str, number: int = 1, clinic: str = CLINIC, **said: Any) -> Treatment:
    """All that can be done for a dose to begin, once its patient has arrived."""
    unit = world.unit(clinic)
    if SUPERVISOR not in {resource.id for resource in unit.resources.all()}:
        unit.resources.save(a_doctor())
        unit.commit()
    order(world, series_id, clinic)
    with as_actor(world, A_NURSE):
        world.run(clinic, prepare_session, PrepareSession(series_id, number, good_answers(world, **said)))
        if not treatment(world, series_id, number, clinic).readings:
            read(world, series_id, number, clinic)
    return treatment(world, series_id, number, clinic)


def read(world: FakeBooking, series_id: str, number: int = 1, clinic: str = CLINIC, **measured: Any) -> Treatment:
    found: Treatment = world.run(clinic, add_reading, AddReading(series_id, number, **{**CALM, **measured}))
    return found


def start(world: FakeBooking, series_id: str, number: int = 1, clinic: str = CLINIC) -> Series:
    """Begin it; a dose is made ready first."""
    session = series_of(world, series_id, clinic).session(number)
    if session.doses and session.status is SessionStatus.CHECKED_IN:
        make_ready(world, series_id, number, clinic)
    changed: Series = world.run(clinic, start_session, StartSession(series_id, number))
    return changed


def end(world: FakeBooking, series_id: str, number: int = 1, clinic: str = CLINIC, **how: Any) -> Treatment:
    """The whole dose is in, unless said otherwise."""
    begun = treatment(world, series_id, number, clinic).start
    ended = {"kind": EndKind.COMPLETED, "given_mg": begun.dose_mg if begun else Decimal(), "dissociation": 3, **how}
    over: Treatment = world.run(clinic, end_infusion, EndInfusion(series_id, number, **ended))
    return over


def discharge(world: FakeBooking, series_id: str, number: int = 1, clinic: str = CLINIC) -> Series:
    """The patient goes home, after a dose an hour later."""
    session = series_of(world, series_id, clinic).session(number)
    if session.doses and session.status is SessionStatus.IN_PROGRESS:
        if treatment(world, series_id, number, clinic).end is None:
            end(world, series_id, number, clinic)
        world.pass_time(minutes=60)
        read(world, series_id, number, clinic)
        world.run(clinic, add_score, AddScore(series_id, number, 1))
        world.run(clinic, note_suicide_risk, NoteSuicideRisk(series_id, number, SuicideRisk.NONE))
    home: Series = world.run(clinic, discharge_session, DischargeSession(series_id, number, ALL_WELL))
    return home


def treat(world: FakeBooking, series_id: str, number: int = 1, clinic: str = CLINIC) -> Series:
    """From the arrival until the patient goes home."""
    check_in(world, series_id, number, clinic)
    start(world, series_id, number, clinic)
    return discharge(world, series_id, number, clinic)
