"""What booking forgets, and when. Records of patients, sessions and doses it does not: how long is the clinic's law."""

from datetime import timedelta

from services.booking.domain.waiting.opening import OpeningStatus
from services.booking.store.offer import OPENINGS
from shared.persistence.retention import Retention

FORGOTTEN: tuple[Retention, ...] = (
    Retention(
        OPENINGS,
        "next_at",
        timedelta(days=90),
        "nobody is asked any more; what was offered to whom stays with the offers",
        {"status": OpeningStatus.ENDED.value},
    ),
)
