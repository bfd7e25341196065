"""From a heard event to an operation: a table row says which command it fills and who carries it out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from shared.converters import from_json
from shared.envelope import Envelope
from shared.persistence.unit_of_work import Cause, Change, Insert
from shared.persistence.units import Units
from shared.telemetry import tracing

U = TypeVar("U")


@dataclass(frozen=True)
class Heard:
    """One row of a service's table of handlers.

    The command's fields come from the event's data, plus `<kind>_id` from its subject and `told_at` from its time.
    """

    command: type[Any]
    operation: Callable[[Any, Any], Any]


Handlers = Mapping[str, Heard]


class Hearing(Generic[U]):
    """Applies heard events: one unit of work each, the guard first in its commit."""

    def __init__(self, units: Units[U], handlers: Handlers) -> None:
        self._units = units
        self._handlers = handlers

    def __call__(self, envelope: Envelope, guard: Insert | Change) -> None:
        """The `apply` of an inbox."""
        with tracing.span(f"hear {envelope.type}", envelope.traceparent):
            cause = Cause(envelope.correlation_id, envelope.id, tracing.traceparent())
            row = self._handlers.get(envelope.type, _NOTHING)
            command = command_of(row.command, envelope)
            self._units.run(
                envelope.clinic_id, cause, row.operation, command, lambda unit, _: unit.write(guard, first=True)
            )


def command_of(kind: type[Any], envelope: Envelope) -> Any:
    """The command that an event fills. Raises what cattrs raises when a field is missing."""
    subject, _, subject_id = envelope.subject.partition("/")
    return from_json(kind, {**envelope.data, f"{subject}_id": subject_id, "told_at": envelope.time})


@dataclass(frozen=True)
class _Nothing:
    pass


_NOTHING = Heard(_Nothing, lambda _uow, _command: None)
