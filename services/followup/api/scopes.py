"""Who may call what."""

from typing import Final

ADMIN: Final = frozenset({"admin"})
CARE: Final = frozenset({"front_desk", "nurse", "clinician", "admin", "integration"})
STAFF: Final = frozenset({"front_desk", "nurse", "clinician", "admin"})
"""People, and no machine that only hands in."""
CLINICIAN: Final = frozenset({"clinician"})
