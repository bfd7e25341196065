"""Dataclasses to plain values and back, by cattrs: one converter for stored documents, one for JSON.

Both ignore unknown fields when reading: a newer writer may add some.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeVar, cast

from cattrs import Converter

T = TypeVar("T")


def _rfc3339(at: datetime) -> str:
    """An instant as RFC 3339 in UTC, a naive wall time as ISO 8601 without zone."""
    if at.tzinfo is None:
        return at.isoformat(timespec="minutes")
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _moment(value: Any, _: type) -> datetime:
    at = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return at.astimezone(UTC) if at.tzinfo else at


def _new_converter() -> Converter:
    converter = Converter(unstruct_collection_overrides={tuple: list, frozenset: sorted, set: sorted})
    converter.register_unstructure_hook(date, lambda day: day.isoformat())
    converter.register_structure_hook(date, lambda value, _: date.fromisoformat(value))
    converter.register_unstructure_hook(time, lambda wall: wall.isoformat(timespec="minutes"))
    converter.register_structure_hook(time, lambda value, _: time.fromisoformat(value))
    converter.register_unstructure_hook(timedelta, lambda length: length.total_seconds())
    converter.register_structure_hook(timedelta, lambda value, _: timedelta(seconds=value))
    converter.register_structure_hook(datetime, _moment)
    converter.register_unstructure_hook(Decimal, str)
    converter.register_structure_hook(Decimal, lambda value, _: Decimal(value))
    return converter


def _for_documents() -> Converter:
    converter = _new_converter()
    # MongoDB keeps instants natively; a naive wall time must not be mistaken for one.
    converter.register_unstructure_hook(datetime, lambda at: at if at.tzinfo else _rfc3339(at))
    return converter


def _for_json() -> Converter:
    converter = _new_converter()
    converter.register_unstructure_hook(datetime, _rfc3339)
    return converter


_documents = _for_documents()
_json = _for_json()


def to_document(value: Any) -> dict[str, Any]:
    """The stored form of a dataclass: instants native; dates, times, decimals, enums as text; durations in seconds."""
    return cast("dict[str, Any]", _documents.unstructure(value))


def from_document(kind: type[T], document: Mapping[str, Any]) -> T:
    """A dataclass from its stored form."""
    return _documents.structure(document, kind)


def to_json(value: Any) -> dict[str, Any]:
    """The JSON form of a dataclass: instants as RFC 3339 in UTC, the rest as in documents."""
    return cast("dict[str, Any]", _json.unstructure(value))


def from_json(kind: type[T], data: Mapping[str, Any]) -> T:
    """A dataclass from its JSON form. Raises what cattrs raises when a field is missing or unreadable."""
    return _json.structure(data, kind)
