"""What a service hears, compared with the topics; and that each row fits its operation."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import is_dataclass
from inspect import signature
from typing import Any, get_type_hints

from shared.messaging.hearing import Handlers, Heard


def table_faults(handlers: Handlers, promised: Collection[str]) -> list[str]:
    """How the table and the topics differ."""
    return [
        *(f"{type} is heard and has no handler" for type in sorted(set(promised) - set(handlers))),
        *(
            f"{type} has a handler and is in no topic for this service"
            for type in sorted(set(handlers) - set(promised))
        ),
        *(f"{type}: {fault}" for type, row in handlers.items() for fault in _row(row)),
    ]


def _row(row: Heard) -> Iterator[str]:
    if not is_dataclass(row.command):
        yield f"{row.command.__name__} is no command class"
    if fault := operation_fault(row.operation, row.command):
        yield fault


def operation_fault(operation: Callable[..., Any], command: Any) -> str:
    """Why `operation` cannot carry out `command`; empty when it can."""
    name = getattr(operation, "__name__", repr(operation))
    parameters = list(signature(operation).parameters)
    if len(parameters) != 2:
        return f"{name} takes {parameters}, not a unit of work and a command"
    wanted = get_type_hints(operation).get(parameters[1])
    return "" if wanted in {command, None} else f"{name} wants {wanted}, not {command.__name__}"
