"""What providers told, by name only; forgotten after a month."""

from typing import Final

from services.notify.domain.hook_event import HookEvent
from services.notify.operations.ports import ToldBefore
from shared.persistence.documents import Documents
from shared.persistence.unit_of_work import Unit

COLLECTION: Final = "hook_events"


class HookEventStore:
    """Hook events in the collection `hook_events`."""

    def __init__(self, unit: Unit) -> None:
        self._documents = Documents.plain(
            unit, COLLECTION, HookEvent, kind="hook_event", on_duplicate=lambda duplicate: ToldBefore(str(duplicate))
        )

    def add(self, event: HookEvent) -> None:
        """Keep it. The commit raises `ToldBefore` when it is known."""
        self._documents.save(event)
