"""Which changes of a schema break those who hear the event, and who they are.

A schema is read in two ways: hearers check what comes against it (old events may still come), and they count on what
it promises. So a change breaks when it refuses what was allowed, or no longer promises what was promised. A breaking
change needs a new version of the type: `session.moved.v2`. Its hearers learn it before it is told in the place of `v1`,
and go on hearing that one: old events may still come.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

Schema = Mapping[str, Any]
LOWER_BOUNDS: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER_BOUNDS: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
FIXED: Final = ("const", "format", "pattern")


def breaking(old: Schema, new: Schema, heard_by: Collection[str] = ()) -> list[str]:
    """What breaks between two versions of one schema; each line names the hearers that it hits."""
    hit = f" (hits {', '.join(sorted(heard_by))})" if heard_by else " (nobody hears it)"
    return [f"{change}{hit}" for change in _changes(old, new, "")]


def _changes(old: Schema, new: Schema, place: str) -> Iterator[str]:
    yield from _types(old, new, place or "the event")
    yield from _values(old, new, place or "the event")
    yield from _fields(old, new, place)
    if "items" in old or "items" in new:
        yield from _changes(old.get("items", {}), new.get("items", {}), f"{place}[]")


def _fields(old: Schema, new: Schema, place: str) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    needed, needed_now = set(old.get("required", ())), set(new.get("required", ()))
    for name in sorted(before.keys() - after.keys()):
        yield f"{_inside(place, name)} is gone"
    for name in sorted(needed_now - needed):
        yield f"{_inside(place, name)} is required now"
    for name in sorted((needed - needed_now) & after.keys()):
        yield f"{_inside(place, name)} is no longer promised"
    if old.get("additionalProperties", True) and not new.get("additionalProperties", True):
        yield f"{place or 'the event'} refuses unknown fields now"
    for name in sorted(before.keys() & after.keys()):
        yield from _changes(before[name], after[name], _inside(place, name))


def _types(old: Schema, new: Schema, place: str) -> Iterator[str]:
    before, after = _types_of(old), _types_of(new)
    if before and after:
        yield from (f"{place} may not be {kind} any more" for kind in sorted(before - after))
        yield from (f"{place} may be {kind} now" for kind in sorted(after - before))
    elif before != after:
        yield f"{place} had type {sorted(before) or 'any'} and has {sorted(after) or 'any'}"


def _types_of(schema: Schema) -> frozenset[str]:
    kinds = schema.get("type", ())
    return frozenset({kinds} if isinstance(kinds, str) else kinds)


def _values(old: Schema, new: Schema, place: str) -> Iterator[str]:
    before, after = old.get("enum"), new.get("enum")
    if before is not None and after is not None:
        yield from (f"{place} may not be {value!r} any more" for value in before if value not in after)
        yield from (f"{place} may be {value!r} now" for value in after if value not in before)
    elif before != after:
        yield f"{place} {'is' if before is None else 'is no longer'} one of a fixed list{' now' * (before is None)}"
    for rule in FIXED:
        if old.get(rule) != new.get(rule):
            yield f"{place} has {rule} {new.get(rule)!r} instead of {old.get(rule)!r}"
    yield from _bounds(old, new, place)


def _bounds(old: Schema, new: Schema, place: str) -> Iterator[str]:
    for rule in LOWER_BOUNDS:
        if rule in new and new[rule] > old.get(rule, float("-inf")):
            yield f"{place} has {rule} {new[rule]} instead of {old.get(rule)}"
    for rule in UPPER_BOUNDS:
        if rule in new and new[rule] < old.get(rule, float("inf")):
            yield f"{place} has {rule} {new[rule]} instead of {old.get(rule)}"


def _inside(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
