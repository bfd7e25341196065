"""Series at rest, as they were heard: the link came sealed and stays so."""

from services.notify.domain.series import Series
from shared.converters import from_document, to_document
from shared.documents import Documents
from shared.unit_of_work import Unit


class SeriesStore:
    """Series in the collection `series`, each under the subject that messages are about."""

    def __init__(self, unit: Unit) -> None:
        self._documents = Documents[Series](
            unit,
            "series",
            kind="series",
            to_document=to_document,
            from_document=lambda document: from_document(Series, document),
        )
        self.save = self._documents.save

    def find(self, id: str) -> Series | None:
        """The series, if it was heard of."""
        return self._documents.find_one({"_id": id})
