"""What notify keeps of a clinic: how it signs, where its clock stands, when it stays silent.

A copy of facts that booking tells: they are taken as they come, so there is nothing to refuse and no table of moves.
"""

from dataclasses import dataclass
from datetime import time


@dataclass(frozen=True, kw_only=True)
class Clinic:
    """`sender_alias` is the name patients know; the clinic's own name may say too much. `country` is ISO 3166."""

    id: str
    version: int = 0
    name: str
    sender_alias: str
    zone: str
    country: str
    locale: str
    phone: str
    quiet_from: time
    quiet_until: time
