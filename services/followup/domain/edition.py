"""Data that a clinic edits: published as a whole, one edition after the other, each kept as it was."""

from typing import Protocol


class Edition(Protocol):
    """One of them; `version` is its number as well, once it is kept."""

    @property
    def id(self) -> str: ...
    @property
    def edition(self) -> int: ...
    @property
    def version(self) -> int: ...


def name_of(kind: str, edition: int) -> str:
    """The id of an edition; ids sort as editions do."""
    return f"{kind}@{edition:06d}"
