"""Lists in pages: what an operation answers when a list is walked by id, or by another place in its order."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some items in order; `after` is the place of the last one (its id, mostly) when there are more."""

    items: Sequence[T]
    after: str | None


def page_of(found: Sequence[T], limit: int) -> Page[T]:
    """A page from a query that asked for one item more than `limit`, sorted by id."""
    items: Any = found[:limit]
    return Page(items, items[-1].id if len(found) > limit else None)


def page_from(found: Iterable[T], *, after: str | None, limit: int, place: Callable[[T], str]) -> Page[T]:
    """A page of a list that is there whole, in the order of `place`, which tells any two items apart."""
    behind = sorted((one for one in found if place(one) > (after or "")), key=place)
    return Page(behind[:limit], place(behind[limit - 1]) if len(behind) > limit else None)
