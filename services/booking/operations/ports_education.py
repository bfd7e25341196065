"""What booking's operations need of the stores of what patients read."""

from collections.abc import Iterable
from typing import Any, Protocol

from services.booking.domain.page.education import Receipts, Reviews


class ReviewStore(Protocol):
    """Who stands behind the texts that patients read."""

    def save(self, aggregate: Reviews, events: Iterable[Any] = ()) -> Reviews: ...

    def of_clinic(self) -> Reviews:
        """Those of the clinic; none before the first."""
        ...


class ReceiptStore(Protocol):
    """What patients say they have read."""

    def save(self, aggregate: Receipts, events: Iterable[Any] = ()) -> Receipts: ...

    def of(self, patient_id: str) -> Receipts:
        """Those of a patient; none before the first."""
        ...
