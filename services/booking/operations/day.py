"""The day of one dose: its treatment, and everything that its gate looks at, read together."""

from services.booking.domain.chart.answers import Question
from services.booking.domain.chart.consent import Gate
from services.booking.domain.chart.screening import ASKED_ON_THE_DAY
from services.booking.domain.clinic.task import TaskKind, new_task
from services.booking.domain.protocol.care import Care
from services.booking.domain.series.cap_review import new_holds
from services.booking.domain.series.series import Series
from services.booking.domain.treatment.day_gate import Day
from services.booking.domain.treatment.observation import Alarm, Look
from services.booking.domain.treatment.treatment import Treatment, treatment_id
from services.booking.operations.assessments import assessment_faults_of, is_known
from services.booking.operations.clearance import what_closes
from services.booking.operations.consents import missing_consents
from services.booking.operations.dose_orders import missing_order
from services.booking.operations.ports import UnitOfWork
from services.booking.operations.regimen import elsewhere_of, regimen_of
from shared.errors import Fault, NotFound
from shared.localtime import local_date


def treatment_of(uow: UnitOfWork, series: Series, number: int) -> Treatment:
    """That of the present place of session `number`. Raises `NotFound`: a talk, or nobody has arrived."""
    session = series.session(number)
    found = uow.treatments.find(treatment_id(series.id, number, session.revision))
    if found is None:
        raise NotFound("treatment")
    return found


def day_of(uow: UnitOfWork, series: Series, treatment: Treatment) -> Day:
    """All that the gate looks at."""
    named = treatment.answers.supervisor_id
    supervisors = [one for one in uow.resources.all() if one.id == named]
    order = uow.dose_orders.in_force(series.id)
    others = (one.start for one in uow.treatments.under_way() if one.id != treatment.id)
    return Day(
        treatment,
        series,
        regimen_of(uow, series),
        uow.now,
        order=order,
        supervisor=supervisors[0] if supervisors else None,
        occupied=frozenset(place for start in others if start for place in start.places),
        is_infused_elsewhere=uow.exposures.of(series.person).is_infused_beside(treatment.id),
        is_bipolar=is_known(uow, series, Question.BIPOLAR),
        asked=(*_asked(uow, series, treatment.number), *missing_order(uow, series, treatment.number, order)),
    )


def _asked(uow: UnitOfWork, series: Series, number: int) -> list[Fault]:
    """What the session, the patient's clearance, and their assessment and consents say."""
    session, on = series.session(number), local_date(uow.now, series.zone)
    # Doses that came to light a moment ago count before the review of the person has put anything on hold.
    caps = regimen_of(uow, series).caps_for(series.condition)
    holds = (*session.blocks, *new_holds(series, session, caps, elsewhere_of(uow, series), uow.now))
    blocks = [Fault(hold.code, hold.detail, context={"number": number}) for hold in holds]
    assessed = [fault for fault in assessment_faults_of(uow, series, on) if fault.code not in ASKED_ON_THE_DAY]
    return [
        *blocks,
        *what_closes(uow, series, number),
        *missing_consents(uow, series, Gate.DOSING, on),
        *assessed,
    ]


def keep_watching(uow: UnitOfWork, treatment: Treatment, care: Care) -> Treatment:
    """Save a treatment, with an alarm and a task for each look that is overdue by now."""
    watched = treatment.watched(care, at=uow.now)
    known = {alarm.point for alarm in treatment.alarms}
    for alarm in watched.alarms:
        if alarm.point not in known:
            _call_for(uow, watched, alarm)
    return uow.treatments.save(watched)


def _call_for(uow: UnitOfWork, treatment: Treatment, alarm: Alarm) -> None:
    what = ", ".join(Look(look).replace("-", " ") for look in alarm.point.asks)
    add_task(
        uow, treatment, TaskKind.OBSERVATION_OVERDUE, f"Look at the patient now: {what}.", alarm.point.at.isoformat()
    )


def add_task(uow: UnitOfWork, treatment: Treatment, kind: TaskKind, detail: str, reason: str) -> None:
    """Something about a treatment is to be seen to now; `reason` tells two of a kind apart."""
    task = new_task(
        kind,
        treatment.patient_id,
        detail,
        reason=f"{treatment.id} {reason}",
        at=uow.now,
        series_id=treatment.series_id,
        number=treatment.number,
        due_at=uow.now,
    )
    uow.tasks.add(task)
