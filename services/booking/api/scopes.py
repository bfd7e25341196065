"""Who may call what: sets of scopes, any one of which is enough."""

from typing import Final

OPERATOR: Final = frozenset({"platform"})
ADMIN: Final = frozenset({"platform", "admin"})
DESK: Final = frozenset({"front_desk", "clinician", "admin", "integration"})
ADMIN_DESK: Final = frozenset({"front_desk", "admin"})
CLINICAL: Final = frozenset({"clinician", "admin"})
CLINICIAN: Final = frozenset({"clinician"})
