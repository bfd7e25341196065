"""Clinics' messaging policies at rest; what is personal of the contacts, and why messages rest, is sealed."""

from typing import Any, Final

from services.notify.domain.policy import Policy
from shared.converters import from_document, to_document
from shared.errors import Stale
from shared.persistence.documents import Documents
from shared.persistence.sealed import Sealer
from shared.persistence.unit_of_work import Document, Unit

COLLECTION: Final = "policies"
_SEALED: Final = ("name", "phone", "email")


class PolicyStore:
    """One policy for each clinic in the collection `policies`."""

    def __init__(self, unit: Unit, sealer: Sealer) -> None:
        self._clinic_id = unit.clinic_id
        self._sealer = sealer
        self._documents = Documents[Policy](
            unit, COLLECTION, kind="policy", to_document=self._to_document, from_document=self._from_document
        )
        self.save = self._documents.save

    def of_clinic(self, version: int | None = None) -> Policy:
        """The clinic's policy, the default one when none was ever set. Raises `Stale` for another `version`."""
        policy = self._documents.find_id(self._clinic_id) or Policy(id=self._clinic_id)
        if version is not None and policy.version != version:
            raise Stale
        return policy

    def _to_document(self, policy: Policy) -> Document:
        document = to_document(policy)
        contacts = [self._each(contact, self._seal) for contact in document["contacts"]]
        return {**document, "contacts": contacts, "pause_reason": self._seal(policy.pause_reason)}

    def _from_document(self, document: Document) -> Policy:
        contacts = [self._each(contact, self._sealer.unseal) for contact in document.get("contacts", [])]
        reason = document["pause_reason"] and self._sealer.unseal(document["pause_reason"])
        return from_document(Policy, {**document, "contacts": contacts, "pause_reason": reason})

    def _seal(self, text: str) -> str:
        return text and self._sealer.seal(self._clinic_id, text)

    @staticmethod
    def _each(contact: Document, changed: Any) -> Document:
        return {**contact, **{field: changed(contact[field]) for field in _SEALED if contact[field] is not None}}
