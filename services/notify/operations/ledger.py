"""Planning and calling off, as every heard event needs it."""

from collections.abc import Callable, Iterable, Sequence

from services.notify.domain.message import Message, Status
from services.notify.operations.ports import UnitOfWork


def plan(uow: UnitOfWork, messages: Iterable[Message]) -> None:
    """Queue what is not in the ledger yet; planning the same again changes nothing."""
    wanted = {message.id: message for message in messages}
    known = uow.messages.known(wanted)
    for id, message in wanted.items():
        if id not in known:
            uow.messages.save(message)


def call_off(
    uow: UnitOfWork, about: Sequence[str], cause: str, *, but: Callable[[Message], bool] = lambda _: False
) -> None:
    """Cancel every row about these subjects that still waits. What is being sent right now cannot be held back."""
    for message in uow.messages.about(about):
        if message.status is Status.QUEUED and not but(message):
            uow.messages.save(message.cancel(cause, uow.now))
