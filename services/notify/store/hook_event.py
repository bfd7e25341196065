"""What providers told, by name only; forgotten after a month."""

from datetime import timedelta
from typing import Final

from services.notify.domain.hook_event import HookEvent
from services.notify.operations.ports import ToldBefore
from shared.converters import from_document, to_document
from shared.documents import Documents
from shared.unit_of_work import Unit

COLLECTION: Final = "hook_events"
KEPT_FOR: Final = timedelta(days=30)
"""Longer than any provider repeats itself; a signature with a time in it is good for minutes only."""


class HookEventStore:
    """Hook events in the collection `hook_events`; an index lets the database delete them when they are old."""

    def __init__(self, unit: Unit) -> None:
        self._documents = Documents[HookEvent](
            unit,
            COLLECTION,
            kind="hook_event",
            to_document=to_document,
            from_document=lambda document: from_document(HookEvent, document),
            on_duplicate=lambda duplicate: ToldBefore(str(duplicate)),
        )

    def add(self, event: HookEvent) -> None:
        """Keep it. The commit raises `ToldBefore` when it is known."""
        self._documents.save(event)
