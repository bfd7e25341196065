"""What notify keeps of a check-in: the link to its form, and whether it still waits. Facts that followup tells."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class CheckIn:
    """`id` is what the message is about. `link` is sealed, as it came.

    `visit`: behind which it asks whether the patient came home safely; empty: it asks something else.
    """

    id: str
    version: int = 0
    patient_id: str
    link: str
    opened_at: datetime
    expires_at: datetime
    is_open: bool = True
    visit: str = ""


def check_in_subject(check_in_id: str) -> str:
    """What the message with the link is about; the id of the copy."""
    return f"check_in/{check_in_id}"
