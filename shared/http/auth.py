"""Access keys: who calls, for which clinic, with which scopes.

A key is `kad_<key id>_<secret>`: 256 random bits of secret, of which only the SHA-256 is stored. Keys of so much
entropy need no slow hash. Every service keeps the keys that booking issued in its own `access_keys` collection.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pymongo.database import Database

from shared.errors import Forbidden, NotFound, Unauthenticated
from shared.persistence.unit_of_work import EVERY_CLINIC
from shared.private_link import digest, fits

ACCESS_KEYS: Final = "access_keys"
PLATFORM: Final = "platform"


@dataclass(frozen=True)
class Caller:
    """Whom a credential stands for. The platform's operator belongs to every clinic, all others to one."""

    key_id: str
    clinic_id: str
    scopes: frozenset[str]

    def require(self, accepted: Collection[str]) -> None:
        """Raises `Forbidden` unless one of the accepted scopes is held."""
        if not self.scopes & frozenset(accepted):
            wanted = " or ".join(sorted(accepted))
            raise Forbidden("scope-missing", f"This key lacks the scope {wanted}.")

    def require_clinic(self, clinic_id: str) -> None:
        """Raises `NotFound` for a clinic that is not the caller's, as for one that does not exist."""
        if self.clinic_id not in {EVERY_CLINIC, clinic_id}:
            raise NotFound("clinic")


def new_secret() -> str:
    """256 random bits as text."""
    return secrets.token_urlsafe(32)


def as_key(key_id: str, secret: str) -> str:
    """The text that a caller sends."""
    return f"kad_{key_id.replace('-', '')}_{secret}"


class AccessKeys:
    """Looks callers up among the keys that this service has heard of."""

    def __init__(self, database: Database[dict[str, Any]], platform_key: str) -> None:
        self._keys = database[ACCESS_KEYS]
        self._platform_digest = digest(platform_key)

    def caller(self, authorization: str | None, now: datetime) -> Caller:
        """The caller behind an `Authorization` header. Raises `Unauthenticated`."""
        kind, _, rest = (authorization or "").partition(" ")
        key = rest.strip()
        if kind.lower() != "bearer" or not key:
            raise Unauthenticated("key-missing", "Send your access key as `Authorization: Bearer kad_…`.")
        if fits(key, self._platform_digest):
            return Caller(PLATFORM, EVERY_CLINIC, frozenset({PLATFORM}))
        return self._known(key, now)

    def _known(self, key: str, now: datetime) -> Caller:
        key_id, secret = _parts(key)
        found = self._keys.find_one({"_id": key_id}) or {}
        right = fits(secret, found.get("digest", ""))
        if not right or not _in_force(found, now):
            raise Unauthenticated("key-refused", "This access key is unknown, expired or revoked.")
        return Caller(key_id, found["clinic_id"], frozenset(found["scopes"]))


def _parts(key: str) -> tuple[str, str]:
    """Key id (as stored) and secret; an unreadable key has neither."""
    try:
        _, hexadecimal, secret = key.split("_", 2)
        return str(UUID(hex=hexadecimal)), secret
    except ValueError:
        return "", ""


def _in_force(key: dict[str, Any], now: datetime) -> bool:
    expires_at = key.get("expires_at")
    return key.get("revoked_at") is None and (expires_at is None or now < expires_at)
