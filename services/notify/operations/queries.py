"""Reading the ledger."""

from dataclasses import dataclass, replace

from services.notify.domain.message import Kind, Message, Status
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
    return replace(page, items=[opened(uow, message) for message in page.items])


def opened(uow: UnitOfWork, message: Message) -> Message:
    """The row with what its reader got; links of the staff stay theirs."""
    if message.kind is Kind.STAFF_PAGE or not message.text:
        return replace(message, text="")
    return replace(message, text=uow.unseal(message.text))
