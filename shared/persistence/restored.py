"""The mark that a restore leaves in each service's database: until it is finished, nothing may run on it.

Afterwards it says until when the installation that was lost may have worked on: what this database does not know of.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from pymongo.database import Database

from shared.clock import system_clock
from shared.persistence.unit_of_work import Document

COLLECTION: Final = "restored"
_MARK: Final[Document] = {"_id": "restore"}


class HalfRestored(SystemExit):
    """The process cannot start: a restore into its database was cut off."""


def begin(database: Database[Document]) -> None:
    """From now on this database is half restored."""
    half = {"begun_at": system_clock(), "finished_at": None, "lost_until": None}
    database[COLLECTION].replace_one(_MARK, half, upsert=True)


def finish(databases: Iterable[Database[Document]], lost_until: datetime) -> None:
    """All of these are whole again, at one moment."""
    every = list(databases)
    whole = {"$set": {"finished_at": system_clock(), "lost_until": lost_until}}
    with every[0].client.start_session() as session, session.start_transaction():
        for database in every:
            database[COLLECTION].update_one(_MARK, whole, session=session)


def is_half(database: Database[Document]) -> bool:
    """Whether a restore was begun here and never finished."""
    return database[COLLECTION].find_one({**_MARK, "finished_at": None}) is not None


def require_whole(database: Database[Document]) -> None:
    """Raises `HalfRestored`. For the start of a process."""
    if is_half(database):
        raise HalfRestored(f"{database.name}: a restore was cut off here. Run the same `backup restore` once more.")


def lost_until(database: Database[Document]) -> datetime | None:
    """Until when things may have been done that this database does not know of; None: it was never restored."""
    mark = database[COLLECTION].find_one(_MARK)
    return mark["lost_until"] if mark else None
