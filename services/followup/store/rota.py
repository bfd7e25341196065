"""Rotas at rest; what is personal of the staff is sealed."""

from collections.abc import Callable
from typing import Final

from services.followup.domain.rota import Rota
from shared.converters import from_document, to_document
from shared.errors import Stale
from shared.persistence.documents import Documents
from shared.persistence.sealed import Sealer
from shared.persistence.unit_of_work import Document, Unit

_SEALED: Final = ("name", "phone", "email")


class RotaStore:
    """One rota for each clinic in the collection `rotas`."""

    def __init__(self, unit: Unit, sealer: Sealer) -> None:
        self._clinic_id = unit.clinic_id
        self._sealer = sealer
        self._documents = Documents[Rota](
            unit, "rotas", kind="rota", to_document=self._to_document, from_document=self._from_document
        )
        self.save = self._documents.save

    def of_clinic(self, version: int | None = None) -> Rota:
        """An empty one, version 0, as long as none was published. Raises `Stale` for another `version`."""
        rota = self._documents.find_id(self._clinic_id) or Rota(self._clinic_id)
        if version is not None and rota.version != version:
            raise Stale
        return rota

    def _to_document(self, rota: Rota) -> Document:
        return self._each(to_document(rota), lambda text: self._sealer.seal(self._clinic_id, text))

    def _from_document(self, document: Document) -> Rota:
        return from_document(Rota, self._each(document, self._sealer.unseal))

    @staticmethod
    def _each(document: Document, changed: Callable[[str], str]) -> Document:
        contacts = [
            {**one, **{field: changed(one[field]) for field in _SEALED if one[field] is not None}}
            for one in document.get("contacts", [])
        ]
        return {**document, "contacts": contacts}
