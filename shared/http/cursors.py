"""Keyset pagination: an opaque signed cursor that is good for one clinic and one list only."""

from typing import Final

from itsdangerous import BadSignature, URLSafeSerializer
from marshmallow import Schema, fields, validate

from shared.errors import Fault, Invalid

MAX_LIMIT: Final = 200


class PageQuery(Schema):
    """How to walk a list."""

    limit = fields.Integer(load_default=50, validate=validate.Range(1, MAX_LIMIT))
    cursor = fields.String(load_default=None, validate=validate.Length(1, 500))


def page_schema(item: type[Schema]) -> type[Schema]:
    """The schema of a list answer: `items`, and `next_cursor` when there are more."""
    name = f"{item.__name__.removesuffix('Schema')}Page"
    return Schema.from_dict(
        {"items": fields.List(fields.Nested(item)), "next_cursor": fields.String(allow_none=True)}, name=name
    )


class Cursors:
    """Signs and reads cursors."""

    def __init__(self, key: str) -> None:
        self._serializer = URLSafeSerializer(key, salt="cursor")

    def write(self, clinic_id: str, path: str, after: str | None) -> str | None:
        """The cursor that continues behind `after`."""
        return None if after is None else str(self._serializer.dumps([clinic_id, path, after]))

    def read(self, clinic_id: str, path: str, cursor: str | None) -> str | None:
        """Where to continue. Raises `Invalid` for a cursor of another list or a forged one."""
        if cursor is None:
            return None
        try:
            of_clinic, of_path, after = self._serializer.loads(cursor)
        except (BadSignature, ValueError, TypeError):
            of_clinic, of_path, after = None, None, None
        if (of_clinic, of_path) != (clinic_id, path):
            detail = "This cursor does not belong to this list."
            raise Invalid("cursor-refused", detail, [Fault("cursor-refused", detail, "/query/cursor")])
        return str(after)
