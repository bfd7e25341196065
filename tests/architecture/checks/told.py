"""What a service tells, compared with its topic; and that nothing personal travels in the open."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields, is_dataclass
from types import ModuleType
from typing import Any, Final, get_args, get_type_hints

from shared.messaging.telling import Told, Types

PERSONAL: Final = frozenset({"name", "phone", "email", "birth_date", "link", "token", "address", "text", "notes"})
NOT_OF_A_PERSON: Final[Mapping[str, frozenset[str]]] = {
    # A clinic's own name and phone number stand on its door.
    "clinic.opened.v1": frozenset({"name", "phone"}),
    "clinic.changed.v1": frozenset({"name", "phone"}),
}


def classes_in(module: ModuleType) -> set[type[Any]]:
    """The event classes of a module: its dataclasses that are no part of another one."""
    all_of_them = {value for value in vars(module).values() if _is_defined_in(module, value)}
    return all_of_them - {part for event in all_of_them for part in parts_of(event)}


def parts_of(event: type[Any]) -> set[type[Any]]:
    """The dataclasses that an event is made of."""
    mentioned = {kind for hint in get_type_hints(event).values() for kind in _kinds(hint)}
    return {kind for kind in mentioned if is_dataclass(kind)}


def table_faults(classes: Collection[type[Any]], types: Types, contract: Collection[str]) -> list[str]:
    """How classes, table and topic differ."""
    named = [told.type for told in types.values()]
    return [
        *(f"{one.__name__} is not in TYPES" for one in _sorted(set(classes) - set(types))),
        *(f"{one.__name__} is in TYPES and no event of the domain" for one in _sorted(set(types) - set(classes))),
        *(f"{one} is told and in no topic of this service" for one in sorted(set(named) - set(contract))),
        *(f"{one} is told and replaced by a newer version" for one in sorted(set(named) & former(contract))),
        *(f"{one} is promised and never told" for one in sorted(set(contract) - set(named) - former(contract))),
        *(f"{one} stands for several classes" for one in sorted({one for one in named if named.count(one) > 1})),
    ]


def former(contract: Collection[str]) -> set[str]:
    """Versions that a newer one has replaced: told no more, and heard as long as old events may come."""
    newest = {_name_of(one): one for one in sorted(contract, key=_version_of)}
    return set(contract) - set(newest.values())


def _name_of(type: str) -> str:
    return type.rpartition(".v")[0]


def _version_of(type: str) -> int:
    return int(type.rpartition(".v")[2])


def sealing_faults(types: Types, open_fields: Mapping[str, frozenset[str]] = NOT_OF_A_PERSON) -> list[str]:
    """Personal fields that travel in the open, and sealed ones that are not there."""
    return [fault for event, told in types.items() for fault in _sealing(event, told, open_fields)]


def _sealing(event: type[Any], told: Told, open_fields: Mapping[str, frozenset[str]]) -> Iterator[str]:
    names = {field.name for field in fields(event)}
    for name in sorted(names & PERSONAL - told.sealed - open_fields.get(told.type, frozenset())):
        yield f"{told.type}: {name} is personal and not sealed"
    for name in sorted(told.sealed - names):
        yield f"{told.type}: {name} is sealed and no field"
    for part in _sorted(parts_of(event)):
        for name in sorted({field.name for field in fields(part)} & PERSONAL):
            yield f"{told.type}: {part.__name__}.{name} is personal, and only whole fields of an event are sealed"


def _is_defined_in(module: ModuleType, value: Any) -> bool:
    return isinstance(value, type) and is_dataclass(value) and value.__module__ == module.__name__


def _kinds(hint: Any) -> Iterator[type[Any]]:
    if isinstance(hint, type):
        yield hint
    for argument in get_args(hint):
        yield from _kinds(argument)


def _sorted(classes: Collection[type[Any]]) -> list[type[Any]]:
    return sorted(classes, key=lambda one: one.__name__)
