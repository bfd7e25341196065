"""`python -m services.<name> web | worker | indexes`: the three processes of every service."""

import sys
from collections.abc import Callable
from typing import Any, Final, TypeVar

from flask import Flask

from shared.http.serving import serve
from shared.persistence import mongo, restored, schema
from shared.process.host import Host, Service
from shared.settings import PlatformSettings, from_environment

S = TypeVar("S", bound=PlatformSettings)
WEB: Final = "web"
WORKER: Final = "worker"
INDEXES: Final = "indexes"
"""The process that brings a database up; all others need it to be."""


def main(
    kind: type[S], service: Callable[[S], Service[Any]], app: Callable[[S], Flask], worker: Callable[[S], int]
) -> None:
    """Run the process that the command line names, with settings from the environment, and end with its exit status.

    Raises `SystemExit` with what mends it when the settings, or what is in the database, let no process start.
    """
    wanted = sys.argv[1] if len(sys.argv) == 2 else ""  # noqa: PLR2004
    if wanted not in {WEB, WORKER, INDEXES}:
        sys.exit(f"usage: python -m {kind.__module__.rpartition('.')[0]} {WEB} | {WORKER} | {INDEXES}")
    given = from_environment(kind)
    tables = service(given)
    _require_fit(tables, given, wanted)
    if wanted == WEB:
        serve(lambda: app(given), given)
    elif wanted == INDEXES:
        Host(tables, given).create_indexes()
    else:
        sys.exit(worker(given))


def _require_fit(tables: Service[Any], given: PlatformSettings, wanted: str) -> None:
    """Raises `SystemExit` when this process must not work on what is in its database."""
    with mongo.connect(given.mongo_url) as client:
        database = mongo.database(client, given.namespace, tables.name)
        restored.require_whole(database)
        if wanted != INDEXES:
            schema.require_known(database, tables.steps)
