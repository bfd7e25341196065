"""Reading the ledger."""

from dataclasses import dataclass, replace

from services.notify.domain.message import Message, Status
from services.notify.operations.ports import UnitOfWork
from shared.paging import Page


@dataclass(frozen=True)
class ListMessages:
    """Which rows; `after` is the position of the last one seen."""

    limit: int
    after: str | None
    patient_id: str | None = None
    about: str | None = None
    status: Status | None = None


def list_messages(uow: UnitOfWork, query: ListMessages) -> Page[Message]:
    """The messages of a clinic by the time they are due, with what the patients read."""
    page = uow.messages.page(
        patient_id=query.patient_id, about=query.about, status=query.status, after=query.after, limit=query.limit
    )
    return replace(page, items=[_opened(uow, message) for message in page.items])


def _opened(uow: UnitOfWork, message: Message) -> Message:
    return replace(message, text=uow.unseal(message.text)) if message.text else message
