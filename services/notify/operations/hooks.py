"""What providers tell by themselves: each thing once, in the unit of work of what follows from it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from services.notify.domain.hook_event import HookEvent, hook_event_id
from services.notify.operations.ports import UnitOfWork
from shared.errors import NotFound


@dataclass(frozen=True)
class TakeHook:
    """`event_id` is the provider's name of what it tells; `operation` with `command` is what follows from it."""

    provider: str
    event_id: str
    operation: Callable[[Any, Any], Any]
    command: Any


def take_hook(uow: UnitOfWork, hook: TakeHook) -> Any:
    """What follows. The commit raises `ToldBefore` when it was told before. Raises `NotFound` without a clinic."""
    if uow.clinics.find(uow.clinic_id) is None:
        raise NotFound("clinic")
    uow.hook_events.add(HookEvent(id=hook_event_id(hook.provider, hook.event_id), provider=hook.provider, at=uow.now))
    return hook.operation(uow, hook.command)
