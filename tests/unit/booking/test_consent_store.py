"""Consents at rest: what people said cannot be read, what is due can be found, and each clinic has its own."""

from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest

from services.booking.domain.chart.consent import Consent, ConsentKind, ConsentTexts, Withdrawal
from services.booking.store.consent import CONSENTS, ConsentStore, ConsentTextStore
from shared.errors import Stale
from shared.persistence.sealed import Sealer
from shared.persistence.unit_of_work import Cause, Unit
from tests.support.booking_builders import CLINIC, NEW_YORK, NOW, OTHER_CLINIC, PATIENT
from tests.support.cleared import a_signature
from tests.support.letters import Letters
from tests.support.memory_database import MemoryDatabase

TREATMENT = a_signature(PATIENT, ConsentKind.TREATMENT, NOW, NEW_YORK)
RELEASE = replace(a_signature(PATIENT, ConsentKind.RELEASE, NOW, NEW_YORK), recipient="Dr. Who")
WITHDRAWN = RELEASE.withdrawn(Withdrawal("changed my mind", "key-1", NOW + timedelta(days=1)))


class Place:
    """One database."""

    def __init__(self) -> None:
        self.database = MemoryDatabase({})

    def unit(self, clinic_id: str = CLINIC) -> Unit:
        return Unit(
            self.database.as_database(),
            source="booking",
            clinic_id=clinic_id,
            now=NOW,
            new_id=str,
            cause=Cause("", "", ""),
            tell=lambda _, envelope: envelope,
        )

    def consents(self, unit: Unit) -> ConsentStore:
        return ConsentStore(unit, cast("Sealer", Letters()))

    def keep(self, consent: Consent) -> None:
        unit = self.unit()
        self.consents(unit).save(consent)
        unit.commit()

    def of_patient(self, clinic_id: str = CLINIC) -> list[Consent]:
        return list(self.consents(self.unit(clinic_id)).of_patient(PATIENT))


@pytest.mark.parametrize("consent", [TREATMENT, RELEASE, WITHDRAWN])
def test_what_is_kept_comes_back_as_it_was_and_to_its_clinic_only(consent):
    place = Place()
    place.keep(consent)
    [found] = place.of_patient()
    assert found == replace(consent, version=1)
    assert place.of_patient(OTHER_CLINIC) == []


def test_who_may_be_told_and_why_not_any_more_cannot_be_read():
    place = Place()
    place.keep(WITHDRAWN)
    kept = str(list(place.database[CONSENTS].find({})))
    assert "Dr. Who" not in kept
    assert "changed my mind" not in kept
    assert "release-of-information" in kept


def test_when_somebody_is_told_of_its_end_can_be_looked_up():
    place = Place()
    place.keep(TREATMENT)
    [row] = place.database[CONSENTS].find({})
    assert row["next_at"] == TREATMENT.next_at


def test_a_clinic_has_one_set_of_texts():
    place = Place()
    unit = place.unit()
    texts = ConsentTextStore(unit)
    assert texts.of_clinic(0) == ConsentTexts(CLINIC)
    texts.save(texts.of_clinic().publish({ConsentKind.KAP: "1.1"}))
    unit.commit()
    found = ConsentTextStore(place.unit()).of_clinic(1)
    assert found == ConsentTexts(CLINIC, {ConsentKind.KAP: "1.1"}, version=1)
    assert ConsentTextStore(place.unit(OTHER_CLINIC)).of_clinic() == ConsentTexts(OTHER_CLINIC)
    with pytest.raises(Stale):
        ConsentTextStore(place.unit()).of_clinic(0)
