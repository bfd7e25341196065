"""Indexes of followup's own collections."""

from services.followup.store.alert import COLLECTION as ALERTS
from services.followup.store.alert_rules import COLLECTION as ALERT_RULES
from services.followup.store.check_in import COLLECTION
from services.followup.store.text import COLLECTION as TEXTS
from shared.persistence.mongo import Index, outbox_index
from shared.persistence.schema import Step, without

INDEXES: tuple[Index, ...] = (
    Index(COLLECTION, (("clinic_id", 1), ("patient_id", 1), ("_id", 1))),
    # A link names no clinic; the digest of a random token is unique by itself.
    Index(COLLECTION, (("token_digest", 1),), only={"token_digest": {"$gt": ""}}),
    Index(COLLECTION, (("status", 1), ("due_at", 1)), only={"status": "scheduled"}),
    Index(COLLECTION, (("status", 1), ("expires_at", 1)), only={"status": "open"}),
    Index("plans", (("clinic_id", 1), ("_id", 1))),
    Index(ALERT_RULES, (("clinic_id", 1), ("_id", 1))),
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
    # What outcomes are reckoned from.
    Index(COLLECTION, (("clinic_id", 1), ("parts.instrument", 1)), only={"status": "answered"}),
    Index("known_series", (("clinic_id", 1), ("courses.protocol", 1))),
    # What is overdue on a clinic's worklist.
    Index(COLLECTION, (("clinic_id", 1), ("opened_at", 1)), only={"status": "open"}),
    # The clock of alerts: what somebody has taken on is not in it.
    Index(ALERTS, (("status", 1), ("next_step_at", 1)), only={"status": "raised"}),
    Index(ALERTS, (("status", 1), ("raised_at", 1)), only={"status": "acknowledged"}),
    Index(ALERTS, (("clinic_id", 1), ("status", 1), ("raised_at", 1), ("_id", 1))),
    Index(ALERTS, (("clinic_id", 1), ("patient_id", 1), ("raised_at", 1), ("_id", 1))),
    Index(ALERTS, (("clinic_id", 1), ("raised_at", 1), ("_id", 1))),
    outbox_index(COLLECTION),
    outbox_index(ALERTS),
)

TELLS: tuple[str, ...] = (COLLECTION, ALERTS)
"""Collections whose documents carry events."""

STEPS: tuple[Step, ...] = (
    Step(
        "several check-ins of one kind after a session, and a clock that runs for raised alerts only",
        run=without(f"{COLLECTION}.clinic_id_series_id_session_number_kind", f"{ALERTS}.status_next_step_at"),
        oldest=1,
    ),
)
"""How what older programs kept becomes what this one keeps; see `shared.persistence.schema`."""
