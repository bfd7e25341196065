"""The audit chain over HTTP: who did what to which record, when and why."""

import json
from typing import Any, Final

from marshmallow import Schema, fields, validate

from services.booking.api.request_fields import Whole, an_id
from services.booking.api.scopes import ADMIN_OR_OPERATOR, CLINICAL
from services.booking.domain.audit.entry import ERASED, Entry, Fracture
from services.booking.operations import audit
from shared.http.cursors import PageQuery, page_schema
from shared.http.routes import Route


def _facts(entry: Entry) -> Any:
    facts = entry.act.facts
    return {"erased": facts.removeprefix(ERASED)} if facts.startswith(ERASED) else json.loads(facts)


class AuditEntryAnswer(Schema):
    """Something that was done and accepted."""

    id = fields.String(required=True)
    seq = fields.Integer(required=True, metadata={"description": "its place in the clinic's chain, from 1"})
    at = fields.AwareDateTime(required=True, attribute="act.at")
    actor = fields.String(required=True, attribute="act.actor", metadata={"description": "the access key's id"})
    scopes = fields.List(fields.String(), required=True, attribute="act.scopes")
    action = fields.String(required=True, attribute="act.action", metadata={"example": "clinical-hold.release"})
    record = fields.String(required=True, attribute="act.record", metadata={"description": "kind/id of what changed"})
    patient_id = fields.String(required=True, allow_none=True, attribute="act.patient_id")
    reason = fields.String(required=True, allow_none=True, attribute="act.reason")
    facts = fields.Function(
        _facts,
        required=True,
        metadata={"type": "object", "description": "what was asked for; of an erased patient its hash alone"},
    )
    previous = fields.String(required=True, metadata={"description": "hash of the entry before; empty for the first"})
    hash = fields.String(required=True, metadata={"description": "SHA-256 of all of this, its words as they are kept"})


class AuditQuery(PageQuery):
    """Which entries."""

    patient_id = an_id(load_default=None)
    record = fields.String(
        load_default=None,
        validate=[Whole("^[a-z_]+/[!-~]+$"), validate.Length(max=200)],
        metadata={"description": "kind/id", "example": "clearance/0199b1de-7c55-7d00-a5d1-3f8f3cf5a9a1"},
    )
    action = fields.String(
        load_default=None,
        validate=[Whole("^[a-z-]+[.][a-z-]+$"), validate.Length(max=80)],
        metadata={"example": "clinical-hold.release"},
    )


class VerificationQuery(Schema):
    """Behind which entry: `until` of the answer before."""

    after = fields.Integer(load_default=0, validate=validate.Range(0, 2**53))
    hash = fields.String(load_default="", validate=Whole("^([0-9a-f]{64})?$"))


class HeadAnswer(Schema):
    """Where the chain ends. Kept elsewhere, it shows later that the chain was not made anew."""

    seq = fields.Integer(required=True, metadata={"description": "how many entries there are"})
    hash = fields.String(required=True, metadata={"description": "of the newest one; empty without any"})


class BreakAnswer(Schema):
    """A place at which the chain does not hold."""

    seq = fields.Integer(required=True)
    what = fields.Enum(Fracture, by_value=True, required=True)


class VerificationAnswer(Schema):
    """Whether ten thousand entries of the chain hold."""

    until = fields.Nested(
        HeadAnswer,
        required=True,
        metadata={"description": "where they end; verify on behind it as long as it is not the head"},
    )
    head = fields.Nested(HeadAnswer, required=True)
    breaks = fields.List(
        fields.Nested(BreakAnswer), required=True, metadata={"description": "the first hundred; empty: it holds"}
    )


ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "GET",
        "/clinics/<clinic_id>/audit",
        "List who did what, when and why",
        CLINICAL,
        audit.ListAudit,
        audit.list_audit,
        page_schema(AuditEntryAnswer),
        query=AuditQuery,
        description="In the order of the chain, the oldest first. A refused request has done nothing: no entry.",
    ),
    Route(
        "GET",
        "/clinics/<clinic_id>/audit/verification",
        "Verify the clinic's audit chain, part by part",
        ADMIN_OR_OPERATOR,
        audit.VerifyAudit,
        audit.verify_audit,
        VerificationAnswer,
        query=VerificationQuery,
    ),
)
