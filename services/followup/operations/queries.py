"""What can be asked about a patient's follow-up."""

from dataclasses import dataclass

from services.followup.domain.chart import Chart, chart
from services.followup.domain.check_in import CheckIn, Status
from services.followup.domain.measure import Measure, history
from services.followup.operations.ports import UnitOfWork
from shared.errors import NotFound
from shared.localtime import local_date
from shared.paging import Page, page_from


@dataclass(frozen=True)
class ListMeasures:
    """All scores of one patient."""

    patient_id: str


@dataclass(frozen=True)
class ListCheckIns:
    """Check-ins of one patient by due time, behind the place `after`."""

    patient_id: str
    limit: int
    after: str | None


@dataclass(frozen=True)
class ShowCheckIn:
    """One check-in."""

    check_in_id: str


@dataclass(frozen=True)
class ShowChart:
    """A patient's scores of the instrument `code`."""

    patient_id: str
    code: str


@dataclass(frozen=True)
class Measures:
    """Scores in the order in which they were due."""

    items: tuple[Measure, ...]


def list_measures(uow: UnitOfWork, command: ListMeasures) -> Measures:
    """Every score of the patient with its change from baseline, oldest first. Raises `NotFound`."""
    patient = uow.patients.get(command.patient_id)
    return Measures(history(uow.check_ins.of_patient(command.patient_id), uow.instruments, patient.locale))


def list_check_ins(uow: UnitOfWork, command: ListCheckIns) -> Page[CheckIn]:
    """A page of the patient's check-ins, the first due first. Raises `NotFound`."""
    uow.patients.get(command.patient_id)
    planned = (one for one in uow.check_ins.of_patient(command.patient_id) if one.status is not Status.UNPLANNED)
    return page_from(planned, after=command.after, limit=command.limit, place=_place)


def _place(check_in: CheckIn) -> str:
    return f"{check_in.due_at.isoformat()} {check_in.id}"


def show_check_in(uow: UnitOfWork, command: ShowCheckIn) -> CheckIn:
    """The check-in with its answers and score. Raises `NotFound`."""
    return uow.check_ins.get(command.check_in_id)


def show_chart(uow: UnitOfWork, command: ShowChart) -> Chart:
    """The scores of one instrument by date. Raises `NotFound`, also for what counts nothing."""
    patient = uow.patients.get(command.patient_id)
    instrument = uow.instruments.find(command.code)
    if instrument is None or not instrument.reach:
        raise NotFound("instrument")
    clinic = uow.clinics.find(uow.clinic_id)
    zone = patient.zone or (clinic.zone if clinic else "UTC")
    known = uow.known.find(patient.id)
    measures = history(uow.check_ins.of_patient(patient.id), uow.instruments, patient.locale)
    courses = known.courses if known else ()
    return chart(instrument, measures, courses, zone=zone, today=local_date(uow.now, zone))
