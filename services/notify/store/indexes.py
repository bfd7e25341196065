"""Notify's collections: their indexes, and which of them tell."""

from services.notify.channels.sandbox import COLLECTION as SANDBOX
from services.notify.store.check_in import COLLECTION as CHECK_INS
from services.notify.store.contact_point import COLLECTION as CONTACT_POINTS
from services.notify.store.hook_event import COLLECTION as HOOK_EVENTS
from services.notify.store.message import COLLECTION as MESSAGES
from services.notify.store.page import COLLECTION as PAGES
from services.notify.store.policy import COLLECTION as POLICIES
from services.notify.store.reply import COLLECTION as REPLIES
from services.notify.store.template import COLLECTION as TEMPLATES
from services.notify.store.visit import COLLECTION as VISITS
from shared.persistence.mongo import Index, outbox_index
from shared.persistence.schema import Step, without
from shared.personal_data.records import look_again

_MEANING = ("clinic_id", "patient_id", "reader", "about", "kind", "offset", "revision", "channel")

TELLS: tuple[str, ...] = (MESSAGES, REPLIES, PAGES, CONTACT_POINTS)

INDEXES: tuple[Index, ...] = (
    *(outbox_index(collection) for collection in TELLS),
    # What makes saying a thing twice impossible: one row for each meaning.
    Index(MESSAGES, tuple((field, 1) for field in _MEANING), unique=True),
    Index(MESSAGES, (("status", 1), ("channel", 1), ("next_at", 1))),
    Index(MESSAGES, (("clinic_id", 1), ("about", 1))),
    Index(MESSAGES, (("clinic_id", 1), ("patient_id", 1), ("due_at", 1), ("_id", 1))),
    Index(MESSAGES, (("clinic_id", 1), ("due_at", 1), ("_id", 1))),
    # What makes more texts a day than the clinic allows impossible: one row for each place.
    Index(MESSAGES, (("clinic_id", 1), ("place", 1)), unique=True, only={"place": {"$gt": ""}}),
    # What a phone was told last: a reply names nothing but the phone.
    Index(MESSAGES, (("clinic_id", 1), ("address", 1), ("begun_at", 1)), only={"begun_at": {"$type": "date"}}),
    Index(REPLIES, (("clinic_id", 1), ("received_at", 1), ("_id", 1))),
    Index(REPLIES, (("clinic_id", 1), ("patient_id", 1), ("received_at", 1), ("_id", 1))),
    Index(REPLIES, (("clinic_id", 1), ("status", 1), ("received_at", 1), ("_id", 1))),
    # What a number was answered lately.
    Index(REPLIES, (("clinic_id", 1), ("sender", 1), ("kept_at", 1))),
    Index(HOOK_EVENTS, (("at", 1),)),
    Index(CONTACT_POINTS, (("clinic_id", 1), ("patients", 1))),
    # A link names no clinic; the digest of its token is unique by itself.
    Index(CONTACT_POINTS, (("link_digest", 1),), unique=True, only={"link_digest": {"$gt": ""}}),
    Index(CHECK_INS, (("clinic_id", 1), ("visit", 1)), only={"visit": {"$gt": ""}}),
    Index(VISITS, (("clinic_id", 1), ("series", 1))),
    Index(VISITS, (("clinic_id", 1), ("patient_id", 1), ("starts_at", 1))),
    Index(VISITS, (("clinic_id", 1), ("starts_at", 1), ("_id", 1))),
    # Whom to phone.
    Index(MESSAGES, (("clinic_id", 1), ("status", 1), ("needed_at", 1), ("_id", 1))),
    Index(PAGES, (("status", 1), ("next_at", 1))),
    Index(PAGES, (("clinic_id", 1), ("whose", 1), ("reason", 1), ("raised_at", -1))),
    Index(PAGES, (("clinic_id", 1), ("raised_at", 1), ("_id", 1))),
    # A link names no clinic; it is found by the digest of its random token.
    Index(PAGES, (("paged.link_digest", 1),)),
    # Whose messages rest, in all clinics: for the operator.
    Index(POLICIES, (("paused_at", 1),), only={"is_paused": True}),
    Index(TEMPLATES, (("clinic_id", 1), ("replaced_at", 1), ("key", 1))),
    Index(SANDBOX, (("clinic_id", 1), ("at", 1))),
)

STEPS: tuple[Step, ...] = (
    Step("what providers told goes by our clock, not by the database's", run=without(f"{HOOK_EVENTS}.at"), oldest=1),
    Step("addresses forget the erased patients who shared them", run=look_again, oldest=1),
)
"""How what older programs kept becomes what this one keeps; see `shared.persistence.schema`."""
