"""What a patient does before a visit, as instants. Hours are elapsed hours, whatever the clocks do in between.

All figures are defaults that a clinic may come to edit.
"""

from datetime import datetime, timedelta
from typing import Final

SOLIDS_STOP: Final = timedelta(hours=6)
"""No solid food from so long before the visit (ASA preoperative fasting guideline: light meal 6 h)."""
CLEAR_LIQUIDS_STOP: Final = timedelta(hours=2)
"""No clear liquids from so long before the visit (ASA preoperative fasting guideline: 2 h)."""
ARRIVE_EARLY: Final = timedelta(minutes=15)
"""So long before the visit the patient should be there (clinic default)."""
NO_DRIVING: Final = timedelta(hours=24)
"""So long after going home the patient does not drive (labels of esketamine: until the next day, after a restful sleep;
24 hours, clinic default), where the discharge told no other figure."""


def solids_stop_at(starts_at: datetime) -> datetime:
    """From here on no solid food."""
    return starts_at - SOLIDS_STOP


def clear_liquids_stop_at(starts_at: datetime) -> datetime:
    """From here on not even clear liquids."""
    return starts_at - CLEAR_LIQUIDS_STOP


def no_driving_until(discharged_at: datetime) -> datetime:
    """Until then the patient does not drive."""
    return discharged_at + NO_DRIVING
