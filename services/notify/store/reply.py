"""Replies at rest: phone and text sealed."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from services.notify.domain.reply import Answer, Reply, ReplyStatus
from shared.paging import Page
from shared.persistence.by_time import behind, place_of
from shared.persistence.documents import Documents
from shared.persistence.unit_of_work import Document, Unit

COLLECTION: Final = "replies"
_STATUS: Final[Mapping[bool | None, str | None]] = MappingProxyType(
    {None: None, True: ReplyStatus.OPEN.value, False: ReplyStatus.DONE.value}
)


class ReplyStore:
    """Replies in the collection `replies`; the id is made of the provider's, so each is there once."""

    def __init__(self, unit: Unit) -> None:
        self._documents = Documents.plain(unit, COLLECTION, Reply, kind="reply")
        self.get = self._documents.get
        self.find = self._documents.find_id
        self.save = self._documents.save

    def told_since(self, sender: str, at: datetime) -> set[str]:
        """The kinds of automatic answers that texts of the number with this fingerprint got since `at`."""
        found = self._documents.parts({"sender": sender, "kept_at": {"$gt": at}}, "answered_by")
        return {kind for reply in found for kind in reply.get("answered_by", [])}

    def page(
        self,
        *,
        patient_id: str | None,
        answer: Answer | None,
        is_open: bool | None,
        after: str | None,
        limit: int,
    ) -> Page[Reply]:
        """Replies by the time they came, at most `limit` of them, behind the place `after` of an earlier page."""
        asked = {"patient_id": patient_id, "answer": answer and answer.value, "status": _STATUS[is_open]}
        wanted: Document = {name: value for name, value in asked.items() if value is not None}
        order = [("received_at", 1), ("_id", 1)]
        found = self._documents.find({**wanted, **behind(after, "received_at")}, sort=order, limit=limit + 1)
        last = found[limit - 1] if len(found) > limit else None
        return Page(found[:limit], place_of(last.received_at, last.id) if last else None)
