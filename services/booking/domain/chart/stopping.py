"""What becomes of the doses to come for which a consent is needed, once it is withdrawn or runs out."""

from collections.abc import Iterable
from datetime import datetime

from services.booking.domain.chart.consent import Consent, Gate, Scope
from services.booking.domain.events import SeriesEvent, TreatmentHeld
from services.booking.domain.protocol.protocol import Regimen
from services.booking.domain.series.series import Changed, Series, SeriesStatus
from services.booking.domain.series.session import CONSENT_WITHDRAWN, HoldOn, Session


def doses_that_need(consent: Consent, series: Series, regimen: Regimen) -> tuple[Session, ...]:
    """The doses to come of a booked series, those that rest among them, that do not begin without this consent."""
    rule = consent.rule
    is_meant = rule.scope is Scope.PATIENT or consent.series_id == series.id
    is_asked = Gate.DOSING in rule.gates and rule.is_asked(regimen, series.condition)
    if series.status is SeriesStatus.HELD or not (is_meant and is_asked):
        return ()
    to_come = (session for session in series.sessions if session.is_dose_to_come or session.waits_for_a_place)
    return tuple(session for session in to_come if session.doses)


def stopped(series: Series, doses: Iterable[Session], consent: Consent, at: datetime) -> Changed:
    """The series with these doses on hold, each told: the patient has withdrawn this consent."""
    told: list[SeriesEvent] = []
    hold = HoldOn(CONSENT_WITHDRAWN, f"The patient has withdrawn a consent: {consent.kind}.", at)
    for session in doses:
        if CONSENT_WITHDRAWN not in {block.code for block in session.blocks}:
            series = series.hold_on(session.number, hold)
            told.append(TreatmentHeld(series.patient_id, session.number, CONSENT_WITHDRAWN, at))
    return series, told
