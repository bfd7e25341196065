"""The JSON of booking's API: clinics, access keys, patients."""

from collections.abc import Mapping
from datetime import time, timedelta
from typing import Any

from marshmallow import Schema, fields, post_load, validate

from services.booking.domain.access_key import SCOPES
from services.booking.domain.patient import Channel, Privacy
from shared.auth import as_key
from shared.cursors import PageQuery
from shared.fields import EmailAddress, Phone, Text, WallTime, Zone, country, locale


def as_changes(data: Mapping[str, Any]) -> dict[str, Any]:
    """A body of optional fields as the one field of a command that takes them."""
    return {"changes": dict(data)}


class ClinicRequest(Schema):
    """A clinic as the operator describes it."""

    name = Text(120, required=True)
    sender_alias = Text(30, required=True, metadata={"description": "signs messages; must not disclose the treatment"})
    zone = Zone(required=True)
    country = country(required=True)
    locale = locale(load_default="en")
    phone = Text(30, required=True, metadata={"description": "as patients dial it", "example": "555-0100"})
    quiet_from = WallTime(load_default=time(21))
    quiet_until = WallTime(load_default=time(8))


class ClinicChanges(Schema):
    """The fields to change."""

    name = Text(120)
    sender_alias = Text(30)
    locale = locale()
    phone = Text(30)
    quiet_from = WallTime()
    quiet_until = WallTime()

    @post_load
    def gather(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        return as_changes(data)


class ClinicAnswer(Schema):
    """A clinic."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    name = fields.String(required=True)
    sender_alias = fields.String(required=True)
    zone = fields.String(required=True)
    country = fields.String(required=True)
    locale = fields.String(required=True)
    phone = fields.String(required=True)
    quiet_from = WallTime(required=True)
    quiet_until = WallTime(required=True)


class KeyRequest(Schema):
    """A key to be issued."""

    label = Text(80, required=True)
    scopes = fields.List(
        fields.String(validate=validate.OneOf(sorted(SCOPES))), required=True, validate=validate.Length(1, 4)
    )
    expires_at = fields.AwareDateTime(load_default=None, allow_none=True)


class RotationRequest(Schema):
    """How a key is replaced."""

    overlap = fields.TimeDelta(
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


class PatientRequest(Schema):
    """A patient to be registered."""

    name = Text(120, required=True)
    birth_date = fields.Date(required=True)
    phone = Phone(load_default=None, allow_none=True)
    email = EmailAddress(load_default=None, allow_none=True)
    locale = locale(load_default="en")
    zone = Zone(load_default=None, allow_none=True)
    country = country(load_default=None, allow_none=True)
    privacy = fields.Enum(Privacy, by_value=True, load_default=Privacy.STANDARD)
    preferred_channel = fields.Enum(Channel, by_value=True, load_default=Channel.SMS)


class PatientChanges(Schema):
    """The details to change."""

    name = Text(120)
    birth_date = fields.Date()
    phone = Phone(allow_none=True)
    email = EmailAddress(allow_none=True)
    locale = locale()
    zone = Zone(allow_none=True)
    country = country(allow_none=True)
    privacy = fields.Enum(Privacy, by_value=True)
    preferred_channel = fields.Enum(Channel, by_value=True)

    @post_load
    def gather(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        return as_changes(data)


class PatientAnswer(Schema):
    """A patient."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    name = fields.String(required=True)
    birth_date = fields.Date(required=True)
    phone = fields.String(allow_none=True)
    email = fields.String(allow_none=True)
    locale = fields.String(required=True)
    zone = fields.String(allow_none=True)
    country = fields.String(allow_none=True)
    privacy = fields.Enum(Privacy, by_value=True, required=True)
    preferred_channel = fields.Enum(Channel, by_value=True, required=True)


class PatientQuery(PageQuery):
    """Which patients; `phone` and `email` look for exactly that."""

    phone = Phone(load_default=None)
    email = EmailAddress(load_default=None)
