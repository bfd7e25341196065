"""What automated messages could not say: whom to phone, about what and why, until somebody has dealt with it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.notify.domain.again import times_repeated, what_it_says
from services.notify.domain.message import Channel, Kind, Message, Status
from shared.errors import Conflict, Fault

NOT_SAID: Final = frozenset({Status.FAILED, Status.UNDELIVERED, Status.UNKNOWN, Status.SUPPRESSED})
"""Where a message stands that did not reach its reader, or nobody knows whether it did."""
SAID_OTHERWISE: Final = frozenset({"said-with-another", "said-already"})
"""Why a message was held back that another one says."""
NOT_CALLED_FOR: Final = frozenset(
    {Kind.STAFF_PAGE, Kind.TEST, Kind.HELP, Kind.NO_OPEN_VISIT, Kind.OPT_OUT_CONFIRMATION, Kind.OPT_IN_CONFIRMATION}
)
"""What nobody phones for: pages have a list of their own, and answers are of use at once only."""
LISTED_FOR: Final = timedelta(days=3)
"""How long a message stays on the list after what it is for. Clinic default."""
_SAYS_IT: Final = frozenset({Status.QUEUED, Status.SENDING, Status.SENT, Status.DELIVERED})


@dataclass(frozen=True, kw_only=True)
class DealtWith:
    """Somebody has dealt with what a message could not say; `id` is the message's, `note` (personal) what they add."""

    id: str
    version: int = 0
    patient_id: str
    note: str
    by: str
    at: datetime


def is_called_for(message: Message) -> bool:
    """Whether a person may have to phone about it: it was not said, or was handed over to the desk."""
    if message.kind in NOT_CALLED_FOR:
        return False
    if message.channel is Channel.DESK:
        return message.status is Status.SENT
    return message.status in NOT_SAID and message.history[-1].cause not in SAID_OTHERWISE


def is_followed(message: Message, ledger: Collection[Message]) -> bool:
    """Whether another row says the same instead, or is the one to phone about."""
    return any(
        _follows(row, message) for row in ledger if row.id != message.id and what_it_says(row) == what_it_says(message)
    )


def _follows(row: Message, message: Message) -> bool:
    if times_repeated(row) != times_repeated(message):
        return times_repeated(row) > times_repeated(message)
    if message.channel is Channel.DESK:
        return False
    if row.status in NOT_SAID:
        return (row.history[-1].at, row.id) > (message.history[-1].at, message.id)
    return row.status in _SAYS_IT


def why_called(message: Message) -> str:
    """A short code: what stands in the way."""
    return message.history[-1].cause or message.status.value


def require_called_for(message: Message) -> None:
    """Raises `Conflict` when nobody has to phone about it."""
    if not is_called_for(message):
        detail = f"A {message.kind} that is {message.status} asks for no call."
        raise Conflict("message.no-call", detail, [Fault("message.no-call", detail)])
