"""Who may call what: sets of scopes, any one of which is enough."""

from typing import Final

OPERATOR: Final = frozenset({"platform"})
ADMIN_OR_OPERATOR: Final = frozenset({"platform", "admin"})
CARE: Final = frozenset({"front_desk", "nurse", "clinician", "admin", "integration"})
ADMIN_DESK: Final = frozenset({"front_desk", "admin"})
CLINICAL: Final = frozenset({"clinician", "admin"})
CLINICIAN: Final = frozenset({"clinician"})
NURSING: Final = frozenset({"nurse", "clinician"})
"""The qualified staff at the chair."""
STAFF: Final = frozenset({"front_desk", "nurse", "clinician", "admin"})
"""People, and no machine that only hands in."""
