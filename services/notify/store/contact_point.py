"""Contact points at rest: found by a fingerprint of the address; the address itself and all wordings are sealed."""

from dataclasses import replace
from typing import Any, Final

from services.notify.domain.contact_point import ContactPoint, contact_point_id
from services.notify.domain.message import Channel
from shared.converters import from_document, to_document
from shared.persistence.documents import Documents, LinkIndex
from shared.persistence.sealed import Sealer
from shared.persistence.unit_of_work import Document, Unit
from shared.private_link import digest

COLLECTION: Final = "contact_points"


class ContactPointStore:
    """Contact points in the collection `contact_points`.

    The token of a link to unsubscribe is made of the contact point under the master key, so that every e-mail to an
    address carries the same link and nobody stores it; its digest leads from the link to the contact point.
    """

    def __init__(self, unit: Unit, sealer: Sealer) -> None:
        self._clinic_id = unit.clinic_id
        self._sealer = sealer
        self._documents = Documents[ContactPoint](
            unit, COLLECTION, kind="contact", to_document=self._to_document, from_document=self._from_document
        )
        self.save = self._documents.save
        links = LinkIndex(self._documents, "link_digest", "page")
        self.by_link = links.by_link
        self.clinic_of_link = links.clinic_of_link

    def of(self, channel: Channel, address: str) -> ContactPoint:
        """What is known of an address; one that is not stored yet when nothing is. Upper case is as good as lower."""
        fingerprint = self._sealer.fingerprints.of(f"address/{self._clinic_id}", address.casefold())
        id = contact_point_id(self._clinic_id, channel, fingerprint)
        link = digest(self.unsubscribe_token(id)) if channel is Channel.EMAIL else ""
        fresh = ContactPoint(id=id, channel=channel, address=fingerprint, contact=address, link_digest=link)
        known = self._documents.find_id(id)
        # Of an erased patient's address neither the address nor its link is left.
        return fresh if known is None else replace(known, contact=address, link_digest=link)

    def of_patient(self, patient_id: str) -> list[ContactPoint]:
        """Every address that this patient ever gave."""
        return self._documents.find({"patients": patient_id})

    def unsubscribe_token(self, id: str) -> str:
        """The secret part of a contact point's link."""
        return self._sealer.fingerprints.of(f"unsubscribe/{self._clinic_id}", id)

    def _to_document(self, point: ContactPoint) -> Document:
        document = to_document(point)
        history = [{**step, "wording": self._seal(step["wording"])} for step in document["history"]]
        return {**document, "contact": self._seal(point.contact), "history": history}

    def _from_document(self, document: Document) -> ContactPoint:
        unseal = self._sealer.unseal
        history: list[Any] = [{**step, "wording": unseal(step["wording"])} for step in document.get("history", [])]
        return from_document(ContactPoint, {**document, "contact": unseal(document["contact"]), "history": history})

    def _seal(self, text: str) -> str:
        return self._sealer.seal(self._clinic_id, text)
