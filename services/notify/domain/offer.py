"""What notify keeps of an offer: the earlier time, and how long it may be answered. Facts that booking tells."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.notify.domain.visit import series_subject

OFFER: Final = "/offers/"
"""Stands between a series and the offer of a place for it in what messages are about."""


@dataclass(frozen=True, kw_only=True)
class Offer:
    """`id` is what the message is about. `starts_local` is the wall time in `zone` that session `number` could have."""

    id: str
    version: int = 0
    patient_id: str
    number: int
    zone: str
    starts_at: datetime
    starts_local: datetime
    made_at: datetime
    expires_at: datetime
    is_open: bool = True


def offer_subject(series_id: str, offer_id: str) -> str:
    """What the message with an offer is about; the id of the copy."""
    return f"{series_subject(series_id)}{OFFER}{offer_id}"
