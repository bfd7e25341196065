"""Consents at rest; who may be told, and why a patient does not agree any more, is sealed."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Final

from services.booking.domain.chart.consent import Consent, ConsentTexts
from shared.converters import from_document, to_document
from shared.errors import Stale
from shared.persistence.documents import Documents
from shared.persistence.sealed import Sealer
from shared.persistence.unit_of_work import Document, Unit

CONSENTS: Final = "consents"


def running_out(now: datetime) -> Document:
    """Filter for the consents, of all clinics, of whose end somebody is to be told."""
    return {"next_at": {"$lte": now}}


class ConsentStore:
    """Consents in the collection `consents`."""

    def __init__(self, unit: Unit, sealer: Sealer) -> None:
        self._clinic_id = unit.clinic_id
        self._sealer = sealer
        self._documents = Documents[Consent](
            unit, CONSENTS, kind="consent", to_document=self._to_document, from_document=self._from_document
        )
        self.get = self._documents.get
        self.save = self._documents.save

    def of_patient(self, patient_id: str) -> Sequence[Consent]:
        """All that a patient ever signed."""
        return self._documents.find({"patient_id": patient_id})

    def _to_document(self, consent: Consent) -> Document:
        document = _with_words(to_document(consent), partial(self._sealer.seal, self._clinic_id))
        return {**document, "next_at": consent.next_at}

    def _from_document(self, document: Document) -> Consent:
        return from_document(Consent, _with_words(document, self._sealer.unseal))


class ConsentTextStore:
    """Which texts a clinic has signed now, one document in the collection `consent_texts`."""

    def __init__(self, unit: Unit) -> None:
        self._clinic_id = unit.clinic_id
        self._documents = Documents.plain(unit, "consent_texts", ConsentTexts, kind="consent_texts")
        self.save = self._documents.save

    def of_clinic(self, version: int | None = None) -> ConsentTexts:
        """Those of the clinic; none before the first is published. Raises `Stale` for another `version`."""
        texts = self._documents.find_id(self._clinic_id) or ConsentTexts(self._clinic_id)
        if version is not None and texts.version != version:
            raise Stale
        return texts


def _with_words(document: Document, change: Callable[[str], str]) -> Document:
    """With what people said sealed, or unsealed."""
    recipient, withdrawal = document["recipient"], document["withdrawal"]
    return {
        **document,
        "recipient": recipient and change(recipient),
        "withdrawal": withdrawal and {**withdrawal, "reason": change(withdrawal["reason"])},
    }
