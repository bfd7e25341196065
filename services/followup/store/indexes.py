"""Indexes of followup's own collections."""

from services.followup.store.check_in import COLLECTION
from shared.mongo import Index, outbox_index

INDEXES: tuple[Index, ...] = (
    Index(COLLECTION, (("clinic_id", 1), ("series_id", 1), ("session_number", 1), ("kind", 1)), unique=True),
    Index(COLLECTION, (("clinic_id", 1), ("patient_id", 1), ("_id", 1))),
    # A link names no clinic; the digest of a random token is unique by itself.
    Index(COLLECTION, (("token_digest", 1),), only={"token_digest": {"$gt": ""}}),
    Index(COLLECTION, (("status", 1), ("due_at", 1)), only={"status": "scheduled"}),
    Index(COLLECTION, (("status", 1), ("expires_at", 1)), only={"status": "open"}),
    outbox_index(COLLECTION),
)

TELLS: tuple[str, ...] = (COLLECTION,)
"""Collections whose documents carry events."""
