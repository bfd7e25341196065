"""What waits in booking: due work that jobs take up within seconds, and tasks that people have to see to."""

from datetime import datetime

from services.booking.domain.clinic.task import TaskKind, TaskStatus
from services.booking.store.consent import CONSENTS, running_out
from services.booking.store.offer import OFFERS, OPENINGS, to_offer, unanswered
from services.booking.store.series import SERIES, due, outlived
from services.booking.store.task import TASKS
from services.booking.store.treatment import TREATMENTS, unwatched
from shared.persistence.counting import Count
from shared.persistence.unit_of_work import Document


def _open_tasks(_: datetime) -> Document:
    return {"status": TaskStatus.REQUESTED.value}


def _crises(now: datetime) -> Document:
    return {**_open_tasks(now), "kind": TaskKind.CRISIS.value}


COUNTS: tuple[Count, ...] = (
    Count("series.due", SERIES, due, "next_at"),
    Count("holds.outlived", SERIES, outlived, "held_until"),
    Count("offers.unanswered", OFFERS, unanswered, "expires_at"),
    Count("openings.to-offer", OPENINGS, to_offer, "next_at"),
    Count("treatments.unwatched", TREATMENTS, unwatched, "next_at"),
    Count("consents.running-out", CONSENTS, running_out, "next_at"),
    Count("tasks.open", TASKS, _open_tasks),
    Count("tasks.crisis", TASKS, _crises, "made_at"),
)
