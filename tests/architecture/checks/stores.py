"""Collections that the code uses, compared with the indexes that are declared for them."""

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from inspect import getsource
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any, Final

from shared.persistence.mongo import Index, outbox_index
from tests.architecture.checks.tables import modules_below

DATABASES: Final = frozenset({"database", "_database"})
"""What a database is called wherever a collection is taken from it."""
PLATFORM_BY_ID: Final[Mapping[str, str]] = MappingProxyType(
    {
        "heard": "one row for each heard aggregate, by the aggregate's name",
        "leases": "one row for each lease, by its name",
        "poison": "never many; listed whole, for a person",
        "relay_state": "one row for each topic, by its name",
        "restored": "one row, the mark of the last restore",
        "schema": "one row, the version of what is kept",
    }
)
"""The platform's collections that need no index, and why."""


def collections_of(*packages: str) -> set[str]:
    """Those that the modules in these packages use."""
    modules = [import_module(name) for name in modules_below(*packages)]
    return {collection for module in modules for collection in collections_in(module)}


def collections_in(module: ModuleType) -> set[str]:
    """Names of collections in `Documents(…, <name>, …)`, `Documents.plain(…, <name>, …)` and `database[<name>]`,
    written out or as a constant.

    A name that comes as an argument is left out: whoever gives it writes it.
    """
    found = {_constant(module, node) for node in _names_of_collections(_tree(module))}
    return {name for name in found if name is not None}


def _names_of_collections(tree: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _makes_documents(node) and len(node.args) > 1:
            yield node.args[1]
        if isinstance(node, ast.Subscript) and _last_name(node.value) in DATABASES:
            yield node.slice


def _makes_documents(call: ast.Call) -> bool:
    match call.func:
        case ast.Attribute(maker, "plain"):
            return _last_name(maker) == "Documents"
        case maker:
            return _last_name(maker) == "Documents"


def _tree(module: ModuleType) -> ast.AST:
    return ast.parse(Path(module.__file__ or "").read_text())


def _last_name(node: ast.expr) -> str:
    match node:
        case ast.Name(name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(value):  # Documents[Cake](…)
            return _last_name(value)
    return ""


def _constant(module: ModuleType, node: ast.expr) -> str | None:
    match node:
        case ast.Constant(str() as name):
            return name
        case ast.Name(name):
            return getattr(module, name, None)
    return None


def index_faults(used: Collection[str], indexes: Sequence[Index], by_id: Collection[str]) -> list[str]:
    """Collections without an index (`by_id`: found by their id alone, which needs none), and the other way round."""
    indexed = {index.collection for index in indexes}
    places = [(index.collection, index.name) for index in indexes]
    return [
        *(f"{name} has no index" for name in sorted(set(used) - indexed - set(by_id))),
        *(f"{name} is indexed and never used" for name in sorted(indexed - set(used))),
        *(f"{name} is found by its id alone and has an index" for name in sorted(indexed & set(by_id))),
        *(f"{place[0]}.{place[1]} is there twice" for place in sorted(set(places)) if places.count(place) > 1),
    ]


def unique_faults(indexes: Iterable[Index], across_clinics: Collection[str]) -> list[str]:
    """Unique indexes that would let one clinic's documents stand in another one's way."""
    unique = [index for index in indexes if index.unique]
    loose = [index for index in unique if index.keys[0][0] != "clinic_id"]
    named = {f"{index.collection}.{index.name}" for index in loose}
    return [
        *(f"{name} is unique across clinics" for name in sorted(named - set(across_clinics))),
        *(f"{name} is excused and not there" for name in sorted(set(across_clinics) - named)),
    ]


def telling_faults(tells: Sequence[str], indexes: Iterable[Index], saved_with_events: Collection[str]) -> list[str]:
    """TELLS, the outbox indexes and the collections whose aggregates are saved with events must be the same."""
    found = {index.collection for index in indexes if index == outbox_index(index.collection)}
    return [
        *(f"{name} tells and has no outbox_index" for name in sorted(set(tells) - found)),
        *(f"{name} has an outbox_index and is not in TELLS" for name in sorted(found - set(tells))),
        *(f"{name} is saved with events that nobody relays" for name in sorted(set(saved_with_events) - set(tells))),
        *(f"{name} is in TELLS and never saved with events" for name in sorted(set(tells) - set(saved_with_events))),
    ]


def stores_saved_with_events(modules: Iterable[ModuleType]) -> set[str]:
    """Stores whose `save` is given events: `uow.<store>.save(aggregate, events)`, or `save(*both)`."""
    calls = [node for module in modules for node in ast.walk(_tree(module)) if isinstance(node, ast.Call)]
    saves = [call.func for call in calls if _last_name(call.func) == "save" and _gives_events(call)]
    stores = [save.value for save in saves if isinstance(save, ast.Attribute)]
    return {store.attr for store in stores if isinstance(store, ast.Attribute)}


def _gives_events(call: ast.Call) -> bool:
    return len(call.args) + len(call.keywords) > 1 or isinstance(call.args[0], ast.Starred)


def collection_of_each_store(unit_of_work: ModuleType) -> Mapping[str, str]:
    """Attribute of the unit of work to the collection of its store."""
    assigned = [node for node in ast.walk(_tree(unit_of_work)) if isinstance(node, ast.Assign)]
    pairs = [(target, node.value) for node in assigned for target in node.targets]
    calls = [(target.attr, value) for target, value in pairs if _is_attribute(target) and isinstance(value, ast.Call)]  # type: ignore[attr-defined]
    stores = {name: getattr(unit_of_work, _last_name(call.func), None) for name, call in calls}
    return {name: _only(store) for name, store in stores.items() if isinstance(store, type) and _tells(store)}


def _is_attribute(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute)


def _tells(store: type[Any]) -> bool:
    return store.__module__.startswith(("services.", "tests.")) and len(_of_class(store)) == 1


def _only(store: type[Any]) -> str:
    (name,) = _of_class(store)
    return name


def _of_class(store: type[Any]) -> set[str]:
    tree = ast.parse(getsource(store))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _makes_documents(node)]
    names = {_constant(import_module(store.__module__), call.args[1]) for call in calls}
    return {name for name in names if name is not None}
