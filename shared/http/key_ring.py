"""The access keys that a service has heard of: issued elsewhere, checked here.

A service that hears of keys merges `KEY_HANDLERS` into its table of handlers and gives its unit of work a `key_ring`.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from shared.converters import from_document, to_document
from shared.http.auth import ACCESS_KEYS
from shared.messaging.hearing import Handlers, Heard
from shared.persistence.documents import Documents
from shared.persistence.unit_of_work import Unit


@dataclass(frozen=True)
class HeardKey:
    """What is needed to recognise a key."""

    id: str
    digest: str
    scopes: tuple[str, ...]
    expires_at: datetime | None
    revoked_at: datetime | None = None
    version: int = 0


class KeyRing:
    """Heard keys in the collection that `shared.http.auth` reads."""

    def __init__(self, unit: Unit) -> None:
        documents = Documents[HeardKey](
            unit,
            ACCESS_KEYS,
            kind="access_key",
            to_document=to_document,
            from_document=lambda document: from_document(HeardKey, document),
        )
        self.get = documents.get
        self.save = documents.save


class HasKeyRing(Protocol):
    """A unit of work that knows access keys."""

    @property
    def key_ring(self) -> KeyRing: ...


@dataclass(frozen=True)
class KeyIssued:
    """A new key."""

    access_key_id: str
    digest: str
    scopes: tuple[str, ...]
    expires_at: datetime | None


@dataclass(frozen=True)
class KeyChanged:
    """A key ends at another instant."""

    access_key_id: str
    expires_at: datetime | None


@dataclass(frozen=True)
class KeyRevoked:
    """A key is void."""

    access_key_id: str
    revoked_at: datetime


def hear_key_issued(uow: HasKeyRing, command: KeyIssued) -> None:
    """From now on this service knows the key."""
    uow.key_ring.save(HeardKey(command.access_key_id, command.digest, command.scopes, command.expires_at))


def hear_key_changed(uow: HasKeyRing, command: KeyChanged) -> None:
    """The key ends at another instant."""
    uow.key_ring.save(replace(uow.key_ring.get(command.access_key_id), expires_at=command.expires_at))


def hear_key_revoked(uow: HasKeyRing, command: KeyRevoked) -> None:
    """The key is void."""
    uow.key_ring.save(replace(uow.key_ring.get(command.access_key_id), revoked_at=command.revoked_at))


KEY_HANDLERS: Handlers = {
    "access_key.issued.v1": Heard(KeyIssued, hear_key_issued),
    "access_key.issued.v2": Heard(KeyIssued, hear_key_issued),
    "access_key.changed.v1": Heard(KeyChanged, hear_key_changed),
    "access_key.revoked.v1": Heard(KeyRevoked, hear_key_revoked),
}
