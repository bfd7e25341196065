"""Problem details for HTTP (RFC 9457): every refusal becomes one, by one table."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from marshmallow import Schema, fields

from shared.errors import (
    Conflict,
    Fault,
    Forbidden,
    Invalid,
    NotFound,
    PreconditionRequired,
    Refused,
    RuleBroken,
    Stale,
    Unauthenticated,
)
from shared.telemetry import tracing

MEDIA_TYPE = "application/problem+json"
STATUS: Mapping[type[Refused], HTTPStatus] = {
    Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    Unauthenticated: HTTPStatus.UNAUTHORIZED,
    Forbidden: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    Stale: HTTPStatus.PRECONDITION_FAILED,
    RuleBroken: HTTPStatus.UNPROCESSABLE_ENTITY,
    PreconditionRequired: HTTPStatus.PRECONDITION_REQUIRED,
}
"""Which answer a refusal is; a subclass is what its nearest base is."""


class FaultSchema(Schema):
    """One thing that is wrong."""

    code = fields.String(required=True)
    detail = fields.String(required=True)
    pointer = fields.String(metadata={"description": "JSON pointer into the request; empty: the request as a whole"})
    context = fields.Dict(metadata={"description": "figures for programs"})


class ProblemSchema(Schema):
    """Problem details (RFC 9457) with a stable `code` and every fault at once."""

    type = fields.String(required=True, metadata={"example": "urn:kadence:problem:not-found"})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    code = fields.String(required=True)
    detail = fields.String()
    trace_id = fields.String()
    errors = fields.List(fields.Nested(FaultSchema))


def status_of(refusal: Refused) -> HTTPStatus:
    """The HTTP status that tells this refusal."""
    return next(STATUS[kind] for kind in type(refusal).__mro__ if kind in STATUS)


def of_refusal(refusal: Refused) -> dict[str, Any]:
    """The problem document of a refusal."""
    return problem(status_of(refusal), refusal.code, refusal.detail, refusal.faults)


def problem(status: HTTPStatus, code: str, detail: str, faults: tuple[Fault, ...] = ()) -> dict[str, Any]:
    """A problem document."""
    document: dict[str, Any] = {
        "type": f"urn:kadence:problem:{code}",
        "title": status.phrase,
        "status": int(status),
        "code": code,
        "detail": detail,
        "trace_id": tracing.trace_id(),
    }
    if faults:
        document["errors"] = [_fault(fault) for fault in faults]
    return document


def _fault(fault: Fault) -> dict[str, Any]:
    return {"code": fault.code, "detail": fault.detail, "pointer": fault.pointer, "context": dict(fault.context)}


def faults_of(messages: Any, pointer: str = "") -> tuple[Fault, ...]:
    """Nested messages of marshmallow as a flat list of faults with JSON pointers."""
    if isinstance(messages, Mapping):
        parts = (faults_of(inner, f"{pointer}/{_escaped(name)}") for name, inner in messages.items())
        return tuple(fault for part in parts for fault in part)
    listed = messages if isinstance(messages, list) else [messages]
    return tuple(Fault("invalid", str(message), pointer.removesuffix("/_schema")) for message in listed)


def _escaped(name: Any) -> str:
    return str(name).replace("~", "~0").replace("/", "~1")
