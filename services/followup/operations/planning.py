"""Keeps a patient's check-ins as the plan has them: after each piece of news, and whenever one of them has ended."""

from services.followup.domain.check_in import CheckIn
from services.followup.domain.known import Known
from services.followup.domain.patient import Patient
from services.followup.domain.plan import Plan, an_edition
from services.followup.domain.reconciling import reconcile
from services.followup.operations.ports import UnitOfWork


def latest_plan(uow: UnitOfWork) -> Plan:
    """The clinic's plan in force; the default one becomes its first edition when it is first needed."""
    return uow.plans.latest() or uow.plans.save(an_edition(1, uow.default_plan))


def keep_and_replan(uow: UnitOfWork, known: Known) -> None:
    """Keep what is known now and bring the check-ins in line with it."""
    uow.known.save(known)
    _replan(uow, known, uow.patients.find(known.id))


def replan_after(uow: UnitOfWork, ended: CheckIn) -> None:
    """Bring the check-ins in line after one of them has `ended`; it was saved in this unit already."""
    if (known := _known_again(uow, ended.patient_id)) is not None:
        _replan(uow, known, uow.patients.find(known.id), ended)


def replan_for(uow: UnitOfWork, patient: Patient) -> None:
    """Bring the check-ins of a patient in line who was saved in this unit."""
    if (known := _known_again(uow, patient.id)) is not None:
        _replan(uow, known, patient)


def _known_again(uow: UnitOfWork, patient_id: str) -> Known | None:
    """What is known, written again unchanged: two units that plan for one patient cannot both commit."""
    known = uow.known.find(patient_id)
    if known is not None:
        uow.known.save(known)
    return known


def _replan(uow: UnitOfWork, known: Known, patient: Patient | None, *changed: CheckIn) -> None:
    by_id = {check_in.id: check_in for check_in in (*uow.check_ins.of_patient(known.id), *changed)}
    newest = {each.id: each for each in sorted(uow.instruments.instruments, key=lambda each: each.version)}
    writes = reconcile(
        known,
        tuple(by_id.values()),
        plans={edition: uow.plans.get(edition).questions for edition in {course.edition for course in known.courses}},
        zone=None if patient is None else patient.zone,
        versions={id: each.version for id, each in newest.items()},
        intervals={id: each.min_interval_days for id, each in newest.items()},
        clinic_id=uow.clinic_id,
        now=uow.now,
    )
    for check_in, events in writes:
        uow.check_ins.save(check_in, events)
