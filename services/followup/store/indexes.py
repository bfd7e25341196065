"""Indexes of followup's own collections."""

from services.followup.store.check_in import COLLECTION
from services.followup.store.text import COLLECTION as TEXTS
from shared.mongo import Index, outbox_index

INDEXES: tuple[Index, ...] = (
    Index(COLLECTION, (("clinic_id", 1), ("patient_id", 1), ("_id", 1))),
    # A link names no clinic; the digest of a random token is unique by itself.
    Index(COLLECTION, (("token_digest", 1),), only={"token_digest": {"$gt": ""}}),
    Index(COLLECTION, (("status", 1), ("due_at", 1)), only={"status": "scheduled"}),
    Index(COLLECTION, (("status", 1), ("expires_at", 1)), only={"status": "open"}),
    Index("plans", (("clinic_id", 1), ("_id", 1))),
    Index(
        TEXTS,
        (
            ("clinic_id", 1),
            ("text.instrument", 1),
            ("text.instrument_version", 1),
            ("text.language", 1),
            ("text.edition", 1),
        ),
        unique=True,
    ),
    outbox_index(COLLECTION),
)

TELLS: tuple[str, ...] = (COLLECTION,)
"""Collections whose documents carry events."""
