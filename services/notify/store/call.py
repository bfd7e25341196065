"""What people have dealt with, at rest; what they noted is sealed."""

from collections.abc import Iterable

from services.notify.domain.call import DealtWith
from shared.converters import from_document, to_document
from shared.persistence.documents import Documents
from shared.persistence.sealed import Sealer
from shared.persistence.unit_of_work import Document, Unit


class CallStore:
    """What was dealt with, in the collection `calls`, each under the id of its message."""

    def __init__(self, unit: Unit, sealer: Sealer) -> None:
        self._clinic_id = unit.clinic_id
        self._sealer = sealer
        self._documents = Documents[DealtWith](
            unit, "calls", kind="call", to_document=self._to_document, from_document=self._from_document
        )
        self.find = self._documents.find_id
        self.save = self._documents.save

    def of(self, ids: Iterable[str]) -> dict[str, DealtWith]:
        """What became of these messages, by their ids; of those that nobody has dealt with, nothing."""
        return {dealt.id: dealt for dealt in self._documents.find({"_id": {"$in": list(ids)}})}

    def _to_document(self, dealt: DealtWith) -> Document:
        return {**to_document(dealt), "note": dealt.note and self._sealer.seal(self._clinic_id, dealt.note)}

    def _from_document(self, document: Document) -> DealtWith:
        return from_document(
            DealtWith, {**document, "note": document["note"] and self._sealer.unseal(document["note"])}
        )
