"""What notify keeps of a series: the patient's own page about it. Facts that booking tells."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Series:
    """`id` is what messages are about. `link` is sealed, as it came; a series without one has no page."""

    id: str
    version: int = 0
    patient_id: str
    link: str | None = None
