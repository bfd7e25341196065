"""How a clinic wants its messages: read, changed, paused and resumed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.notify.domain.policy import Policy, StaffContact
from services.notify.operations.ports import UnitOfWork
from shared.errors import Fault, RuleBroken


@dataclass(frozen=True)
class ShowMessaging:
    """The clinic's policy."""


@dataclass(frozen=True)
class ContactWanted:
    """Somebody to be paged; without `id` they are new."""

    name: str
    id: str | None = None
    phone: str | None = None
    email: str | None = None


@dataclass(frozen=True)
class ChangeMessaging:
    """`changes` holds the fields to change; `contacts` among them is the whole new order of who is paged."""

    version: int
    changes: Mapping[str, Any]


@dataclass(frozen=True)
class PauseMessaging:
    """Let automated messages rest."""

    reason: str


@dataclass(frozen=True)
class ResumeMessaging:
    """Let them go on."""


def show_messaging(uow: UnitOfWork, _: ShowMessaging) -> Policy:
    """The clinic's policy, the default one when none was ever set."""
    return uow.policies.of_clinic()


def change_messaging(uow: UnitOfWork, command: ChangeMessaging) -> Policy:
    """Change some fields. Raises `Stale`, and `RuleBroken` with every reason why not."""
    policy = uow.policies.of_clinic(command.version)
    changes = dict(command.changes)
    if "contacts" in changes:
        changes["contacts"] = _contacts(uow, policy, changes["contacts"])
    return uow.policies.save(policy.change(**changes))


def pause_messaging(uow: UnitOfWork, command: PauseMessaging) -> Policy:
    """Nothing automated goes out from this commit on but answers and pages. Raises `Conflict` when paused already."""
    return uow.policies.save(uow.policies.of_clinic().pause(command.reason, by=uow.actor.id, at=uow.now))


def resume_messaging(uow: UnitOfWork, _: ResumeMessaging) -> Policy:
    """What came due meanwhile is judged like anything late: still of use, it goes out, the most urgent first and no
    faster than usual; the rest expires and is counted. Raises `Conflict` when nothing is paused.
    """
    return uow.policies.save(uow.policies.of_clinic().resume())


def _contacts(uow: UnitOfWork, policy: Policy, wanted: Sequence[ContactWanted]) -> tuple[StaffContact, ...]:
    known = {contact.id for contact in policy.contacts}
    unknown = [
        Fault("contact.unknown", "There is no such contact; leave out the id of a new one.", f"/contacts/{place}/id")
        for place, contact in enumerate(wanted)
        if contact.id is not None and contact.id not in known
    ]
    if unknown:
        raise RuleBroken("messaging.refused", "The clinic's messaging cannot be kept like this.", unknown)
    return tuple(StaffContact(one.id or uow.new_id(), one.name, one.phone, one.email) for one in wanted)
