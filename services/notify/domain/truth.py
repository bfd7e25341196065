"""Whether what a message would say is still true: which visits it can still speak of, and why it would be false."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final

from services.notify.domain.check_in import CheckIn
from services.notify.domain.message import Kind, Message
from services.notify.domain.offer import Offer
from services.notify.domain.visit import Visit, VisitStatus

OF_CHECK_INS: Final = frozenset({Kind.CHECK_IN_LINK, Kind.CHECK_IN_CHASE})
ALWAYS_TRUE: Final = frozenset(
    {
        Kind.MANUAL,
        Kind.OPT_OUT_CONFIRMATION,
        Kind.OPT_IN_CONFIRMATION,
        Kind.HELP,
        Kind.CRISIS,
        Kind.NO_OPEN_VISIT,
        Kind.STAFF_PAGE,
        Kind.TEST,
    }
)
"""What speaks of nothing that can change: answers, and texts that somebody wrote."""


def _is_at_its_time(message: Message, visit: Visit) -> bool:
    return visit.is_expected and (message.about == visit.series or visit.revision == message.revision)


def _is_over(message: Message, visit: Visit) -> bool:
    return visit.discharged_at is not None and visit.revision == message.revision


OF_VISITS: Final[Mapping[Kind, Callable[[Message, Visit], bool]]] = MappingProxyType(
    {
        Kind.CONFIRMATION: lambda _, visit: visit.is_expected,
        Kind.REMINDER: _is_at_its_time,
        Kind.ESCORT_REMINDER: _is_at_its_time,
        Kind.UNCONFIRMED: _is_at_its_time,
        Kind.CHANGE_NOTICE: _is_at_its_time,
        Kind.CANCELLATION_NOTICE: lambda _, visit: not visit.is_open,
        Kind.PAUSE_NOTICE: lambda _, visit: visit.status is VisitStatus.PAUSED,
        Kind.HOME_SAFE: _is_over,
    }
)
"""Which visits each kind of message that speaks of visits can speak of."""
_OFF: Final = frozenset({Kind.CANCELLATION_NOTICE, Kind.PAUSE_NOTICE})


def meant(message: Message, visits: Sequence[Visit], now: datetime) -> list[Visit]:
    """The visits that the message can still speak of. A series is not called off while any visit is expected."""
    if message.kind not in OF_VISITS:
        return []
    coming = [visit for visit in visits if message.kind is Kind.HOME_SAFE or visit.starts_at > now]
    if message.kind in _OFF and any(visit.is_expected for visit in coming):
        return []
    return [visit for visit in coming if OF_VISITS[message.kind](message, visit)]


def why_false(message: Message, visits: Sequence[Visit], check_in: CheckIn | None, offer: Offer | None) -> str:
    """Why the message is not true any more; empty: it still is. `visits` are those that it can still speak of."""
    if message.kind in ALWAYS_TRUE:
        return ""
    if check_in is not None and not check_in.is_open:
        return "check-in-closed"
    if message.kind in OF_CHECK_INS:
        return "" if check_in else "check-in-closed"
    if message.kind is Kind.OFFER:
        return "" if offer and offer.is_open else "offer-closed"
    if not visits:
        return "visit-changed"
    is_answered = message.kind is Kind.UNCONFIRMED and all(visit.confirmed_at for visit in visits)
    return "visit-confirmed" if is_answered else ""
