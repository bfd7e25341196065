"""What waits in notify: messages by what they wait for, and pages that nobody has taken on."""

from collections.abc import Callable
from datetime import datetime

from services.notify.domain.message import Channel, Status
from services.notify.domain.page import PageStatus
from services.notify.store.message import COLLECTION as MESSAGES
from services.notify.store.message import due_by
from services.notify.store.overdue import overdue_by
from services.notify.store.page import COLLECTION as PAGES
from services.notify.store.page import due as to_call
from services.notify.store.paused import paused
from services.notify.store.policy import COLLECTION as POLICIES
from shared.persistence.counting import Count
from shared.persistence.unit_of_work import Document


def _due(channel: Channel) -> Callable[[datetime], Document]:
    return lambda now: due_by(now, channel)


def _standing(status: Status) -> Callable[[datetime], Document]:
    return lambda _: {"status": status.value}


def _unanswered(_: datetime) -> Document:
    return {"status": PageStatus.UNANSWERED.value}


COUNTS: tuple[Count, ...] = (
    *(Count(f"messages.due-{channel}", MESSAGES, _due(channel), "next_at") for channel in Channel),
    Count("messages.overdue", MESSAGES, overdue_by),
    Count("messages.queued", MESSAGES, _standing(Status.QUEUED)),
    Count("messages.sending", MESSAGES, _standing(Status.SENDING)),
    Count("messages.unknown", MESSAGES, _standing(Status.UNKNOWN)),
    Count("pages.to-call", PAGES, to_call, "next_at"),
    Count("pages.unanswered", PAGES, _unanswered),
    Count("clinics.paused", POLICIES, paused, "paused_at"),
)
