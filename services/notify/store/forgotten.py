"""What notify forgets, and when. The ledger it does not: one row for each meaning is why nothing is said twice."""

from datetime import timedelta

from services.notify.store.hook_event import COLLECTION as HOOK_EVENTS
from shared.persistence.retention import Retention

FORGOTTEN: tuple[Retention, ...] = (
    Retention(
        HOOK_EVENTS,
        "at",
        timedelta(days=30),
        "longer than any provider repeats itself; a signature with a time in it is good for minutes only",
    ),
)
