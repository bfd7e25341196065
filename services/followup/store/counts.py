"""What waits in followup: due work that jobs take up within seconds, and alerts that people have to see to."""

from datetime import datetime

from services.followup.domain.alert import AlertStatus
from services.followup.store.alert import COLLECTION as ALERTS
from services.followup.store.alert import to_page
from services.followup.store.check_in import COLLECTION as CHECK_INS
from services.followup.store.check_in import expired, to_open
from shared.persistence.counting import Count
from shared.persistence.unit_of_work import Document


def _raised(_: datetime) -> Document:
    return {"status": AlertStatus.RAISED.value}


def _acknowledged(_: datetime) -> Document:
    return {"status": AlertStatus.ACKNOWLEDGED.value}


COUNTS: tuple[Count, ...] = (
    Count("check-ins.to-open", CHECK_INS, to_open, "due_at"),
    Count("check-ins.expired", CHECK_INS, expired, "expires_at"),
    Count("alerts.raised", ALERTS, _raised, "raised_at"),
    Count("alerts.acknowledged", ALERTS, _acknowledged),
    Count("alerts.to-page", ALERTS, to_page, "next_step_at"),
)
