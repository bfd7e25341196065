"""What is known of each patient's series at rest."""

from collections.abc import Sequence

from services.followup.domain.known import Known
from shared.persistence.documents import Documents
from shared.persistence.unit_of_work import Unit


class KnownStore:
    """One document for each patient in the collection `known_series`."""

    def __init__(self, unit: Unit) -> None:
        self._documents = Documents.plain(unit, "known_series", Known, kind="known")
        self.save = self._documents.save

    def find(self, patient_id: str) -> Known | None:
        """What is known, if anything was heard."""
        return self._documents.find_id(patient_id)

    def with_protocol(self, protocol: str | None) -> Sequence[Known]:
        """Patients with a series of `protocol`, or all."""
        return self._documents.find({"courses.protocol": protocol} if protocol is not None else {})
