"""Opens a service's units of work and runs operations in them."""

from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

import stamina
from pymongo.database import Database

from shared.clock import Clock
from shared.errors import Contended
from shared.failpoints import Failpoint
from shared.ids import new_id
from shared.persistence.unit_of_work import Cause, Tell, Unit

U = TypeVar("U")
C = TypeVar("C")
R = TypeVar("R")
PATIENCE: Final = 8.0
"""Seconds for which an operation is tried again while other writers are faster. Counted attempts ended after 2.6 s: too
soon for some of eight desks that all write to the audit chain of one clinic, whose head is one document."""


def nothing_else(_: Unit, __: Any) -> None:
    """The operation's own writes are all there is to commit."""


class Units(Generic[U]):
    """`make` dresses the technical unit in the service's stores."""

    def __init__(
        self,
        database: Database[dict[str, Any]],
        *,
        source: str,
        clock: Clock,
        tell: Tell,
        make: Callable[[Unit], U],
        failpoint: Failpoint | None = None,
    ) -> None:
        self._database = database
        self._source = source
        self._clock = clock
        self._tell = tell
        self._make = make
        self._failpoint = failpoint

    def open(self, clinic_id: str, cause: Cause) -> Unit:
        """The technical unit, for one clinic, at the clock's now."""
        return Unit(
            self._database,
            source=self._source,
            clinic_id=clinic_id,
            now=self._clock(),
            new_id=new_id,
            cause=cause,
            tell=self._tell,
            failpoint=self._failpoint,
        )

    def run(
        self,
        clinic_id: str,
        cause: Cause,
        operation: Callable[[U, C], R],
        command: C,
        also: Callable[[Unit, R], None] = nothing_else,
    ) -> R:
        """One operation, one commit; decided again from what is there now when another writer was faster.

        `also` may add writes that must stand or fall with the operation. Raises what the operation refuses with, and
        `TransientFailure` when the database does not answer or the contention does not end.
        """
        for attempt in stamina.retry_context(
            on=Contended, attempts=None, timeout=PATIENCE, wait_initial=0.005, wait_jitter=0.05, wait_max=0.3
        ):
            with attempt:
                unit = self.open(clinic_id, cause)
                result = operation(self._make(unit), command)
                also(unit, result)
                unit.commit()
        return result
