"""Booking's collections: their indexes, and which of them tell."""

from services.booking.store.patient import BY_TOKENS
from shared.persistence.mongo import Index, outbox_index
from shared.persistence.schema import Step, without

TELLS: tuple[str, ...] = ("clinics", "access_keys", "patients", "series", "offers")

INDEXES: tuple[Index, ...] = (
    *(outbox_index(collection) for collection in TELLS),
    Index("clinics", (("clinic_id", 1), ("_id", 1))),
    Index("access_keys", (("clinic_id", 1), ("_id", 1))),
    Index("patients", (("clinic_id", 1), ("_id", 1))),
    Index("patients", (("clinic_id", 1), ("phone", 1))),
    Index("patients", (("clinic_id", 1), ("email", 1))),
    Index("patients", (("clinic_id", 1), ("external_id", 1)), unique=True, only={"external_id": {"$gt": ""}}),
    BY_TOKENS,
    Index("clearances", (("clinic_id", 1),), only={"is_held": True}),
    Index("assessments", (("clinic_id", 1), ("patient_id", 1), ("_id", 1))),
    Index("consents", (("clinic_id", 1), ("patient_id", 1), ("_id", 1))),
    Index("consents", (("next_at", 1),)),
    Index("dose_orders", (("clinic_id", 1), ("series_id", 1))),
    Index("dose_orders", (("clinic_id", 1), ("patient_id", 1))),
    Index("signals", (("clinic_id", 1), ("patient_id", 1), ("on", 1))),
    Index("protocols", (("clinic_id", 1), ("slug", 1), ("edition", 1)), unique=True),
    Index("resources", (("clinic_id", 1), ("_id", 1))),
    # What makes double booking impossible: no two series of a clinic hold the same slot.
    Index("series", (("clinic_id", 1), ("slots", 1)), unique=True, only={"slots": {"$exists": True}}),
    Index("series", (("clinic_id", 1), ("sessions.starts_at", 1))),
    # A link names no clinic; the digest of a random token is unique by itself.
    Index("series", (("link_digest", 1),), unique=True, only={"link_digest": {"$gt": ""}}),
    Index("series", (("clinic_id", 1), ("offered.session.starts_at", 1))),
    Index("series", (("next_at", 1),)),
    Index("series", (("held_until", 1),), only={"status": "held"}),
    Index("series", (("clinic_id", 1), ("patient_id", 1), ("_id", 1))),
    Index("series", (("clinic_id", 1), ("person", 1))),
    Index("exposures", (("to_review", 1),), only={"to_review.0": {"$exists": True}}),
    Index("series", (("clinic_id", 1), ("_id", 1))),
    Index("tasks", (("clinic_id", 1), ("made_at", 1), ("_id", 1))),
    Index("feeds", (("clinic_id", 1), ("resource_id", 1), ("_id", 1))),
    Index("feeds", (("link_digest", 1),), unique=True),
    Index("tasks", (("clinic_id", 1), ("status", 1), ("made_at", 1), ("_id", 1))),
    Index("tasks", (("clinic_id", 1), ("patient_id", 1), ("made_at", 1), ("_id", 1))),
    # What waits for a person, in all clinics: for the operator.
    Index("tasks", (("status", 1), ("kind", 1)), only={"status": "requested"}),
    # One session waits at most once.
    Index(
        "waitlist",
        (("clinic_id", 1), ("series_id", 1), ("position.number", 1)),
        unique=True,
        only={"status": "waiting"},
    ),
    Index("waitlist", (("clinic_id", 1), ("status", 1), ("priority", 1), ("since", 1), ("_id", 1))),
    Index("waitlist", (("clinic_id", 1), ("_id", 1))),
    Index("offers", (("clinic_id", 1), ("status", 1), ("_id", 1))),
    Index("offers", (("clinic_id", 1), ("series_id", 1), ("_id", 1))),
    Index("offers", (("clinic_id", 1), ("_id", 1))),
    Index("offers", (("status", 1), ("expires_at", 1))),
    Index("openings", (("status", 1), ("next_at", 1))),
    Index("treatments", (("clinic_id", 1), ("patient_id", 1), ("arrived_at", 1))),
    Index("treatments", (("clinic_id", 1), ("status", 1))),
    Index("treatments", (("next_at", 1),)),
    # One entry for each place of a clinic's chain.
    Index("audit", (("clinic_id", 1), ("seq", 1)), unique=True),
    Index("audit", (("clinic_id", 1), ("act.patient_id", 1), ("seq", 1))),
    Index("audit", (("clinic_id", 1), ("act.record", 1), ("seq", 1))),
)

STEPS: tuple[Step, ...] = (
    Step("a patient's series are listed by id", run=without("series.clinic_id_patient_id"), oldest=0),
)
"""How what older programs kept becomes what this one keeps; see `shared.persistence.schema`."""
