"""A page: staff are called one after the other until somebody takes on what cannot wait.

Taking it on and reaching the patient are separate facts. Nobody is called any more once somebody has taken it on; when
everybody was called and nobody did, it stays on the list until somebody does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID, uuid5

from services.notify.domain.events import CallWanted, PageAcknowledged, PageContacted, PageUnanswered
from services.notify.domain.message import Kind
from shared.errors import Conflict, Fault

_NAMESPACE: Final = UUID("0a6d4c1e-93b7-5f28-8d15-7b1e2c9f4a60")
PATH: Final = "/notify/p/"
"""Where the links of pages lead."""
LINK_GOOD_FOR: Final = timedelta(hours=24)
"""How long a page can be opened by a link. Platform default."""
ONE_PAGE: Final = timedelta(hours=1)
"""What leads to a page again so shortly after is the same page, as long as the patient was not reached."""


class PageStatus(StrEnum):
    """Where a page stands. `unanswered`: everybody was called; it waits for whoever looks at the list."""

    OPEN = "open"
    UNANSWERED = "unanswered"
    ACKNOWLEDGED = "acknowledged"
    CONTACTED = "contacted"


MOVES: Final[Mapping[str, tuple[frozenset[PageStatus], PageStatus]]] = MappingProxyType(
    {
        "call": (frozenset({PageStatus.OPEN, PageStatus.UNANSWERED}), PageStatus.OPEN),
        "give_up": (frozenset({PageStatus.OPEN}), PageStatus.UNANSWERED),
        "acknowledge": (frozenset({PageStatus.OPEN, PageStatus.UNANSWERED}), PageStatus.ACKNOWLEDGED),
        "reach": (frozenset({PageStatus.ACKNOWLEDGED}), PageStatus.CONTACTED),
    }
)
"""Every legal change of status: from where, to where."""


@dataclass(frozen=True)
class Paged:
    """Somebody of the staff who was called, when, and the digest of the link that they got."""

    contact_id: str
    at: datetime
    link_digest: str


@dataclass(frozen=True, kw_only=True)
class StaffPage:
    """`about` is what led to it, `whose` tells one patient's pages from another's, strangers included.

    `phone` (sealed) is the number that a text came from. The next one is called at `next_at`. `by` of a step is
    `staff/<contact id>` through the link, `key/<access key id>` through the API.
    """

    id: str
    version: int = 0
    reason: str
    patient_id: str
    about: str
    whose: str
    raised_at: datetime
    phone: str = ""
    next_at: datetime | None = None
    paged: tuple[Paged, ...] = ()
    status: PageStatus = PageStatus.OPEN
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    contacted_at: datetime | None = None
    contacted_by: str = ""

    @property
    def subject(self) -> str:
        """What its messages are about."""
        return f"page/{self.id}"

    @property
    def is_open(self) -> bool:
        """Whether the patient was not reached yet."""
        return self.status is not PageStatus.CONTACTED

    @property
    def contacts(self) -> Sequence[str]:
        """Who was called, in order."""
        return [paged.contact_id for paged in self.paged]

    def covers(self, at: datetime) -> bool:
        """Whether what happens at `at` is no new page but this one."""
        return self.is_open and at < self.raised_at + ONE_PAGE

    def is_due(self, at: datetime) -> bool:
        """Whether the next one is to be called."""
        return self.status is PageStatus.OPEN and self.next_at is not None and self.next_at <= at

    def opened_by(self, link_digest: str, at: datetime) -> str | None:
        """Whose link it is; None when it is nobody's, or not good any more."""
        good = (paged for paged in self.paged if at < paged.at + LINK_GOOD_FOR)
        return next((paged.contact_id for paged in good if paged.link_digest == link_digest), None)

    def call(self, contact_id: str, link_digest: str, *, at: datetime, next_at: datetime | None) -> "StaffPage":
        """The next one is called; without `next_at` somebody else's clock says when it is passed on."""
        return self._move("call", paged=(*self.paged, Paged(contact_id, at, link_digest)), next_at=next_at)

    def give_up(self, at: datetime) -> tuple["StaffPage", tuple[PageUnanswered | CallWanted, ...]]:
        """There is nobody left to call: the front desk has to."""
        left, wanted = self.leave_to_desk(at)
        return left, (PageUnanswered(self.patient_id, self.about, self.reason, self.raised_at, at), *wanted)

    def leave_to_desk(self, at: datetime) -> tuple["StaffPage", tuple[CallWanted, ...]]:
        """There is nobody to call; whoever has the clock knows that nobody has answered."""
        why = "page-unanswered" if self.paged else "nobody-to-page"
        wanted = CallWanted(self.patient_id, self.subject, Kind.STAFF_PAGE.value, why, at)
        return self._move("give_up", next_at=None), (wanted,)

    def acknowledge(self, by: str, at: datetime) -> tuple["StaffPage", tuple[PageAcknowledged, ...]]:
        """Somebody takes it on; whoever comes later changes nothing."""
        if self.acknowledged_at is not None:
            return self, ()
        told = PageAcknowledged(self.patient_id, self.about, self.reason, by, at)
        return self._move("acknowledge", next_at=None, acknowledged_at=at, acknowledged_by=by), (told,)

    def reach(self, by: str, at: datetime) -> tuple["StaffPage", tuple[PageContacted, ...]]:
        """The patient was reached; once more changes nothing. Raises `Conflict` when nobody has taken it on."""
        if self.contacted_at is not None:
            return self, ()
        told = PageContacted(self.patient_id, self.about, self.reason, by, at)
        return self._move("reach", contacted_at=at, contacted_by=by), (told,)

    def _move(self, move: str, **changes: Any) -> "StaffPage":
        sources, target = MOVES[move]
        if self.status not in sources:
            detail = f"A page that is {self.status} cannot {move.replace('_', ' ')}."
            raise Conflict("page.wrong-status", detail, [Fault("page.wrong-status", detail, context={"move": move})])
        return replace(self, status=target, **changes)


def new_page(
    clinic_id: str,
    last: StaffPage | None,
    *,
    reason: str,
    patient_id: str,
    about: str,
    whose: str,
    phone: str,
    at: datetime,
) -> StaffPage:
    """A page of which nobody knows yet. Its id follows from the `last` one of the same, so two at once are one."""
    meaning = (clinic_id, whose, reason, last.id if last else "")
    return StaffPage(
        id=str(uuid5(_NAMESPACE, "\n".join(meaning))),
        reason=reason,
        patient_id=patient_id,
        about=about,
        whose=whose,
        phone=phone,
        raised_at=at,
    )
