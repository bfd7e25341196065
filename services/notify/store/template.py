"""Clinics' own texts at rest, an edition each. Nothing in them is personal."""

from typing import Final

from services.notify.domain.template import Place, Template
from shared.persistence.documents import Documents
from shared.persistence.unit_of_work import Unit

COLLECTION: Final = "templates"


class TemplateStore:
    """Editions in the collection `templates`; an id made of its number keeps each number once."""

    def __init__(self, unit: Unit) -> None:
        self._documents = Documents.plain(unit, COLLECTION, Template, kind="template")
        self.save = self._documents.save

    def valid(self, key: str | None = None) -> list[Template]:
        """The editions that count now, of one text or of all."""
        asked = {} if key is None else {"key": key}
        return self._documents.find({"replaced_at": None, **asked})

    def latest(self, place: Place) -> Template | None:
        """The valid edition at a place, if the clinic has one."""
        at = {"key": place.key, "language": place.language, "privacy": place.privacy.value}
        return self._documents.find_one({"replaced_at": None, **at})
