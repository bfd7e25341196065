"""Identifiers: UUIDv7 (RFC 9562), as text, so that they sort by time of making."""

from uuid_utils.compat import uuid7


def new_id() -> str:
    """A new identifier, 36 characters."""
    return str(uuid7())
