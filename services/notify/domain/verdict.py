"""Whether a message may go out now: judged purely, from the row and from what is known at this instant.

Judged anew at each look and again right before the call, so what changed between plan, claim and send always counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from services.notify.domain.burden import free_place, is_full, tomorrow
from services.notify.domain.check_in import CheckIn
from services.notify.domain.clinic import Clinic
from services.notify.domain.message import ESCORT, PATIENT, WENT_OUT, Channel, Kind, Message, Status
from services.notify.domain.offer import Offer
from services.notify.domain.policy import Policy
from services.notify.domain.quiet_hours import QuietHours, last_minutes_at, reminder_at
from services.notify.domain.reach import (
    address_of,
    channels_for,
    channels_tried,
    is_open_to_choice,
    is_same,
    next_channel,
    nobody,
)
from services.notify.domain.recipient import Recipient
from services.notify.domain.series import Series
from services.notify.domain.together import is_said_with_another, named, said_together
from services.notify.domain.traits import TRAITS, Quiet
from services.notify.domain.truth import meant, why_false
from services.notify.domain.visit import Visit
from shared.localtime import local_date

LOOK_AGAIN: Final = timedelta(minutes=1)
"""Longest pause until clinic, patient or series, not heard of yet, are looked for again, and while messages rest."""
LOOK_SOON: Final = timedelta(seconds=1)
"""The shortest."""
LINK_WITHIN: Final = timedelta(minutes=5)
"""So long the question whether somebody came home safely waits for the link to its form."""
SAID_LATELY: Final = timedelta(hours=12)
"""A reminder that had to move earlier is dropped when another one of this visit went out so shortly before."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What is known around a message.

    `visits` it is about, `others` of the same series; `ledger`: the other rows about them. `stopped`: the channels by
    which its reader said STOP. `places`: those that texts to the patient have taken on the last seven local days.
    `lost_until`: a ledger that was restored has forgotten what was done until then.
    """

    clinic: Clinic | None
    recipient: Recipient | None
    policy: Policy = Policy(id="")
    visits: Sequence[Visit] = ()
    others: Sequence[Visit] = ()
    series: Series | None = None
    check_in: CheckIn | None = None
    offer: Offer | None = None
    ledger: Sequence[Message] = ()
    stopped: frozenset[Channel] = frozenset()
    places: Sequence[str] = ()
    lost_until: datetime | None = None


@dataclass(frozen=True)
class Send:
    """Now. What it needs: whose it is, who reads it, the visits or the offer it speaks of, the sealed link it gives,
    the sealed address; `place` among the counted texts of the day, and what else it says with it (`also`).
    """

    clinic: Clinic
    recipient: Recipient
    visits: Sequence[Visit]
    offer: Offer | None
    link: str | None
    to: str
    policy: Policy
    place: str = ""
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class HandOver:
    """Now, to a person who phones."""

    why: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wait:
    """Not yet."""

    until: datetime


@dataclass(frozen=True)
class Expire:
    """Too late."""


@dataclass(frozen=True)
class Forgotten:
    """It may have gone out already: nobody knows any more."""


@dataclass(frozen=True)
class Cancel:
    """What it would say is no longer true."""

    cause: str


@dataclass(frozen=True)
class Suppress:
    """It must not go out."""

    cause: str


@dataclass(frozen=True)
class Drop:
    """Another message says it."""

    cause: str


@dataclass(frozen=True)
class Divert:
    """By another channel."""

    to: Channel
    cause: str


Verdict = Send | HandOver | Wait | Expire | Forgotten | Cancel | Suppress | Drop | Divert


def judge(message: Message, scene: Scene, now: datetime) -> Verdict:
    """The verdict on a message at the instant `now`."""
    if now >= message.expires_at:
        return Expire()
    scene = replace(scene, visits=meant(message, scene.visits, now))
    if cause := why_false(message, scene.visits, scene.check_in, scene.offer):
        return Cancel(cause)
    is_for_the_desk = message.channel is Channel.DESK
    return _by_phone(message, scene, now) if is_for_the_desk else _by_wire(message, scene, now)


def _by_wire(message: Message, scene: Scene, now: datetime) -> Verdict:
    reader = reader_of(message, scene.clinic, scene.recipient)
    if scene.lost_until and _was_due(message, scene, reader, scene.lost_until):
        return Forgotten()
    is_unheard_of = message.kind is Kind.OFFER and scene.series is None
    if scene.clinic is None or reader is None or is_unheard_of:
        return Wait(now + _patience(message, now))
    if held := _timed(message, scene, quiet_hours_of(scene.clinic, reader), now):
        return held
    if scene.policy.is_paused and not TRAITS[message.kind].despite_pause:
        return Wait(now + LOOK_AGAIN)
    return _addressed(message, scene, scene.clinic, reader, now)


def _was_due(message: Message, scene: Scene, reader: Recipient | None, lost_until: datetime) -> bool:
    """Whether it may have gone out while nothing is known; said twice, a page to the staff is no harm, unsaid it is."""
    if message.next_at > lost_until or message.kind is Kind.STAFF_PAGE:
        return False
    if scene.clinic is None or reader is None:
        return True
    quiet = quiet_hours_of(scene.clinic, reader)
    wanted_at = _wanted_at(message, scene, quiet)
    has_to_wait = TRAITS[message.kind].quiet is not Quiet.EXEMPT and quiet.cover(wanted_at)
    return (opening_for(message, quiet, wanted_at) if has_to_wait else wanted_at) <= lost_until


def reader_of(message: Message, clinic: Clinic | None, recipient: Recipient | None) -> Recipient | None:
    """Who reads it; None while that is not known. Staff and strangers read it as the clinic writes."""
    is_staff = message.reader not in {PATIENT, ESCORT}
    if is_staff or (message.to and recipient is None):
        return nobody(clinic) if clinic else None
    return recipient


def quiet_hours_of(clinic: Clinic, reader: Recipient) -> QuietHours:
    """The clinic's quiet hours on the reader's wall clock; the escort is taken to be where the patient is."""
    return QuietHours(clinic.quiet_from, clinic.quiet_until, reader.zone or clinic.zone)


def _patience(message: Message, now: datetime) -> timedelta:
    """As long again as it has waited already: what is not heard of yet is mostly heard of within the second."""
    return min(LOOK_AGAIN, max(LOOK_SOON, now - message.history[0].at))


def _by_phone(message: Message, scene: Scene, now: datetime) -> Verdict:
    """A person decides when to phone; about one time of one visit they are asked once."""
    if now < message.due_at:
        return Wait(message.due_at)
    if is_said_with_another(message, scene.ledger):
        return Drop("said-with-another")
    if any(_is_asked_for(row, message) for row in scene.ledger):
        return Drop("said-already")
    before = [row for row in scene.ledger if is_same(row, message) and row.id != message.id]
    last = max(before, key=lambda row: row.history[-1].at, default=None)
    why = last.history[-1].cause if last else message.kind.value
    return HandOver(why, named(said_together(message, scene.visits, scene.others)))


def _is_asked_for(row: Message, message: Message) -> bool:
    kinds = {row.kind, message.kind}
    same = (row.about, row.revision, row.channel) == (message.about, message.revision, Channel.DESK)
    return same and kinds == {Kind.REMINDER} and row.status is Status.SENT


def _timed(message: Message, scene: Scene, quiet: QuietHours, now: datetime) -> Verdict | None:
    """None when this is the right time."""
    mode = TRAITS[message.kind].quiet
    wanted_at = _wanted_at(message, scene, quiet)
    if now < wanted_at:
        return Wait(wanted_at)
    if is_said_with_another(message, scene.ledger):
        return Drop("said-with-another")
    if mode is Quiet.EARLIER and wanted_at < message.due_at and _said_lately(message, scene.ledger, now):
        return Suppress("said-already")
    if mode is Quiet.EXEMPT or not quiet.cover(now):
        return None
    opening = opening_for(message, quiet, now)
    if opening < message.expires_at:
        return Wait(opening)
    return Divert(Channel.DESK, "quiet-hours") if message.kind is Kind.HOME_SAFE else Suppress("quiet-hours")


def opening_for(message: Message, quiet: QuietHours, at: datetime) -> datetime:
    """When what falls in quiet hours may be said: as they end, or, for a questionnaire, at nine."""
    is_form = TRAITS[message.kind].quiet is Quiet.LATER
    return quiet.forms_after(at) if is_form else quiet.opening_after(at)


def _wanted_at(message: Message, scene: Scene, quiet: QuietHours) -> datetime:
    if message.kind is Kind.REMINDER:
        return reminder_at(message.due_at, scene.visits[0].prepares_at, quiet)
    if message.kind is Kind.ESCORT_REMINDER:
        return reminder_at(message.due_at, scene.visits[0].starts_at, quiet)
    return _home_safe_at(message, scene, quiet) if message.kind is Kind.HOME_SAFE else message.due_at


def _home_safe_at(message: Message, scene: Scene, quiet: QuietHours) -> datetime:
    """With the link to its form as soon as that is there; without one where none comes, or where the night is near."""
    asked_at = last_minutes_at(message.due_at, quiet)
    is_complete = scene.check_in is not None or quiet.cover(asked_at + LINK_WITHIN)
    return asked_at if is_complete else asked_at + LINK_WITHIN


def _said_lately(message: Message, ledger: Sequence[Message], now: datetime) -> bool:
    """Whether another reminder of the same visit went out lately, or is about to."""
    others = [
        other
        for other in ledger
        if (other.about, other.kind, other.revision) == (message.about, message.kind, message.revision)
        and other.offset != message.offset
    ]
    return any(now - SAID_LATELY <= said_at <= now for said_at in map(_said_at, others) if said_at)


def _said_at(message: Message) -> datetime | None:
    if message.status in WENT_OUT:
        return message.begun_at or message.history[-1].at
    return message.due_at if message.status is Status.QUEUED else None


def _addressed(message: Message, scene: Scene, clinic: Clinic, reader: Recipient, now: datetime) -> Verdict:
    """By the patient's preferred channel; what has no address, and who said STOP, is told by the next one."""
    traits = TRAITS[message.kind]
    to = address_of(message, reader)
    if not to and message.reader == ESCORT:
        return Cancel("no-escort")
    if not to:
        onward = next_channel(message, reader, scene.ledger)
        return Divert(onward, "no-contact-point") if onward else Suppress("no-contact-point")
    if better := _better_channel(message, scene, reader):
        return Divert(better, "other-channel-preferred")
    if message.channel in scene.stopped and not traits.despite_opt_out:
        # Never around STOP to another automated channel: only a person may go on.
        return Divert(Channel.DESK, "opted-out") if traits.falls_back else Suppress("opted-out")
    place = ""
    if counts_to_caps(message):
        today = local_date(now, reader.zone or clinic.zone)
        if is_full(scene.places, message.patient_id, today, scene.policy):
            return _over_cap(message, scene, clinic, reader, now)
        place = free_place(scene.places, message.patient_id, today)
    together = said_together(message, scene.visits, scene.others)
    source = scene.check_in or scene.series
    link = source.link if source else None
    return Send(clinic, reader, [*scene.visits, *together], scene.offer, link, to, scene.policy, place, named(together))


def counts_to_caps(message: Message) -> bool:
    """Whether it is one of the texts that a patient gets so many of at most."""
    return message.channel is Channel.SMS and is_open_to_choice(message) and TRAITS[message.kind].counts


def _better_channel(message: Message, scene: Scene, reader: Recipient) -> Channel | None:
    """The channel that the patient prefers, if it is another one that reaches them and was not tried yet."""
    if not is_open_to_choice(message):
        return None
    first = channels_for(message, reader)[0]
    return None if first in channels_tried(message, scene.ledger) else first


def _over_cap(message: Message, scene: Scene, clinic: Clinic, reader: Recipient, now: datetime) -> Verdict:
    """By e-mail, which is not counted; else tomorrow, if that is not too late."""
    is_untried = Channel.EMAIL not in channels_tried(message, scene.ledger) | scene.stopped
    if reader.email and is_untried:
        return Divert(Channel.EMAIL, "cap")
    quiet = quiet_hours_of(clinic, reader)
    morning = tomorrow(now, quiet.zone)
    fitting = opening_for(message, quiet, morning) if quiet.cover(morning) else morning
    return Wait(fitting) if fitting < message.expires_at else Suppress("cap")
