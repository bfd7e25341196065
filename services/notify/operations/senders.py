"""Who wrote: whose number it is, what was last said to it, and which visit that was about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.notify.domain.contact_point import ContactPoint
from services.notify.domain.message import PATIENT, Channel, Kind, Message
from services.notify.domain.recipient import Recipient
from services.notify.domain.visit import Visit
from services.notify.operations.ports import UnitOfWork

CLOCKS_DIFFER: Final = timedelta(minutes=1)
"""So far the clock of who hands a text in may be behind ours."""
ABOUT_SESSIONS: Final = frozenset(
    {Kind.REMINDER, Kind.CHANGE_NOTICE, Kind.CANCELLATION_NOTICE, Kind.PAUSE_NOTICE, Kind.OFFER}
)
"""What a patient may have in mind who answers with a digit: the last of these counts, if it speaks of a session."""
ABOUT_CARE: Final = ABOUT_SESSIONS | {Kind.CONFIRMATION, Kind.CHECK_IN_LINK, Kind.CHECK_IN_CHASE, Kind.HOME_SAFE}
"""What any other text may be an answer to."""


@dataclass(frozen=True)
class Text:
    """A text from the plain number `sender`, and the id of the reply that it becomes."""

    id: str
    sender: str
    text: str
    received_at: datetime


@dataclass(frozen=True)
class Sender:
    """`recipients`: the patients who have this number now, the one who was written to last first.

    `about`: what they were last told of. `asked`: the visit that a digit speaks of, as long as it stands as it was
    said. `coming`: each one's next visit.
    """

    point: ContactPoint
    recipients: Sequence[Recipient]
    about: str | None
    asked: Visit | None
    coming: Sequence[Visit]

    @property
    def patient_id(self) -> str | None:
        """The patient who most likely wrote; None: a stranger."""
        return self.recipients[0].id if self.recipients else None


def sender_of(uow: UnitOfWork, text: Text) -> Sender:
    """What is known of whoever sent a text."""
    point = uow.contact_points.of(Channel.SMS, text.sender)
    last = _last_said(uow, text, ABOUT_CARE)
    ids = dict.fromkeys([*([last.patient_id] if last else []), *point.patients])
    recipients = [recipient for id in ids if (recipient := _owner(uow, id, text.sender))]
    return Sender(
        point=point,
        recipients=recipients,
        about=last.about if last else None,
        asked=_asked(uow, _last_said(uow, text, ABOUT_SESSIONS)),
        coming=[visit for recipient in recipients for visit in uow.visits.coming(recipient.id, uow.now)[:1]],
    )


def _last_said(uow: UnitOfWork, text: Text, kinds: frozenset[Kind]) -> Message | None:
    """The last message of these kinds to that phone, if it is still its patient's."""
    until = text.received_at + CLOCKS_DIFFER
    message = uow.messages.last_said(uow.fingerprint(text.sender), kinds, until=until)
    is_theirs = message and message.reader == PATIENT and _owner(uow, message.patient_id, text.sender)
    return message if is_theirs else None


def _owner(uow: UnitOfWork, patient_id: str, number: str) -> Recipient | None:
    """The patient, if this is still their number."""
    recipient = uow.recipients.find(patient_id)
    return recipient if recipient and recipient.phone and uow.unseal(recipient.phone) == number else None


def _asked(uow: UnitOfWork, last: Message | None) -> Visit | None:
    """The visit that the message spoke of, if it still stands as it was said; of several the next unconfirmed one."""
    visits = uow.visits.about(last.about) if last else []
    if last is None or not visits:
        return None
    if last.about != visits[0].series:
        return visits[0] if visits[0].is_expected and visits[0].revision == last.revision else None
    return next(
        (visit for visit in visits if visit.is_expected and visit.starts_at > uow.now and not visit.confirmed_at), None
    )
