"""Wordings that clinics loaded, at rest. Nothing in them is personal."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.followup.domain.wording import LoadedText
from shared.converters import from_document, to_document
from shared.persistence.documents import Documents
from shared.persistence.unit_of_work import Document, Unit

COLLECTION = "instrument_texts"


class TextStore:
    """Wordings in the collection `instrument_texts`; a unique key keeps one of each edition."""

    def __init__(self, unit: Unit) -> None:
        self._documents = Documents[LoadedText](
            unit,
            COLLECTION,
            kind="instrument_text",
            to_document=_to_document,
            from_document=lambda document: from_document(LoadedText, document),
        )
        self.save = self._documents.save

    def of_instrument(self, instrument: str) -> Sequence[LoadedText]:
        """All editions in all languages."""
        return self._documents.find({"text.instrument": instrument})

    def all(self) -> Sequence[LoadedText]:
        """Everything that the clinic loaded."""
        return self._documents.find({})


def _to_document(loaded: LoadedText) -> Document:
    return {name: _with_text_keys(value) for name, value in to_document(loaded).items()}


def _with_text_keys(value: Any) -> Any:
    """Values of answers are numbers, keys in documents are not."""
    if isinstance(value, Mapping):
        return {str(name): _with_text_keys(each) for name, each in value.items()}
    return value
