"""Notify's collections: their indexes, and which of them tell."""

from services.notify.channels.sandbox import COLLECTION as SANDBOX
from services.notify.store.message import COLLECTION as MESSAGES
from services.notify.store.reply import COLLECTION as REPLIES
from services.notify.store.visit import COLLECTION as VISITS
from shared.mongo import Index, outbox_index

_MEANING = ("clinic_id", "patient_id", "about", "kind", "offset", "revision", "channel")

TELLS: tuple[str, ...] = (MESSAGES, REPLIES)

INDEXES: tuple[Index, ...] = (
    *(outbox_index(collection) for collection in TELLS),
    # What makes saying a thing twice impossible: one row for each meaning.
    Index(MESSAGES, tuple((field, 1) for field in _MEANING), unique=True),
    Index(MESSAGES, (("status", 1), ("channel", 1), ("next_at", 1))),
    Index(MESSAGES, (("clinic_id", 1), ("about", 1))),
    Index(MESSAGES, (("clinic_id", 1), ("patient_id", 1), ("due_at", 1), ("_id", 1))),
    Index(MESSAGES, (("clinic_id", 1), ("due_at", 1), ("_id", 1))),
    # What a phone was told last: a reply names nothing but the phone.
    Index(MESSAGES, (("clinic_id", 1), ("address", 1), ("begun_at", 1)), only={"begun_at": {"$type": "date"}}),
    Index(REPLIES, (("clinic_id", 1), ("received_at", 1), ("_id", 1))),
    Index(REPLIES, (("clinic_id", 1), ("patient_id", 1), ("received_at", 1), ("_id", 1))),
    Index(VISITS, (("clinic_id", 1), ("series", 1))),
    Index(SANDBOX, (("clinic_id", 1), ("at", 1))),
)
