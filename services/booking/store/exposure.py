"""Exposures at rest: one document for each person, whichever clinics treat them.

This is the one document without a clinic: caps hold across clinics (who may be given what does not depend on who gives
it). So it may hold a keyed token of the person, local dates, and ids of clinics, series, treatments and patients'
records; nothing that anybody reads. Only this module reads or writes it, and nothing of another clinic leaves it but
dates, and that a dose is being given.

Every unit that changes a person's dates writes this document under the version that the same unit read: of two clinics
that book one person at the same moment, one is `Contended` and decides again.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import date
from typing import Final

from services.booking.domain.patient.exposure import Exposure, Infusion, Source
from shared.converters import from_document, to_document
from shared.persistence.unit_of_work import Change, Document, Insert, Unit, read

EXPOSURES: Final = "exposures"
_KEPT: Final = ("shares", "to_review", "infusing")


def to_review() -> Document:
    """Filter for the people whose doses some clinic is to count anew."""
    return {"to_review.0": {"$exists": True}}


class ExposureStore:
    """Exposures in the collection `exposures`, found by the person's token."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._collection = unit.database[EXPOSURES]
        self._known: dict[str, Exposure] = {}

    def of(self, person: str) -> Exposure:
        """The person's doses as this unit has found them, with what it has changed since."""
        if person not in self._known:
            self._known[person] = self._read(person)
        return self._known[person]

    def put(
        self, person: str, source: Source, of: str, dates: Collection[date], *, is_unforeseen: bool = False
    ) -> None:
        """Let a series or a record of this clinic add these dates and no others.

        Dates are unforeseen when other clinics could not know of them as they booked: they count their caps anew.
        """
        before = self.of(person)
        after = before.with_share(self._unit.clinic_id, source, of, dates)
        if after.shares != before.shares:
            self._write(after.unforeseen_but_in(self._unit.clinic_id) if is_unforeseen and dates else after)

    def note_reviewed(self, person: str) -> None:
        """The unit's clinic has counted the caps anew."""
        self._write(self.of(person).reviewed_in(self._unit.clinic_id))

    def note_begun(self, person: str, of: str) -> None:
        """Treatment `of` of this clinic gives the person the medicine now."""
        self._write(self.of(person).with_infusions(Infusion(self._unit.clinic_id, of)))

    def note_ended(self, person: str, of: str) -> None:
        """Treatment `of` gives the person nothing any more."""
        self._write(self.of(person).without_infusions({of}))

    def take_along(self, before: str, now: str, series_id: str) -> None:
        """What a series is giving now follows it from one person's document to another's."""
        found = [one for one in self.of(before).infusing if one.of.startswith(f"{series_id}.")]
        if found:
            self._write(self.of(before).without_infusions({one.of for one in found}))
            self._write(self.of(now).with_infusions(*found))

    def _read(self, person: str) -> Exposure:
        found = read(lambda: self._collection.find_one({"_id": person}))
        return Exposure(person) if found is None else from_document(Exposure, {**found, "id": person})

    def _write(self, exposure: Exposure) -> None:
        fields = to_document(exposure)
        state: Document = {**{name: fields[name] for name in _KEPT}, "version": exposure.version + 1}
        if exposure.version == 0:
            self._unit.write(Insert(EXPOSURES, {"_id": exposure.id, **state}))
        else:
            unchanged = {"_id": exposure.id, "version": exposure.version}
            self._unit.write(Change(EXPOSURES, unchanged, {"$set": state}))
        self._known[exposure.id] = replace(exposure, version=exposure.version + 1)
