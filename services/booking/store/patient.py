"""Patients at rest: every personal field sealed; phone, e-mail and external id so that they can be looked up.

A search looks for tokens: keyed fingerprints of what a patient is found by (`domain.patient_search`), under a key of
the clinic, so that equal names in two clinics share none. Whoever reads the database sees which patients have tokens
in common, such as the same begin of a name, and not which begin that is.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final

from services.booking.domain.patient.exposure import Source
from services.booking.domain.patient.patient import Patient, external_id_taken
from services.booking.domain.patient.search import Terms, terms_of
from services.booking.store.exposure import ExposureStore
from shared.converters import from_document, to_document
from shared.errors import NotFound
from shared.persistence.documents import Documents
from shared.persistence.mongo import Index
from shared.persistence.sealed import Sealer
from shared.persistence.unit_of_work import Document, Duplicate, Unit, as_contended

_SEALED: Final = ("name", "birth_date", "escort_phone")
_SEARCHABLE: Final = ("phone", "email", "external_id")
_SEALED_WITHIN: Final = (("external_doses", "note"), ("rulings", "reason"))
_TOKEN_BYTES: Final = 12
BY_TOKENS: Final = Index("patients", (("clinic_id", 1), ("tokens", 1), ("_id", 1)))


class PatientStore:
    """Patients in the collection `patients`. What was given to them elsewhere is counted in the same commit."""

    def __init__(self, unit: Unit, sealer: Sealer, exposures: ExposureStore) -> None:
        self._clinic_id = unit.clinic_id
        self._sealer = sealer
        self._exposures = exposures
        self._counted: dict[str, tuple[str, tuple[date, ...] | None]] = {}
        self._documents = Documents[Patient](
            unit,
            "patients",
            kind="patient",
            to_document=self._to_document,
            from_document=self._from_document,
            on_duplicate=_taken,
        )

    def get(self, id: str, version: int | None = None) -> Patient:
        """The patient. Raises `NotFound`, for one who was erased as for one who never was, and `Stale`."""
        found = self._documents.get(id, version)
        if found.erased_at is not None:
            raise NotFound("patient")
        return found

    def save(self, patient: Patient, events: Iterable[Any] = ()) -> Patient:
        """The patient as it then stands, with the external doses where the person's are counted."""
        nothing = (patient.person, () if patient.version == 0 else None)
        before, now = self._counted.get(patient.id, nothing), (patient.person, patient.external_dates)
        if before[0] != patient.person:
            self._exposures.put(before[0], Source.EXTERNAL, patient.id, ())
        if before != now:
            self._exposures.put(patient.person, Source.EXTERNAL, patient.id, patient.external_dates, is_unforeseen=True)
        self._counted[patient.id] = now
        return self._documents.save(patient, events)

    def list(
        self,
        *,
        after: str | None,
        limit: int,
        phone: str | None,
        email: str | None,
        search: Sequence[Terms] | None = None,
    ) -> list[Patient]:
        """Patients behind `after`, by id; with exactly this phone or e-mail, and all terms of any of `search`."""
        asked: Document = {"_id": {"$gt": after or ""}, "erased_at": None}
        for field, value in (("phone", phone), ("email", email)):
            if value is not None:
                asked[field] = self._sealer.seal_searchable(self._clinic_id, value)
        if search is None:
            return self._documents.find(asked, limit=limit)
        asked["$or"] = [{"tokens": {"$all": self._tokens(terms)}} for terms in search]
        return self._documents.find(asked, limit=limit, by=BY_TOKENS.name)

    def _tokens(self, terms: Terms) -> Sequence[str]:
        """That of the longest term first: it is what the index is asked for."""
        of, purpose = self._sealer.fingerprints.of, f"search/{self._clinic_id}"
        longest_first = sorted(terms, key=lambda term: (-len(term), term))
        return [of(purpose, term, length=_TOKEN_BYTES) for term in longest_first]

    def _to_document(self, patient: Patient) -> Document:
        document = to_document(patient)
        seal, searchable = self._sealer.seal, self._sealer.seal_searchable
        sealed: dict[str, Any] = {}
        for fields, hide in ((_SEALED, seal), (_SEARCHABLE, searchable)):
            for field in fields:
                value = document[field]
                sealed[field] = None if value is None else hide(self._clinic_id, value)
        for many, field in _SEALED_WITHIN:
            sealed[many] = [_with(row, field, lambda text: seal(self._clinic_id, text)) for row in document[many]]
        return {**document, **sealed, "tokens": self._tokens(terms_of(patient))}

    def _from_document(self, document: Document) -> Patient:
        unseal = self._sealer.unseal
        found = [field for field in (*_SEALED, *_SEARCHABLE) if document.get(field) is not None]
        plain: dict[str, Any] = {field: unseal(document[field]) for field in found}
        for many, field in _SEALED_WITHIN:
            plain[many] = [_with(row, field, unseal) for row in document.get(many, ())]
        patient = from_document(Patient, {**document, **plain})
        self._counted[patient.id] = (patient.person, patient.external_dates)
        return patient


def _with(row: Document, field: str, changed: Any) -> Document:
    return row if row[field] is None else {**row, field: changed(row[field])}


def _taken(duplicate: Duplicate) -> Exception:
    return external_id_taken() if "external_id" in duplicate.key else as_contended(duplicate)
