"""Who may call what: sets of scopes, any one of which is enough."""

from typing import Final

OPERATOR: Final = frozenset({"platform"})
ADMIN: Final = frozenset({"platform", "admin"})
DESK: Final = frozenset({"front_desk", "nurse", "clinician", "admin", "integration"})
ADMIN_DESK: Final = frozenset({"front_desk", "admin"})
CLINICAL: Final = frozenset({"clinician", "admin"})
CLINICIAN: Final = frozenset({"clinician"})
NURSING: Final = frozenset({"nurse", "clinician"})
"""The qualified staff at the chair."""
PEOPLE: Final = frozenset({"front_desk", "nurse", "clinician", "admin"})
"""Staff, not programs: what they say has somebody behind it."""
