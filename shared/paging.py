"""Lists in pages: what an operation answers when a list is walked by id."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some items in order; `after` is the id of the last one when there are more."""

    items: Sequence[T]
    after: str | None


def page_of(found: Sequence[T], limit: int) -> Page[T]:
    """A page from a query that asked for one item more than `limit`, sorted by id."""
    items: Any = found[:limit]
    return Page(items, items[-1].id if len(found) > limit else None)
