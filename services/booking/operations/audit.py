"""Who did what: noted in the unit of what was done, so that neither exists without the other.

A refused operation leaves no entry, as nothing was done; a repeated request leaves one, as it is done once and answered
twice.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import wraps
from re import sub
from typing import Any, Final, TypeVar

from services.booking.domain.audit.entry import Act, Break, Entry, Head
from services.booking.operations.ports import UnitOfWork
from shared.paging import Page

C = TypeVar("C")
R = TypeVar("R")
_AT_ONCE: Final = 10_000
_MOST_BREAKS: Final = 100


@dataclass(frozen=True)
class ListAudit:
    """The clinic's audit chain in its order; of one patient, one record or one action, if given."""

    limit: int
    after: str | None
    patient_id: str | None = None
    record: str | None = None
    action: str | None = None


@dataclass(frozen=True)
class VerifyAudit:
    """Whether the clinic's audit chain holds behind entry `after` with this hash, where an earlier part ended."""

    after: int = 0
    hash: str = ""


@dataclass(frozen=True)
class Verdict:
    """The first places at which a part of the chain does not hold, where that part ends, and where the whole chain."""

    breaks: tuple[Break, ...]
    until: Head
    head: Head


def always(_: Any) -> bool:
    """Whatever the command says."""
    return True


def itself(result: Any) -> Any:
    """The answer is what was written."""
    return result


def sets_rules_aside(command: Any) -> bool:
    """Whether the command asks to set a rule aside."""
    return bool(command.overrides)


def audited(
    action: str, *, when: Callable[[Any], bool] = always, of: Callable[[Any], Any] = itself
) -> Callable[[Callable[[UnitOfWork, C], R]], Callable[[UnitOfWork, C], R]]:
    """Notes an operation as `action` once it has run: of what it writes, the audit chain tells who, when and why.

    The chain is opened before anything is read: of two audited operations of a clinic at one moment one decides again,
    whatever it has looked at, so nothing audited comes between what a decision rests on and its commit.
    `when` says of the command whether there is anything to note, `of` which part of the answer is the record.
    """

    def decorate(operation: Callable[[UnitOfWork, C], R]) -> Callable[[UnitOfWork, C], R]:
        @wraps(operation)
        def run(uow: UnitOfWork, command: C) -> R:
            is_noted = when(command)
            if is_noted:
                uow.audit.open()
            result = operation(uow, command)
            if is_noted:
                note(uow, action, command, of(result))
            return result

        return run

    return decorate


def note(uow: UnitOfWork, action: str, command: Any, result: Any) -> None:
    """Put `action` at the end of the chain: `command` is what was asked for, `result` what was written."""
    uow.audit.add(_act(uow, action, command, result))


def list_audit(uow: UnitOfWork, command: ListAudit) -> Page[Entry]:
    """A page of the chain. Raises `NotFound` without such a clinic."""
    uow.clinics.get(uow.clinic_id)
    return uow.audit.page(
        after=command.after,
        limit=command.limit,
        patient_id=command.patient_id,
        record=command.record,
        action=command.action,
    )


def verify_audit(uow: UnitOfWork, command: VerifyAudit) -> Verdict:
    """Walk ten thousand entries of the chain. Raises `NotFound` without such a clinic."""
    uow.clinics.get(uow.clinic_id)
    found = uow.audit.stretch(command.after, _AT_ONCE)
    breaks = found.breaks(Head(command.after, command.hash))
    return Verdict(tuple(breaks[:_MOST_BREAKS]), found.end, found.head)


def _act(uow: UnitOfWork, action: str, command: Any, result: Any) -> Act:
    kind, id = _record(command, result)
    return Act(
        at=uow.now,
        actor=uow.actor.id,
        scopes=tuple(sorted(uow.actor.scopes)),
        action=action,
        record=f"{kind}/{id}",
        patient_id=getattr(result, "patient_id", None) or getattr(command, "patient_id", None),
        reason=getattr(command, "reason", None),
        facts=json.dumps(asdict(command), default=_plain, sort_keys=True, separators=(",", ":")),
    )


def _record(command: Any, result: Any) -> tuple[str, str]:
    """Kind and id of what was written: the answer's, or else what the command names last."""
    if hasattr(result, "id"):
        return sub(r"(?<!^)(?=[A-Z])", "_", type(result).__name__).lower(), result.id
    named = [name for name in vars(command) if name.endswith("_id")]
    return named[-1].removesuffix("_id"), getattr(command, named[-1])


def _plain(value: object) -> Any:
    """JSON of what commands hold beside text and numbers."""
    match value:
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Decimal():
            return str(value)
        case frozenset() | set():
            return sorted(value)
    raise TypeError(f"{value!r} has no place in an audit entry")
