"""What a patient does before and after a visit. Hours are elapsed hours, whatever the clocks do in between."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

ARRIVE_EARLY: Final = timedelta(minutes=15)
"""So long before the visit the patient should be there (clinic default)."""
NO_DRIVING: Final = timedelta(hours=24)
"""So long after going home the patient does not drive (labels of esketamine: until the next day, after a restful sleep;
24 hours, clinic default), where the discharge told no other figure."""


@dataclass(frozen=True)
class Fasting:
    """For how long before a visit the patient has no solid food and no clear liquids, as its protocol says.

    Where the booking told no figures: ASA preoperative fasting guideline, light meal 6 h, clear liquids 2 h.
    """

    solids_hours: int = 6
    fluids_minutes: int = 120

    def solids_stop_at(self, starts_at: datetime) -> datetime:
        """From here on no solid food."""
        return starts_at - timedelta(hours=self.solids_hours)

    def clear_liquids_stop_at(self, starts_at: datetime) -> datetime:
        """From here on not even clear liquids."""
        return starts_at - timedelta(minutes=self.fluids_minutes)


def no_driving_until(discharged_at: datetime) -> datetime:
    """Until then the patient does not drive."""
    return discharged_at + NO_DRIVING
