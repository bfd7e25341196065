"""Everything that runs the platform somewhere; no service imports it."""

from typing import Final

SERVICES: Final = ("booking", "followup", "notify")
"""As their folders, databases, users and addresses are called."""
