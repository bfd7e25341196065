"""Who stands behind the texts that patients read, and who has read them, at rest: ids, versions and instants only."""

from services.booking.domain.page.education import Receipts, Reviews
from shared.persistence.documents import Documents
from shared.persistence.unit_of_work import Unit


class ReviewStore:
    """The reviews of a clinic, one document in the collection `education_reviews`."""

    def __init__(self, unit: Unit) -> None:
        self._clinic_id = unit.clinic_id
        self._documents = Documents.plain(unit, "education_reviews", Reviews, kind="education_reviews")
        self.save = self._documents.save

    def of_clinic(self) -> Reviews:
        """Those of the clinic; none before the first."""
        return self._documents.find_id(self._clinic_id) or Reviews(self._clinic_id)


class ReceiptStore:
    """The receipts of a patient, one document each in the collection `education_receipts`."""

    def __init__(self, unit: Unit) -> None:
        self._documents = Documents.plain(unit, "education_receipts", Receipts, kind="education_receipts")
        self.save = self._documents.save

    def of(self, patient_id: str) -> Receipts:
        """Those of a patient; none before the first."""
        return self._documents.find_id(patient_id) or Receipts(patient_id)
