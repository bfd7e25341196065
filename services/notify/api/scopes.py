"""Who may call what: sets of scopes, any one of which is enough."""

from typing import Final

ADMIN_OR_OPERATOR: Final = frozenset({"platform", "admin"})
CARE: Final = frozenset({"front_desk", "nurse", "clinician", "admin", "integration"})
STAFF: Final = frozenset({"front_desk", "nurse", "clinician", "admin"})
"""People, and no machine that only hands in."""
INTEGRATION: Final = frozenset({"integration"})
