"""Access keys over HTTP."""

from datetime import timedelta
from typing import Final

from marshmallow import Schema, fields, validate

from services.booking.api.scopes import ADMIN_OR_OPERATOR
from services.booking.domain.clinic.access_key import SCOPES
from services.booking.operations import access_key
from shared.http.auth import as_key
from shared.http.cursors import PageQuery, page_schema
from shared.http.fields import Seconds, Text
from shared.http.routes import Route


class KeyRequest(Schema):
    """A key to be issued."""

    class Meta:
        example: Final = {"label": "front desk, ground floor", "scopes": ["front_desk"]}

    label = Text(80, required=True)
    scopes = fields.List(
        fields.String(validate=validate.OneOf(sorted(SCOPES))), required=True, validate=validate.Length(1, len(SCOPES))
    )
    expires_at = fields.AwareDateTime(load_default=None, allow_none=True)


class RotationRequest(Schema):
    """How a key is replaced."""

    overlap = Seconds(
        data_key="overlap_seconds",
        load_default=timedelta(days=1),
        validate=validate.Range(timedelta(), timedelta(days=30)),
        metadata={"description": "how long the old key works on"},
    )


class KeyAnswer(Schema):
    """A key, without its secret."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    label = fields.String(required=True)
    scopes = fields.List(fields.String(), required=True)
    expires_at = fields.AwareDateTime(allow_none=True)
    revoked_at = fields.AwareDateTime(allow_none=True)


class NewKeyAnswer(Schema):
    """A key together with its text, shown this one time."""

    access_key = fields.Nested(KeyAnswer, required=True)
    key = fields.Function(lambda new: as_key(new.access_key.id, new.secret), metadata={"type": "string"})


ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "POST",
        "/clinics/<clinic_id>/access-keys",
        "Issue an access key",
        ADMIN_OR_OPERATOR,
        access_key.IssueKey,
        access_key.issue_key,
        NewKeyAnswer,
        body=KeyRequest,
        status=201,
    ),
    Route(
        "GET",
        "/clinics/<clinic_id>/access-keys",
        "List access keys",
        ADMIN_OR_OPERATOR,
        access_key.ListKeys,
        access_key.list_keys,
        page_schema(KeyAnswer),
        query=PageQuery,
    ),
    Route(
        "POST",
        "/clinics/<clinic_id>/access-keys/<key_id>/rotate",
        "Replace an access key",
        ADMIN_OR_OPERATOR,
        access_key.RotateKey,
        access_key.rotate_key,
        NewKeyAnswer,
        body=RotationRequest,
        status=201,
    ),
    Route(
        "POST",
        "/clinics/<clinic_id>/access-keys/<key_id>/revoke",
        "Revoke an access key",
        ADMIN_OR_OPERATOR,
        access_key.RevokeKey,
        access_key.revoke_key,
        KeyAnswer,
    ),
)
