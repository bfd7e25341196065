"""Where every service keeps its tables, and how a test gets at one."""

from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Final

REPOSITORY: Final = Path(__file__).parents[3]
SERVICES: Final = ("booking", "followup", "notify")
TABLES: Final = (
    ("__main__", "main"),
    ("api.routes", "ROUTES"),
    ("domain.events", "__doc__"),
    ("events.consumed", "HANDLERS"),
    ("events.published", "TYPES"),
    ("jobs.table", "__doc__"),
    ("settings", "Settings"),
    ("store.counts", "COUNTS"),
    ("store.forgotten", "FORGOTTEN"),
    ("store.indexes", "INDEXES"),
    ("store.kept", "KEPT"),
    ("store.indexes", "TELLS"),
    ("store.indexes", "STEPS"),
    ("store.unit_of_work", "MongoUnitOfWork"),
    ("wiring", "app"),
    ("wiring", "service"),
    ("wiring", "worker"),
)
"""Module and name, the same in every service."""


def module_of(service: str, path: str) -> ModuleType | None:
    """A module of a service; None when there is no such file (`missing` then says that there must be one)."""
    file = REPOSITORY / "services" / service / f"{path.replace('.', '/')}.py"
    return import_module(f"services.{service}.{path}") if file.exists() else None


def table_of(service: str, path: str, name: str, empty: Any = ()) -> Any:
    """One table of a service, `empty` when the service has none."""
    return getattr(module_of(service, path), name, empty)


def missing(service: str) -> list[str]:
    """Tables that a service does not have."""
    return [
        f"services.{service}.{path}: no {name}" for path, name in TABLES if table_of(service, path, name, None) is None
    ]


def modules_below(*packages: str) -> list[str]:
    """The dotted names of all modules in these packages."""
    files = sorted(file for package in packages for file in (REPOSITORY / package.replace(".", "/")).rglob("*.py"))
    parts = [file.relative_to(REPOSITORY).with_suffix("").parts for file in files]
    return [".".join(part for part in path if part != "__init__") for path in parts]
