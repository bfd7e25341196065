"""What followup keeps of a patient: heard, never decided here."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Patient:
    """`birth_date` stays sealed as it was heard. Without a zone or a country of their own, the clinic's hold."""

    id: str
    locale: str
    zone: str | None
    country: str | None
    birth_date: str
    version: int = 0
