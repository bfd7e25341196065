"""What notify hears of many aggregates, each in its order, and the orders between them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from services.notify.domain.message import Channel
from services.notify.operations.check_ins import CheckInClosed, hear_check_in_closed, hear_check_in_opened
from services.notify.operations.clinics import hear_clinic
from services.notify.operations.offers import OfferClosed, hear_offer_closed, hear_offer_made
from services.notify.operations.patients import hear_patient
from services.notify.operations.series import (
    SeriesCancelled,
    SeriesPaused,
    hear_series_booked,
    hear_series_cancelled,
    hear_series_paused,
)
from services.notify.operations.sessions import (
    SessionConfirmed,
    SessionDischarged,
    hear_session_cancelled,
    hear_session_confirmed,
    hear_session_discharged,
    hear_session_missed,
    hear_session_moved,
)
from tests.support.notify_builders import (
    BOOKED_AT,
    LINK,
    LOS_ANGELES,
    SERIES,
    check_in_opened,
    clinic_heard,
    offer_made,
    patient_heard,
    series_booked,
    session_cancelled,
    session_missed,
    session_moved,
)

Heard = tuple[Callable[[Any, Any], Any], Any]
CLINIC_EVENTS: list[Heard] = [
    (hear_clinic, clinic_heard()),
    (hear_clinic, clinic_heard(data_key=None, phone="555-0199")),
]
PATIENT_EVENTS: list[Heard] = [
    (hear_patient, patient_heard(phone=None)),
    (hear_patient, patient_heard(zone=LOS_ANGELES, preferred_channel=Channel.EMAIL)),
    (hear_patient, patient_heard(zone=LOS_ANGELES, escort_phone="sealed:+12125550777")),
]
SERIES_EVENTS: list[Heard] = [
    (
        hear_series_booked,
        series_booked("2026-03-09 09:00", "2026-03-11 10:00", "2026-03-13 08:15", link=f"sealed:{LINK}"),
    ),
    (hear_session_moved, session_moved(2, "2026-03-12 09:30")),
    (hear_session_moved, session_moved(2, "2026-03-12 11:00", revision=2)),
    (hear_session_confirmed, SessionConfirmed(SERIES, 2, BOOKED_AT)),
    (hear_session_cancelled, session_cancelled(3)),
    (hear_session_missed, session_missed(1)),
]
REBOOKED_SERIES_EVENTS: list[Heard] = [
    (hear_series_booked, series_booked("2026-03-10 12:00", "2026-03-17 12:00", series_id="series-3")),
    (hear_session_missed, replace(session_missed(1), series_id="series-3")),
    (hear_session_cancelled, session_cancelled(2, series_id="series-3", reason="paused")),
    (hear_series_paused, SeriesPaused("series-3", BOOKED_AT)),
    (hear_session_moved, replace(session_moved(1, "2026-03-11 12:00"), series_id="series-3")),
    (hear_session_moved, replace(session_moved(2, "2026-03-14 12:00"), series_id="series-3")),
]
OFFER_EVENTS: list[Heard] = [(hear_offer_made, offer_made())]
CLOSED_OFFER_EVENTS: list[Heard] = [
    (hear_offer_made, offer_made(offer_id="offer-2", series_id="series-3")),
    (hear_offer_closed, OfferClosed("offer-2", "series-3")),
]
OTHER_SERIES_EVENTS: list[Heard] = [
    (hear_series_booked, series_booked("2026-03-10 09:00", "2026-03-17 09:00", series_id="series-2")),
    (hear_session_cancelled, session_cancelled(1, series_id="series-2")),
    (hear_session_cancelled, session_cancelled(2, series_id="series-2")),
    (hear_series_cancelled, SeriesCancelled("series-2", BOOKED_AT)),
]
RUNNING_SERIES_EVENTS: list[Heard] = [
    (hear_series_booked, series_booked("2026-03-02 07:00", "2026-03-05 09:00", series_id="series-4")),
    (hear_session_confirmed, SessionConfirmed("series-4", 2, BOOKED_AT)),
    (hear_session_discharged, SessionDischarged("series-4", 1, BOOKED_AT - timedelta(minutes=30))),
]
CHECK_IN_EVENTS: list[Heard] = [(hear_check_in_opened, check_in_opened(expires_at=BOOKED_AT + timedelta(days=7)))]
HOME_AT = BOOKED_AT - timedelta(minutes=30)
HOME_FORM_EVENTS: list[Heard] = [
    (
        hear_check_in_opened,
        check_in_opened(
            check_in_id="check-in-3",
            series_id="series-4",
            instruments=("home-safe",),
            opened_at=HOME_AT + timedelta(hours=2),
            expires_at=HOME_AT + timedelta(hours=4),
        ),
    )
]
CLOSED_CHECK_IN_EVENTS: list[Heard] = [
    (hear_check_in_opened, check_in_opened(check_in_id="check-in-2")),
    (hear_check_in_closed, CheckInClosed("check-in-2")),
]
AGGREGATES = (
    CLINIC_EVENTS,
    PATIENT_EVENTS,
    SERIES_EVENTS,
    OTHER_SERIES_EVENTS,
    REBOOKED_SERIES_EVENTS,
    RUNNING_SERIES_EVENTS,
    OFFER_EVENTS,
    CLOSED_OFFER_EVENTS,
    CHECK_IN_EVENTS,
    HOME_FORM_EVENTS,
    CLOSED_CHECK_IN_EVENTS,
)
"""The news of each aggregate."""
turns = st.permutations([number for number, events in enumerate(AGGREGATES) for _ in events])
"""An order between them: for each piece of news the number of its aggregate."""
