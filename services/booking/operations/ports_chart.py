"""What booking's operations need of the stores of a patient's chart."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from services.booking.domain.chart.assessment import Assessment
from services.booking.domain.chart.consent import Consent, ConsentTexts
from services.booking.domain.chart.dose_order import DoseOrder
from services.booking.domain.chart.misuse import Signal


class DoseOrderStore(Protocol):
    """What was ordered to be given; none is ever removed."""

    def get(self, id: str, version: int | None = None) -> DoseOrder: ...
    def save(self, aggregate: DoseOrder, events: Iterable[Any] = ()) -> DoseOrder: ...

    def in_force(self, series_id: str) -> DoseOrder | None:
        """The order of a series that none has superseded; None before the first."""
        ...

    def of_patient(self, patient_id: str) -> Sequence[DoseOrder]:
        """All of a patient, those that were superseded among them."""
        ...

    def of_series(self, series_id: str) -> Sequence[DoseOrder]:
        """All of a series, those that were superseded among them, by time of signing."""
        ...


class SignalStore(Protocol):
    """What staff noticed of a patient's dealing with the medicine; nothing of it is changed."""

    def save(self, aggregate: Signal, events: Iterable[Any] = ()) -> Signal: ...

    def of_patient(self, patient_id: str) -> Sequence[Signal]:
        """All of a patient, by the date on which it happened."""
        ...


class ConsentStore(Protocol):
    """What patients signed; none is ever removed."""

    def get(self, id: str, version: int | None = None) -> Consent: ...
    def save(self, aggregate: Consent, events: Iterable[Any] = ()) -> Consent: ...

    def of_patient(self, patient_id: str) -> Sequence[Consent]:
        """All that a patient ever signed."""
        ...


class ConsentTextStore(Protocol):
    """Which texts a clinic has signed now."""

    def save(self, aggregate: ConsentTexts, events: Iterable[Any] = ()) -> ConsentTexts: ...

    def of_clinic(self, version: int | None = None) -> ConsentTexts:
        """Those of the clinic; none before the first is published. Raises `Stale` for another `version`."""
        ...


class AssessmentStore(Protocol):
    """What is known of patients before a course; none is ever removed."""

    def get(self, id: str, version: int | None = None) -> Assessment: ...
    def save(self, aggregate: Assessment, events: Iterable[Any] = ()) -> Assessment: ...

    def list(self, *, after: str | None, limit: int, patient_id: str) -> list[Assessment]:
        """A patient's behind `after`, by id."""
        ...

    def of_patient(self, patient_id: str) -> Sequence[Assessment]:
        """All of a patient, those that were superseded among them."""
        ...
