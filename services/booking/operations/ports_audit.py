"""What booking's operations need of the store of the audit chain."""

from typing import Protocol

from services.booking.domain.audit.entry import Act, Entry, Head, Stretch
from shared.paging import Page


class AuditStore(Protocol):
    """The clinic's audit chain. It grows and never changes: there is no way to write but `add`."""

    def open(self) -> Head:
        """Where the chain ends for this unit. What others add from now on until it commits, if it adds anything itself,
        makes it `Contended`: whatever it has read since then was not changed by anything audited.
        """
        ...

    def add(self, act: Act) -> None:
        """Put an act at the end of the chain, in the same commit as what it did."""
        ...

    def page(
        self, *, after: str | None, limit: int, patient_id: str | None, record: str | None, action: str | None
    ) -> Page[Entry]:
        """Entries in their order, behind the place `after` of an earlier page, people's words readable."""
        ...

    def stretch(self, after: int, most: int) -> Stretch:
        """The chain as it is kept behind number `after`, at most so many entries of it."""
        ...
