"""The ledger at rest. A row that a worker claimed is written only while the claim holds; what patients read is sealed
before it comes here.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final

from services.notify.domain.call import NOT_SAID
from services.notify.domain.message import WENT_OUT, Channel, Kind, Message, Status
from services.notify.operations.ports import Claim
from shared.paging import Page
from shared.persistence.by_time import behind, place_of
from shared.persistence.documents import Documents
from shared.persistence.leases import RELEASE, held_by
from shared.persistence.unit_of_work import Change, Document, Unit

COLLECTION: Final = "messages"
_NOT_SAID: Final = [status.value for status in NOT_SAID]
_WENT_OUT: Final = [status.value for status in WENT_OUT]


def due_by(now: datetime, channel: Channel) -> Document:
    """Rows of a channel that a worker should look at; those in `sending` are left over from one that died.

    What is of no use any more is left to `store.overdue`: after an outage it takes no place of what still is.
    """
    is_of_use = {"$or": [{"expires_at": {"$gt": now}}, {"status": Status.SENDING.value}]}
    open_now = {"status": {"$in": [Status.QUEUED.value, Status.SENDING.value]}, "next_at": {"$lte": now}}
    return {**open_now, "channel": channel.value, **is_of_use}


def in_doubt_by(now: datetime, channel: Channel) -> Document:
    """Rows of which nobody knows whether they went out, and of which a provider that can be asked is to be asked."""
    return {"status": Status.UNKNOWN.value, "channel": channel.value, "next_at": {"$lte": now}}


def claim_of(document: Document) -> Claim:
    """The right that comes with a claimed row."""
    return Claim(document["_id"], document["lease"]["owner"], document["lease"]["fence"])


class MessageStore:
    """Messages in the collection `messages`; a unique key on their meaning keeps one row each."""

    def __init__(self, unit: Unit) -> None:
        self._held: dict[str, Document] = {}
        self._now = unit.now
        self._documents = Documents.plain(unit, COLLECTION, Message, kind="message", on_change=self._under_claim)
        self.get = self._documents.get
        self.find = self._documents.find_id
        self.save = self._documents.save

    def claimed(self, claim: Claim) -> Message | None:
        """The message, if the claim still holds; saving it then fails as soon as the claim does not hold any more."""
        held = held_by({"_id": claim.message_id, "lease": {"owner": claim.owner, "fence": claim.fence}})
        self._held[claim.message_id] = held
        return self._documents.find_one(held)

    def known(self, ids: Iterable[str]) -> set[str]:
        """Which of these rows exist."""
        return {found["_id"] for found in self._documents.parts({"_id": {"$in": list(ids)}}, "_id")}

    def about(self, subjects: Sequence[str]) -> list[Message]:
        """All rows about these subjects."""
        return self._documents.find({"about": {"$in": list(subjects)}})

    def queued_for(self, patient_id: str) -> list[Message]:
        """The patient's rows that still wait."""
        return self._documents.find({"patient_id": patient_id, "status": Status.QUEUED.value})

    def said_to(self, patient_id: str) -> list[Message]:
        """The patient's rows that went out, or may have, by the time they are due."""
        went_out = {"patient_id": patient_id, "status": {"$in": _WENT_OUT}}
        return self._documents.find(went_out, sort=[("due_at", 1), ("_id", 1)])

    def not_said(self, *, since: datetime, after: str | None, limit: int) -> list[Message]:
        """Rows that did not reach their reader, may not have or wait for a call, and are needed behind `since`; by
        when they are needed.
        """
        by_desk = {"channel": Channel.DESK.value, "status": Status.SENT.value}
        either = {"$or": [{"status": {"$in": _NOT_SAID}}, by_desk]}
        wanted = {"$and": [either, {"needed_at": {"$gt": since}}, behind(after, "needed_at")]}
        return self._documents.find(wanted, sort=[("needed_at", 1), ("_id", 1)], limit=limit)

    def places_taken(self, patient_id: str, since: date) -> list[str]:
        """The places that the patient's counted texts have taken since that local day."""
        days = {"$gt": "", "$gte": f"{patient_id} {since}", "$lt": f"{patient_id}!"}  # "!" is behind every blank
        return [found["place"] for found in self._documents.parts({"place": days}, "place")]

    def opt_out_told_since(self, patient_id: str, at: datetime) -> bool:
        """Whether an SMS since `at` told this patient how to stop."""
        told = {"tells_opt_out": True, "status": {"$in": _WENT_OUT}, "history.at": {"$gte": at}}
        return self._documents.find_one({"patient_id": patient_id, **told}) is not None

    def last_said(self, address: str, kinds: Collection[Kind], *, until: datetime) -> Message | None:
        """The last message of these kinds that went to the address with this fingerprint, begun by `until`."""
        said = {"address": address, "kind": {"$in": [kind.value for kind in kinds]}, "status": {"$in": _WENT_OUT}}
        begun = {"begun_at": {"$type": "date", "$lte": until}}
        found = self._documents.find({**said, **begun}, sort=[("begun_at", -1), ("_id", 1)], limit=1)
        return found[0] if found else None

    def page(
        self, *, patient_id: str | None, about: str | None, status: Status | None, after: str | None, limit: int
    ) -> Page[Message]:
        """Rows by the time they are due, at most `limit` of them, behind the position `after` of an earlier page."""
        asked = {"patient_id": patient_id, "about": about, "status": status and status.value}
        wanted: Document = {name: value for name, value in asked.items() if value is not None}
        order = [("due_at", 1), ("_id", 1)]
        found = self._documents.find({**wanted, **behind(after, "due_at")}, sort=order, limit=limit + 1)
        last = found[limit - 1] if len(found) > limit else None
        return Page(found[:limit], place_of(last.due_at, last.id) if last else None)

    def _under_claim(self, message: Message, change: Change) -> Change:
        """Writes on a claimed row carry the claim; all but the one that begins sending give it back. One that puts off
        the next call gives it back as well.
        """
        guarded = {**change.filter, **self._held.get(message.id, {})}
        keeps = message.status is Status.SENDING and message.next_at <= self._now
        return replace(change, filter=guarded, update=change.update if keeps else _released(change.update))


def _released(update: Mapping[str, Any]) -> Document:
    return {**update, "$unset": {**update.get("$unset", {}), **RELEASE["$unset"]}}
