"""Whether a message may go out now: judged purely, from the row and from what is known at this instant.

Judged anew at each look and again right before the call, so what changed between plan, claim and send always counts.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from services.notify.domain.check_in import CheckIn
from services.notify.domain.clinic import Clinic
from services.notify.domain.message import Channel, Kind, Message, Status
from services.notify.domain.offer import Offer
from services.notify.domain.preparation import solids_stop_at
from services.notify.domain.quiet_hours import QuietHours, reminder_at
from services.notify.domain.recipient import Recipient
from services.notify.domain.series import Series
from services.notify.domain.visit import Visit, VisitStatus

LOOK_AGAIN: Final = timedelta(minutes=1)
"""Pause until clinic, patient or series, not heard of yet, are looked for again."""
SAID_LATELY: Final = timedelta(hours=12)
"""A reminder that had to move earlier is dropped when another one of this visit went out so shortly before."""


@dataclass(frozen=True)
class Scene:
    """What is known around a message: `visits` it is about, and the other rows (`ledger`) about the same."""

    clinic: Clinic | None
    recipient: Recipient | None
    visits: Sequence[Visit] = ()
    series: Series | None = None
    check_in: CheckIn | None = None
    offer: Offer | None = None
    ledger: Sequence[Message] = ()


@dataclass(frozen=True)
class Send:
    """Now. What it needs: whose it is, to whom, the visits or the offer it speaks of, the sealed link that it gives."""

    clinic: Clinic
    recipient: Recipient
    visits: Sequence[Visit]
    offer: Offer | None
    link: str | None


@dataclass(frozen=True)
class Wait:
    """Not yet."""

    until: datetime


@dataclass(frozen=True)
class Expire:
    """Too late."""


@dataclass(frozen=True)
class Cancel:
    """What it would say is no longer true."""

    cause: str


@dataclass(frozen=True)
class Suppress:
    """It must not go out."""

    cause: str


@dataclass(frozen=True)
class Divert:
    """By the other channel."""

    cause: str


Verdict = Send | Wait | Expire | Cancel | Suppress | Divert


def judge(message: Message, scene: Scene, now: datetime) -> Verdict:
    """The verdict on a message at the instant `now`."""
    if now >= message.expires_at:
        return Expire()
    scene = replace(scene, visits=_meant(message, scene.visits, now))
    if cause := _obsolete(message, scene):
        return Cancel(cause)
    is_unheard_of = message.kind is Kind.OFFER and scene.series is None
    if scene.clinic is None or scene.recipient is None or is_unheard_of:
        return Wait(now + LOOK_AGAIN)
    quiet = quiet_hours_of(scene.clinic, scene.recipient)
    return _timed(message, scene, quiet, now) or _addressed(message, scene, scene.clinic, scene.recipient)


def quiet_hours_of(clinic: Clinic, recipient: Recipient) -> QuietHours:
    """The clinic's quiet hours on the patient's wall clock."""
    return QuietHours(clinic.quiet_from, clinic.quiet_until, recipient.zone or clinic.zone)


def _meant(message: Message, visits: Sequence[Visit], now: datetime) -> list[Visit]:
    """The visits that the message can still speak of. A series is not called off while any visit is expected."""
    coming = [visit for visit in visits if visit.starts_at > now]
    if message.kind in _OFF and any(visit.is_expected for visit in coming):
        return []
    is_meant = _MEANT[message.kind]
    return [visit for visit in coming if is_meant(message, visit)]


_OFF: Final = frozenset({Kind.CANCELLATION_NOTICE, Kind.PAUSE_NOTICE})


def _is_at_its_time(message: Message, visit: Visit) -> bool:
    return visit.is_expected and (message.about == visit.series or visit.revision == message.revision)


_MEANT: Final[Mapping[Kind, Callable[[Message, Visit], bool]]] = MappingProxyType(
    {
        Kind.CONFIRMATION: lambda _, visit: visit.is_expected,
        Kind.REMINDER: _is_at_its_time,
        Kind.CHANGE_NOTICE: _is_at_its_time,
        Kind.CANCELLATION_NOTICE: lambda _, visit: not visit.is_open,
        Kind.PAUSE_NOTICE: lambda _, visit: visit.status is VisitStatus.PAUSED,
        Kind.CHECK_IN_LINK: lambda _, __: False,
        Kind.OFFER: lambda _, __: False,
    }
)
"""Which visits each kind of message speaks of."""


def _obsolete(message: Message, scene: Scene) -> str:
    """Why the message is not true any more; empty: it still is."""
    if message.kind is Kind.CHECK_IN_LINK:
        return "" if scene.check_in and scene.check_in.is_open else "check-in-closed"
    if message.kind is Kind.OFFER:
        return "" if scene.offer and scene.offer.is_open else "offer-closed"
    return "" if scene.visits else "visit-changed"


def _timed(message: Message, scene: Scene, quiet: QuietHours, now: datetime) -> Wait | Suppress | None:
    """None when this is the right time."""
    wanted_at = _wanted_at(message, scene, quiet)
    if now < wanted_at:
        return Wait(wanted_at)
    if wanted_at < message.due_at and _said_lately(message, scene.ledger, now):
        return Suppress("said-already")
    if not quiet.cover(now):
        return None
    opening = quiet.forms_after(now) if message.kind is Kind.CHECK_IN_LINK else quiet.opening_after(now)
    return Wait(opening) if opening < message.expires_at else Suppress("quiet-hours")


def _wanted_at(message: Message, scene: Scene, quiet: QuietHours) -> datetime:
    if message.kind is not Kind.REMINDER:
        return message.due_at
    return reminder_at(message.due_at, solids_stop_at(scene.visits[0].starts_at), quiet)


def _said_lately(message: Message, ledger: Sequence[Message], now: datetime) -> bool:
    """Whether another reminder of the same visit went out lately, or is about to."""
    others = [
        other
        for other in ledger
        if other.kind is Kind.REMINDER and other.revision == message.revision and other.offset != message.offset
    ]
    return any(now - SAID_LATELY <= said_at <= now for said_at in map(_said_at, others) if said_at)


def _said_at(message: Message) -> datetime | None:
    if message.status in {Status.SENDING, Status.SENT, Status.UNKNOWN}:
        return message.history[-1].at
    return message.due_at if message.status is Status.QUEUED else None


def _addressed(message: Message, scene: Scene, clinic: Clinic, recipient: Recipient) -> Send | Divert | Suppress:
    """A confirmation goes by its own channel, all else by the patient's preferred one; what is missing goes by the
    other. Once diverted, a message is not diverted back.
    """
    own, other = message.channel, message.channel.other
    has_own, has_other = bool(recipient.contact(own)), bool(recipient.contact(other))
    was_diverted = any(_says_same(row, message, other) for row in scene.ledger)
    if not has_own:
        return Divert("no-contact-point") if has_other and not was_diverted else Suppress("no-contact-point")
    likes_other = message.kind is not Kind.CONFIRMATION and recipient.preferred_channel is other
    if likes_other and has_other and not was_diverted:
        return Divert("other-channel-preferred")
    source = scene.check_in or scene.series
    return Send(clinic, recipient, scene.visits, scene.offer, source.link if source else None)


def _says_same(row: Message, message: Message, channel: Channel) -> bool:
    same = (row.kind, row.offset, row.revision) == (message.kind, message.offset, message.revision)
    return same and row.channel is channel
