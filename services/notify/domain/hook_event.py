"""What a provider told us, by its own name for it: so that the same thing told again changes nothing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

_NAMESPACE: Final = UUID("5b0f7e2c-9d1a-5c34-8e77-1f6a0c4d2b95")


@dataclass(frozen=True, kw_only=True)
class HookEvent:
    """One thing told by `provider`, at `at`."""

    id: str
    version: int = 0
    provider: str
    at: datetime


def hook_event_id(provider: str, event_id: str) -> str:
    """One id for each thing told, for whichever clinic: what was signed for one is never another's as well."""
    return str(uuid5(_NAMESPACE, f"{provider}\n{event_id}"))
