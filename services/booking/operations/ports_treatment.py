"""What booking's operations need of the store of treatments."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Protocol

from services.booking.domain.treatment.treatment import Treatment


class TreatmentStore(Protocol):
    """What was found and done at each arrival for a dose; none is ever removed."""

    def get(self, id: str, version: int | None = None) -> Treatment: ...
    def save(self, aggregate: Treatment, events: Iterable[Any] = ()) -> Treatment: ...

    def find(self, id: str) -> Treatment | None:
        """The treatment, if there is one."""
        ...

    def of_patient(self, patient_id: str) -> Sequence[Treatment]:
        """All of a patient, by arrival."""
        ...

    def last_dose(self, patient_id: str) -> Decimal | None:
        """Milligrams given by the patient's latest dose, aborted or not, that gave any; None before the first."""
        ...

    def under_way(self) -> Sequence[Treatment]:
        """Those of the clinic whose patients were given something and have not gone home."""
        ...
