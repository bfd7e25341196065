"""What can be done with access keys."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.booking.domain.clinic.access_key import AccessKey
from services.booking.operations.audit import audited
from services.booking.operations.ports import UnitOfWork
from shared.paging import Page, page_of


@dataclass(frozen=True)
class IssueKey:
    """A key for the unit's clinic; no `expires_at`: good until revoked."""

    label: str
    scopes: tuple[str, ...]
    expires_at: datetime | None = None


@dataclass(frozen=True)
class RotateKey:
    """Replace a key; the old one works on for `overlap`."""

    key_id: str
    overlap: timedelta


@dataclass(frozen=True)
class RevokeKey:
    """Make a key void at once."""

    key_id: str


@dataclass(frozen=True)
class ListKeys:
    """The clinic's keys in order of issue."""

    limit: int
    after: str | None


@dataclass(frozen=True)
class NewKey:
    """A key together with the secret that nobody will ever see again."""

    access_key: AccessKey
    secret: str


@audited("access-key.issue", of=lambda new: new.access_key)
def issue_key(uow: UnitOfWork, command: IssueKey) -> NewKey:
    """A new key. Raises `NotFound` without such a clinic and `RuleBroken` for scopes or an end that cannot be."""
    uow.clinics.get(uow.clinic_id)
    return _issued(uow, command)


@audited("access-key.rotate", of=lambda new: new.access_key)
def rotate_key(uow: UnitOfWork, command: RotateKey) -> NewKey:
    """A new key like the old one, which ends after the overlap. Raises `NotFound`, and `Conflict` when revoked."""
    old = uow.access_keys.get(command.key_id)
    ending, events = old.end_by(uow.now + command.overlap)
    uow.access_keys.save(ending, events)
    return _issued(uow, IssueKey(old.label, old.scopes))


@audited("access-key.revoke")
def revoke_key(uow: UnitOfWork, command: RevokeKey) -> AccessKey:
    """Void at once. Raises `NotFound`, and `Conflict` when it is void already."""
    revoked, events = uow.access_keys.get(command.key_id).revoke(uow.now)
    return uow.access_keys.save(revoked, events)


def list_keys(uow: UnitOfWork, command: ListKeys) -> Page[AccessKey]:
    """A page of the clinic's keys. Raises `NotFound` without such a clinic."""
    uow.clinics.get(uow.clinic_id)
    return page_of(uow.access_keys.list(after=command.after, limit=command.limit + 1), command.limit)


def _issued(uow: UnitOfWork, command: IssueKey) -> NewKey:
    secret, digest = uow.new_secret()
    key = AccessKey(uow.new_id(), command.label, digest, tuple(command.scopes), command.expires_at)
    issued, events = key.issue(uow.now)
    return NewKey(uow.access_keys.save(issued, events), secret)
