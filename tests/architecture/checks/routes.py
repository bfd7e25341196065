"""Every route is authenticated, belongs to one clinic, is described, and fills the command of its operation."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, Final

from marshmallow import RAISE, Schema
from marshmallow import fields as schema_fields

from shared.http.routes import CLINIC, File, Route
from tests.architecture.checks.heard import operation_fault

SCOPES: Final = frozenset({"platform", "admin", "front_desk", "nurse", "clinician", "psychiatrist", "integration"})
OPERATOR: Final = frozenset({"platform"})
METHODS: Final = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE"})


def table_faults(routes: Sequence[Route]) -> list[str]:
    """Everything that is wrong with a service's routes."""
    names = [route.name for route in routes]
    places = [f"{route.method} {route.path}" for route in routes]
    return [
        *(f"{name} is the name of several routes" for name in sorted(twice(names))),
        *(f"{place} is there twice" for place in sorted(twice(places))),
        *(f"{route.method} {route.path}: {fault}" for route in routes for fault in faults_of(route)),
    ]


def twice(things: Sequence[str]) -> set[str]:
    return {thing for thing in things if things.count(thing) > 1}


def faults_of(route: Route) -> Iterator[str]:
    """What is wrong with one row."""
    yield from _access(route)
    yield from _schemas(route)
    yield from _filling(route)
    if fault := operation_fault(route.operation, route.command):
        yield fault
    if not route.summary or route.summary.endswith("."):
        yield "needs a summary, a phrase without full stop"
    if route.method not in METHODS:
        yield f"unknown method {route.method}"


def _access(route: Route) -> Iterator[str]:
    if not route.scopes:
        yield "nobody may call it, or everybody"
    if unknown := sorted(route.scopes - SCOPES):
        yield f"unknown scopes {unknown}"
    inside = route.path == "/clinics/<clinic_id>" or route.path.startswith("/clinics/<clinic_id>/")
    if not inside and route.scopes != OPERATOR:
        yield "stands outside of any clinic and is not the operator's alone"
    if route.opens_clinic and (inside or route.method != "POST"):
        yield "only a POST outside of any clinic opens one"
    if route.only_asks and (route.method != "POST" or route.opens_clinic):
        yield "only a POST that makes nothing only asks"


def _schemas(route: Route) -> Iterator[str]:
    for schema in (route.body, route.query):
        yield from [] if schema is None else _laxity(schema())
    if route.method in {"PATCH", "PUT"} and route.body is None:
        yield "changes something and says not what"
    if route.method in {"GET", "DELETE"} and route.body is not None:
        yield f"a {route.method} has no body"
    if isinstance(route.answer, File):
        yield from ["does something, and answers with a file"] if route.method != "GET" or route.is_list else []
        return
    if route.changes and "version" not in route.answer().fields:
        yield "answers without the version that the next change has to name"
    if route.is_list and set(route.answer().fields) != {"items", "next_cursor"}:
        yield "is a list that does not answer with a page"


def _laxity(schema: Schema) -> Iterator[str]:
    """A schema that lets unknown fields pass lets typing errors pass."""
    if schema.unknown != RAISE:
        yield f"{type(schema).__name__} lets unknown fields pass"
    for field in schema.fields.values():
        inner = field.inner if isinstance(field, schema_fields.List) else field
        if isinstance(inner, schema_fields.Nested):
            yield from _laxity(inner.schema)


def _filling(route: Route) -> Iterator[str]:
    """Fields of the command that nobody fills, and names given that it has no field for."""
    if not is_dataclass(route.command):
        return
    known = {field.name for field in fields(route.command)}
    needed = {one.name for one in fields(route.command) if one.default is MISSING and one.default_factory is MISSING}
    certain, possible = _given(route)
    is_open = route.body is not None and has_post_load(route.body)
    if twice_given := sorted(_in_path(route) & _body_names(route)):
        yield f"{twice_given} are in the path and in the body"
    if stray := sorted(possible - known):
        yield f"{stray} are no fields of {route.command.__name__}"
    if not is_open and (empty := sorted(needed - certain)):
        yield f"nobody fills {empty} of {route.command.__name__}"


def has_post_load(schema: type[Schema]) -> bool:
    """Whether a hook makes the body into something else, which only a call can show."""
    return bool(schema()._hooks.get("post_load"))


def _given(route: Route) -> tuple[set[str], set[str]]:
    """Names that the command is surely given, and those that it may be given."""
    names = (_in_path(route) | ({"version"} if route.changes else set())) - {CLINIC}
    parts: list[Collection[Any]] = []
    if route.query is not None:
        parts.append(_loaded(route.query))
    if route.body is not None and not has_post_load(route.body):
        parts.append(_loaded(route.body))
    loaded = {("after" if name == "cursor" and route.is_list else name): sure for part in parts for name, sure in part}
    return names | {name for name, sure in loaded.items() if sure}, names | set(loaded)


def _in_path(route: Route) -> set[str]:
    return set(re.findall(r"<(?:\w+:)?(\w+)>", route.path))


def _body_names(route: Route) -> set[str]:
    return set() if route.body is None else {name for name, _ in _loaded(route.body)}


def _loaded(schema: type[Schema]) -> list[tuple[str, bool]]:
    from marshmallow import missing  # noqa: PLC0415 -- a value, not a type: its name would mean something else above

    loaded = [field for field in schema().fields.values() if not field.dump_only]
    return [
        (str(field.attribute or field.name), field.required or field.load_default is not missing) for field in loaded
    ]
