"""What an outside clinician is told of a patient who agreed to it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from services.booking.domain.chart.consent import sharing_faults
from services.booking.domain.patient.clearance import Measure
from services.booking.domain.protocol.protocol import Condition
from services.booking.domain.series.series import Series, SeriesStatus
from services.booking.domain.series.session import Session, SessionStatus
from services.booking.operations.audit import audited
from services.booking.operations.local_days import today_of
from services.booking.operations.ports import UnitOfWork
from shared.errors import Forbidden

_BEGUN = frozenset({SessionStatus.IN_PROGRESS, SessionStatus.FULFILLED})


@dataclass(frozen=True)
class ShareSummary:
    """`recipient` wants to know how a patient is treated."""

    patient_id: str
    recipient: str


@dataclass(frozen=True)
class CourseOfDoses:
    """One series: on which local dates doses were given, and on which they are to come."""

    protocol: str
    condition: Condition
    status: SeriesStatus
    given_on: tuple[date, ...]
    to_come_on: tuple[date, ...]


@dataclass(frozen=True)
class Summary:
    """A patient's courses, the earliest first, and the newest score of each instrument."""

    name: str
    birth_date: date
    recipient: str
    on: date
    courses: tuple[CourseOfDoses, ...]
    measures: tuple[Measure, ...]


@audited("summary.share")
def share_summary(uow: UnitOfWork, command: ShareSummary) -> Summary:
    """A summary for one recipient. Raises `NotFound`, and `Forbidden` without the patient's consent to tell them."""
    patient = uow.patients.get(command.patient_id)
    today = today_of(uow)
    consents, texts = uow.consents.of_patient(patient.id), uow.consent_texts.of_clinic()
    if faults := sharing_faults(consents, command.recipient, today, texts):
        raise Forbidden(faults[0].code, "The patient has not agreed that this recipient is told anything.", faults)
    courses = [_course(one) for one in uow.series.of_patient(patient.id) if _is_course(one)]
    return Summary(
        patient.name,
        patient.birth_date,
        command.recipient,
        today,
        tuple(sorted(courses, key=lambda one: min((*one.given_on, *one.to_come_on), default=date.max))),
        uow.clearances.of(patient.id).measures,
    )


def _is_course(series: Series) -> bool:
    """Whether it was ever booked and gives the medicine."""
    is_booked = series.status not in {SeriesStatus.HELD, SeriesStatus.LAPSED}
    return is_booked and any(session.doses for session in series.sessions)


def _course(series: Series) -> CourseOfDoses:
    given = [one for one in series.sessions if one.doses and one.status in _BEGUN]
    to_come = [one for one in series.sessions if one.is_dose_to_come]
    return CourseOfDoses(series.protocol, series.condition, series.status, _dates(given), _dates(to_come))


def _dates(sessions: Iterable[Session]) -> tuple[date, ...]:
    return tuple(sorted(session.on for session in sessions))
