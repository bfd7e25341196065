"""How a clinic wants its messages: whether they rest, how many a patient may get, and whom a page reaches.

Unlike a clinic's other facts this is decided here, at notify's own API.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from shared.errors import Conflict, Fault, RuleBroken

MOST_CONTACTS: Final = 10


@dataclass(frozen=True)
class StaffContact:
    """Somebody who can be paged; `phone` is E.164. All but the id is personal."""

    id: str
    name: str
    phone: str | None = None
    email: str | None = None


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The defaults count until the clinic says otherwise; `id` is the clinic's.

    Automated texts to one patient: `per_day` in a local day, `per_week` in seven (clinic defaults, editable; answers
    and safety texts are not counted). `sms_from` is the clinic's own number, empty for the installation's. `contacts`
    are paged one after the other, each `page_after` the one before (default five minutes, editable). While `is_paused`
    nothing automated goes out but answers and pages.
    """

    id: str
    version: int = 0
    per_day: int = 2
    per_week: int = 8
    sms_from: str = ""
    page_after: timedelta = timedelta(minutes=5)
    contacts: tuple[StaffContact, ...] = ()
    is_paused: bool = False
    paused_at: datetime | None = None
    paused_by: str = ""
    pause_reason: str = ""

    def change(self, **changes: Any) -> "Policy":
        """With some fields changed. Raises `RuleBroken` with every reason why not."""
        changed = replace(self, **changes)
        if faults := [*_too_few_a_week(changed), *_contact_faults(changed.contacts)]:
            raise RuleBroken("messaging.refused", "The clinic's messaging cannot be kept like this.", faults)
        return changed

    def pause(self, reason: str, *, by: str, at: datetime) -> "Policy":
        """Let automated messages rest. Raises `Conflict` when they do."""
        if self.is_paused:
            detail = "The clinic's messages are paused already."
            raise Conflict("messaging.paused", detail, [Fault("messaging.paused", detail)])
        return replace(self, is_paused=True, paused_at=at, paused_by=by, pause_reason=reason)

    def resume(self) -> "Policy":
        """Let them go on. Raises `Conflict` when they do."""
        if not self.is_paused:
            detail = "The clinic's messages are not paused."
            raise Conflict("messaging.not-paused", detail, [Fault("messaging.not-paused", detail)])
        return replace(self, is_paused=False, paused_at=None, paused_by="", pause_reason="")

    def next_contact(self, paged: Sequence[str]) -> StaffContact | None:
        """Who is to be paged after those with the ids `paged`; None when everybody was."""
        return next((contact for contact in self.contacts if contact.id not in paged), None)


def _too_few_a_week(policy: Policy) -> list[Fault]:
    if policy.per_week >= policy.per_day:
        return []
    return [Fault("messaging.week-below-day", "A week cannot allow fewer messages than a day.", "/per_week")]


def _contact_faults(contacts: Sequence[StaffContact]) -> list[Fault]:
    faults = [
        Fault("contact.unreachable", "Give a phone number or an e-mail address.", f"/contacts/{place}")
        for place, contact in enumerate(contacts)
        if not (contact.phone or contact.email)
    ]
    ids = [contact.id for contact in contacts]
    for place, id in enumerate(ids):
        if id in ids[:place]:
            faults.append(Fault("contact.twice", "This contact is in the list twice.", f"/contacts/{place}/id"))
    if len(contacts) > MOST_CONTACTS:
        faults.append(Fault("contact.too-many", f"At most {MOST_CONTACTS} are paged.", "/contacts"))
    return faults
