"""Who wants something done."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Actor:
    """The id of an access key, and its scopes."""

    id: str
    scopes: frozenset[str]


NOBODY: Final = Actor("platform", frozenset())
"""The platform itself: due work, events heard, patients' pages. It may do what needs no scope."""
