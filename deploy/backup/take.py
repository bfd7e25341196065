"""Copies the three databases as they stood at one moment of their replica set, while everything goes on."""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, cast

import stamina
from bson import Timestamp
from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.errors import OperationFailure

from deploy import SERVICES
from deploy.backup.archive import BackupFault, Manifest, Part, digest_of, part_file, write_documents, write_manifest
from shared.persistence import restored
from shared.persistence.fingerprints import Fingerprints
from shared.persistence.mongo import connect, database
from shared.persistence.unit_of_work import Document
from shared.settings import PlatformSettings, master_key

LEFT_OUT: Final = frozenset({"leases", "relay_state", restored.COLLECTION})
"""What is true of the running processes and their broker only."""
_BATCH: Final = 1000
_TOO_OLD: Final = 239
_UNAVAILABLE: Final = 246
_TOOK_TOO_LONG: Final = (
    "Copying took longer than MongoDB keeps its past. Let it keep more (this costs disk): raise "
    "minSnapshotHistoryWindowInSeconds in deploy/mongo/start.sh, docker-compose restart mongo, and try again."
)


def take(settings: PlatformSettings, target: Path) -> tuple[Path, Manifest]:
    """Make a new folder in `target` that holds a copy; it bears its name only once it is whole.

    Raises `BackupFault`, and what MongoDB raises.
    """
    keys = Fingerprints(master_key(settings.key))
    with connect(settings.mongo_url) as client, _unfinished(target) as folder:
        manifest = _copy(client, settings.namespace, folder)
        write_manifest(folder, manifest, keys)
        whole = target / f"kadence-{manifest.cut_at:%Y%m%dT%H%M%SZ}"
        folder.rename(whole)
    return whole, manifest


@contextmanager
def _unfinished(target: Path) -> Iterator[Path]:
    """A folder that only its owner can read, and that is gone when something goes wrong."""
    folder = target / "kadence-unfinished"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@stamina.retry(on=lambda error: getattr(error, "code", None) == _UNAVAILABLE, attempts=10)
def _copy(client: MongoClient[Document], namespace: str, folder: Path) -> Manifest:
    """Begins again when a collection was made so lately that its past cannot be read."""
    with client.start_session(snapshot=True) as session:
        try:
            copied = [one for service in SERVICES for one in _of_service(session, namespace, service, folder)]
        except OperationFailure as error:
            if error.code == _TOO_OLD:
                raise BackupFault(_TOOK_TOO_LONG) from error
            raise
        moment = cast("Timestamp", session._snapshot_time)  # pymongo gives it by no other name
    return Manifest(
        moment.as_datetime(),
        tuple(Part(*place, *counts, digest_of(folder / part_file(*place))) for place, counts in copied),
    )


def _of_service(
    session: ClientSession, namespace: str, service: str, folder: Path
) -> Iterator[tuple[tuple[str, str], tuple[int, int]]]:
    """Every collection of one database; the first read of the session fixes the moment for all."""
    (folder / service).mkdir(mode=0o700, exist_ok=True)
    source = database(session.client, namespace, service)
    source["events"].find_one(session=session)
    for collection in sorted(set(source.list_collection_names()) - LEFT_OUT):
        batches = source[collection].find_raw_batches(batch_size=_BATCH, session=session)
        counts = write_documents(folder / part_file(service, collection), cast("Iterable[bytes]", batches))
        yield (service, collection), counts
