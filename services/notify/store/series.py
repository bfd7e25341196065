"""Series at rest, as they were heard: the link came sealed and stays so."""

from services.notify.domain.series import Series
from shared.persistence.documents import Documents
from shared.persistence.unit_of_work import Unit


class SeriesStore:
    """Series in the collection `series`, each under the subject that messages are about."""

    def __init__(self, unit: Unit) -> None:
        self._documents = Documents.plain(unit, "series", Series, kind="series")
        self.find = self._documents.find_id
        self.save = self._documents.save
