"""The shape of what a service keeps: a number in its database, and the steps that lead from each to the next.

Expand and contract. A step adds what a new program needs beside what is there, so that the programs before it work on.
A step of a later release takes away what only those needed, and raises `oldest`: from then on they refuse to start.
An index that is only added needs no step; what is missing is made at every start of `indexes`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from pymongo.database import Database

from shared.persistence.unit_of_work import Document

log = structlog.get_logger()
COLLECTION: Final = "schema"
_MARK: Final[Document] = {"_id": "schema"}


@dataclass(frozen=True)
class Step:
    """What leads to the next version; those of a service are numbered from 1 in the order of its table.

    `run` may be cut off anywhere, and is run again. `oldest`: the first version whose program works on the result.
    """

    about: str
    run: Callable[[Database[Document]], object]
    oldest: int


class WrongSchema(SystemExit):
    """The process cannot start: it does not know how what is in its database is kept."""


def too_new(found: Mapping[str, Any] | None, steps: Sequence[Step]) -> str:
    """Why the program with these steps cannot work on what a `schema` document says; empty when it can."""
    if found is None or found["oldest"] <= len(steps):
        return ""
    return (
        f"kept as of version {found['version']}, which programs before version {found['oldest']} do not understand, "
        f"and this one is of version {len(steps)}. Start the newer image again, or restore the backup from before it."
    )


def require_known(database: Database[Document], steps: Sequence[Step]) -> None:
    """Raises `WrongSchema` when this program does not know what it would find, or its own steps are still to be run."""
    found = _require_not_too_new(database, steps)
    if found is None or found["version"] < len(steps):
        at = found["version"] if found else "none"
        raise WrongSchema(f"{database.name}: of version {at}, this program needs {len(steps)}. Run `indexes` first.")


def bring_up(database: Database[Document], steps: Sequence[Step]) -> None:
    """Run the steps that are missing, in order, and log each. Raises `WrongSchema` before any change."""
    found = _require_not_too_new(database, steps)
    done = found["version"] if found else 0
    _note(database, version=done, oldest=0)
    for version, step in enumerate(steps[done:], done + 1):
        log.info("schema step begins", database=database.name, version=version, about=step.about)
        _note(database, version=done, oldest=step.oldest)  # before it: who starts meanwhile would find half of it
        step.run(database)
        _note(database, version=version, oldest=step.oldest)
        log.info("schema step done", database=database.name, version=version)


def without(*indexes: str) -> Callable[[Database[Document]], None]:
    """The `run` of a step that drops indexes, each named `collection.index`."""

    def run(database: Database[Document]) -> None:
        for collection, _, name in (index.partition(".") for index in indexes):
            if name in database[collection].index_information():
                database[collection].drop_index(name)

    return run


def _require_not_too_new(database: Database[Document], steps: Sequence[Step]) -> Document | None:
    found = database[COLLECTION].find_one(_MARK)
    if fault := too_new(found, steps):
        raise WrongSchema(f"{database.name}: {fault}")
    return found


def _note(database: Database[Document], *, version: int, oldest: int) -> None:
    """Both only ever rise: of several that bring up at once, the last to write takes nothing back."""
    database[COLLECTION].update_one(_MARK, {"$max": {"version": version, "oldest": oldest}}, upsert=True)
