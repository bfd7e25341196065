"""How a page runs an operation: one unit of work, with the request as its cause."""

from collections.abc import Callable
from typing import Any

from flask import g

from services.followup.operations.ports import UnitOfWork
from services.followup.pages.check_in import Run
from shared import tracing
from shared.unit_of_work import Cause
from shared.units import Units


def in_units(units: Units[Any]) -> Run:
    """Runs operations in `units`; the web application has put the request's correlation id into `g`."""

    def run(clinic_id: str, operation: Callable[[UnitOfWork, Any], Any], command: Any) -> Any:
        cause = Cause(g.correlation_id, g.correlation_id, tracing.traceparent())
        return units.run(clinic_id, cause, operation, command)

    return run
