"""Puts a backup into an empty installation. Nothing may run there meanwhile, and nothing starts on a half of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Final

from pymongo.database import Database

from deploy import SERVICES
from deploy.backup.archive import BackupFault, Manifest, Part, checked, read_documents
from services.booking.store import indexes as booking
from services.followup.store import indexes as followup
from services.notify.store import indexes as notify
from shared import contracts
from shared.clock import clock_of
from shared.messaging.kafka import Admin
from shared.messaging.outbox import Outbox
from shared.messaging.relay import RETENTION
from shared.messaging.topics import broker_of, topic_of
from shared.persistence import restored, schema
from shared.persistence.fingerprints import Fingerprints
from shared.persistence.mongo import PLATFORM_INDEXES, Index, connect, create_indexes, database
from shared.persistence.unit_of_work import Document
from shared.settings import PlatformSettings, master_key

INDEXES: Final[Mapping[str, Sequence[Index]]] = {
    "booking": booking.INDEXES,
    "followup": followup.INDEXES,
    "notify": notify.INDEXES,
}
STEPS: Final[Mapping[str, Sequence[schema.Step]]] = {
    "booking": booking.STEPS,
    "followup": followup.STEPS,
    "notify": notify.STEPS,
}
_BATCH: Final = 1000


def restore(settings: PlatformSettings, folder: Path, *, stopped_at: datetime | None = None) -> Manifest:
    """Restore what a whole backup holds; what was cut off before is begun anew.

    `stopped_at`: when the lost installation stopped working; until then (without it: until now) it may have sent
    messages that the backup does not know of. Raises `BackupFault`, `TransientFailure`, and what MongoDB raises.
    """
    manifest = checked(folder, Fingerprints(master_key(settings.key)))
    _require_known(folder, manifest)
    _require_no_topics(settings)
    with connect(settings.mongo_url, may_take_long=True) as client:
        databases = {name: database(client, settings.namespace, name, may_take_long=True) for name in SERVICES}
        for one in databases.values():
            _clear(one)
        for one in databases.values():
            restored.begin(one)
        for part in manifest.parts:
            _put_back(databases[part.service], folder, part)
        for service, one in databases.items():
            schema.bring_up(one, STEPS[service])
            create_indexes(one, (*PLATFORM_INDEXES, *INDEXES[service]))
            _tell_again(one, manifest.cut_at)
        restored.finish(databases.values(), stopped_at or clock_of(settings)())
    return manifest


def _require_known(folder: Path, manifest: Manifest) -> None:
    """A backup that a newer program took is restored by that one only."""
    for part in manifest.parts:
        if part.collection == schema.COLLECTION:
            for found in read_documents(folder / part.file):
                if fault := schema.too_new(found, STEPS[part.service]):
                    raise BackupFault(f"{folder}: {part.service} is {fault}")


def _require_no_topics(settings: PlatformSettings) -> None:
    """What topics hold of the time behind the cut must never be heard: it is of things that are not there any more."""
    admin = Admin(broker_of(settings))
    try:
        topics = {topic_of(settings.namespace, topic.name) for topic in contracts.topics()}
        left = sorted(topics - set(admin.missing(topics)))
    finally:
        admin.close()
    if left:
        raise BackupFault(
            f"Kafka still has the topics {', '.join(left)}: they tell of what came behind the backup. Start Kafka "
            "with an empty volume, and restore again."
        )


def _clear(where: Database[Document]) -> None:
    """Only what a restore that was cut off has left is dropped; anything else is somebody's."""
    names = where.list_collection_names()
    if restored.is_half(where):
        for name in sorted(names, key=lambda name: name == restored.COLLECTION):  # the mark goes last
            where.drop_collection(name)
    elif full := [name for name in sorted(names) if where[name].find_one({}, {"_id": 1})]:
        raise BackupFault(
            f"{where.name} is not empty ({', '.join(full)}): a restore goes into an empty installation only. Stop all "
            "services, start MongoDB with an empty volume, and restore before the services start."
        )


def _put_back(where: Database[Document], folder: Path, part: Part) -> None:
    collection = where[part.collection]
    documents = read_documents(folder / part.file)
    for batch in iter(lambda: list(islice(documents, _BATCH)), []):
        collection.insert_many(batch, ordered=False)
    count = collection.count_documents({})
    if count != part.documents:
        has = f"{where.name}.{part.collection} has {count} documents instead of {part.documents}"
        raise BackupFault(f"{has}: somebody writes there. Stop all services, and run the same restore once more.")


def _tell_again(where: Database[Document], cut_at: datetime) -> None:
    """Who had not heard something yet at the cut hears it now; all others know it."""
    Outbox(where, ()).tell_again({"sent_at": {"$gte": cut_at - RETENTION}})
