"""Booking's collections: their indexes, and which of them tell."""

from shared.mongo import Index, outbox_index

TELLS: tuple[str, ...] = ("clinics", "access_keys", "patients", "series")

INDEXES: tuple[Index, ...] = (
    *(outbox_index(collection) for collection in TELLS),
    Index("clinics", (("clinic_id", 1), ("_id", 1))),
    Index("access_keys", (("clinic_id", 1), ("_id", 1))),
    Index("patients", (("clinic_id", 1), ("_id", 1))),
    Index("patients", (("clinic_id", 1), ("phone", 1))),
    Index("patients", (("clinic_id", 1), ("email", 1))),
    Index("protocols", (("clinic_id", 1), ("slug", 1), ("edition", 1)), unique=True),
    Index("resources", (("clinic_id", 1), ("_id", 1))),
    # What makes double booking impossible: no two series of a clinic hold the same slot.
    Index("series", (("clinic_id", 1), ("slots", 1)), unique=True, only={"slots": {"$exists": True}}),
    Index("series", (("clinic_id", 1), ("sessions.starts_at", 1))),
    Index("series", (("clinic_id", 1), ("patient_id", 1), ("_id", 1))),
    Index("series", (("clinic_id", 1), ("_id", 1))),
)
