from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.followup.domain.check_in import CheckIn
from services.followup.domain.clinic import Clinic
from services.followup.domain.patient import Patient
from services.followup.operations.check_in import schedule_check_ins
from services.followup.operations.projections import keep_clinic, keep_patient
from tests.support.followup_builders import CLINIC, DISCHARGED_AT, a_clinic, a_discharge, a_patient
from tests.support.followup_fakes import FakeFollowup

# What is heard of each aggregate, in the order that is promised.
HEARD: dict[str, list[tuple[Callable[[Any, Any], None], Any]]] = {
    "clinic": [(keep_clinic, a_clinic()), (keep_clinic, a_clinic(phone="+12125550111", data_key=None))],
    "patient": [(keep_patient, a_patient()), (keep_patient, a_patient(locale="de", country="DE"))],
    "other patient": [(keep_patient, a_patient(patient_id="patient-2"))],
    "series": [(schedule_check_ins, a_discharge(number=number)) for number in (1, 2, 3)],
    "other series": [(schedule_check_ins, a_discharge(series_id="series-2", patient_id="patient-2"))],
}


def after(heard):
    """What is kept in the end, whatever names were given on the way."""
    world = FakeFollowup(now=DISCHARGED_AT)
    for operation, command in heard:
        world.run(CLINIC, operation, command)
    check_ins = sorted((replace(row, id="") for row in world.all(CheckIn)), key=repr)
    clinics = [replace(row, version=0) for row in world.all(Clinic)]
    patients = sorted((replace(row, version=0) for row in world.all(Patient)), key=repr)
    return check_ins, clinics, patients, world.keys


@st.composite
def interleavings(draw):
    """Any order between aggregates, the promised one within each, and each event once or twice."""
    turns = draw(st.permutations([name for name, events in HEARD.items() for _ in events]))
    waiting = {name: list(events) for name, events in HEARD.items()}
    order = []
    for name in turns:
        order += [waiting[name].pop(0)] * draw(st.integers(1, 2))
    return order


@given(interleavings())
def test_any_order_between_aggregates_and_any_duplicates_end_in_the_same_state(heard):
    assert after(heard) == after([event for events in HEARD.values() for event in events])
