"""What followup keeps of a clinic: heard, never decided here."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Clinic:
    """`zone` is an IANA zone, `country` ISO 3166 alpha-2, `sender_alias` the name that discloses no treatment."""

    id: str
    sender_alias: str
    zone: str
    country: str
    phone: str
    version: int = 0
