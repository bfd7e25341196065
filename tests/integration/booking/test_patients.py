"""Patients at rest and in the search: the same on the fake and on a real database, and by index on the latter."""

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import bson
import pytest

from services.booking.domain.patient.clearance import Clearance, ClinicalHold, Measure, Release
from services.booking.domain.patient.patient import ExternalDose, Patient, Reporter
from services.booking.domain.patient.person import Match, Ruling
from services.booking.domain.patient.search import terms_of, wanted
from shared.errors import Conflict
from tests.integration.booking.booking_host import ThisBooking
from tests.integration.booking.worlds import Fake, World
from tests.support.booking_builders import CLINIC, OTHER_CLINIC, a_patient

ADA = a_patient(
    name="Zdeňka Østergård-Nguyễn",
    email="zdenka@example.com",
    external_id="Kart-17",
    person_confirmed=Match.CONFIRMED,
    rulings=(Ruling(Match.CONFIRMED, "her passport", "key-1", datetime(2026, 3, 1, tzinfo=UTC)),),
    external_doses=(ExternalDose("dose-1", date(2026, 2, 1), Reporter.PATIENT, "in Brno"),),
)
MANY = 10_000
BY_INDEX = {f"{word}{{ clinic_id: 1, tokens: 1, _id: 1 }}" for word in ("IXSCAN ", " ")}
"""What the database's profile says of a search that reads the index only."""


@pytest.fixture(params=["fake", "real"])
def world(request) -> World:
    if request.param == "fake":
        return Fake()
    booking: ThisBooking = request.getfixturevalue("booking")
    for clinic_id in (CLINIC, OTHER_CLINIC):
        booking.host.sealer.create_key(clinic_id)
    return booking


def keep(world: World, patient: Patient, clinic_id: str = CLINIC) -> Patient:
    saved: Patient = world.attempt(clinic_id, lambda uow: uow.patients.save(patient))
    return saved


def found(world: World, text: str, clinic_id: str = CLINIC, **more: Any) -> list[str]:
    asked = {"after": None, "limit": 9, "phone": None, "email": None, "search": wanted(text), **more}
    return [one.id for one in world.attempt(clinic_id, lambda uow: uow.patients.list(**asked))]


def test_a_patient_comes_back_as_saved(world):
    saved = keep(world, ADA)
    assert world.attempt(CLINIC, lambda uow: uow.patients.get(ADA.id)) == saved
    bare = keep(world, replace(a_patient("patient-2"), external_id=None))
    assert world.attempt(CLINIC, lambda uow: uow.patients.get("patient-2")) == bare


def test_patients_are_found_within_their_clinic(world):
    keep(world, ADA)
    keep(world, a_patient("patient-2", name="Zoë Ostrova", phone="+4930555777"))
    keep(world, a_patient("theirs", name="Zdenka Ostrova"), OTHER_CLINIC)
    assert found(world, "ost") == ["patient-1", "patient-2"]
    assert found(world, "ost", limit=1) == ["patient-1"]
    assert found(world, "ost", after="patient-1") == ["patient-2"]
    assert found(world, "zde ost") == ["patient-1"]
    assert found(world, "030 555 777") == ["patient-2"]
    assert found(world, "Zdenka@Example.com") == ["patient-1"]
    assert found(world, "kart 17") == ["patient-1"]
    assert found(world, "zde", OTHER_CLINIC) == ["theirs"]
    assert found(world, "nobody") == []


def test_another_name_is_found_instead_of_the_old_one(world):
    saved = keep(world, ADA)
    keep(world, replace(saved, name="Grace Hopper", email=None, external_id=None))
    assert found(world, "hopper") == ["patient-1"]
    assert found(world, "zdenka") == found(world, "kart-17") == found(world, "zdenka@example.com") == []


def test_an_external_id_is_one_patients_of_a_clinic(world):
    keep(world, ADA)
    keep(world, replace(ADA, id="theirs"), OTHER_CLINIC)
    keep(world, a_patient("patient-2"))
    keep(world, a_patient("patient-3"))
    with pytest.raises(Conflict) as refusal:
        keep(world, replace(ADA, id="patient-4"))
    assert refusal.value.code == "patient.external-id-taken"


def test_external_doses_are_counted_by_saving_them(world):
    saved = keep(world, ADA)

    def dates(person: str) -> tuple[date, ...]:
        counted: tuple[date, ...] = world.attempt(OTHER_CLINIC, lambda uow: uow.exposures.of(person).dates)
        return counted

    def change(id: str, **fields: Any) -> None:
        world.attempt(CLINIC, lambda uow: uow.patients.save(replace(uow.patients.get(id), **fields)))

    assert dates(ADA.person) == (date(2026, 2, 1),)
    change(saved.id, person="another")
    assert (dates(ADA.person), dates("another")) == ((), (date(2026, 2, 1),))
    change(saved.id, external_doses=())
    assert dates("another") == ()


def test_nothing_of_a_patient_is_readable_and_no_token_is_the_same_in_two_clinics(booking):
    for clinic_id, id in ((CLINIC, "patient-1"), (OTHER_CLINIC, "theirs")):
        booking.host.sealer.create_key(clinic_id)
        keep(booking, replace(ADA, id=id), clinic_id)
    raw = b"".join(bson.encode(row) for row in booking.database["patients"].find()).decode(errors="replace")
    raw += b"".join(bson.encode(row) for row in booking.database["exposures"].find()).decode(errors="replace")
    needles = ("zdeňka", "zdenka", "østerg", "osterg", "nguye", "1980-05", "2025550143", "example.com", "kart-", "brno")
    assert [needle for needle in (*needles, "passport") if needle in raw.casefold()] == []
    ours, theirs = (set(row["tokens"]) for row in booking.database["patients"].find())
    assert len(ours) == len(theirs) > 20
    assert ours.isdisjoint(theirs)


# --- clearances -------------------------------------------------------------------------------------------------------

AT = datetime(2026, 3, 9, 13, tzinfo=UTC)
HELD = Clearance("patient-1").hold(ClinicalHold("alert-1", "mania", 4, AT)).with_measure(Measure("asrm", 6, "", AT))
WORD = Release("seen and discussed", "key-1", AT)


def test_a_clearance_comes_back_as_saved_and_says_who_is_held(world):
    def known(clinic_id: str = CLINIC) -> tuple[Clearance, frozenset[str]]:
        read: tuple[Clearance, frozenset[str]] = world.attempt(
            clinic_id, lambda uow: (uow.clearances.of("patient-1"), uow.clearances.held())
        )
        return read

    nothing: tuple[Clearance, frozenset[str]] = (Clearance("patient-1"), frozenset())
    assert known() == nothing
    saved = world.attempt(CLINIC, lambda uow: uow.clearances.save(HELD))
    assert (known(), known(OTHER_CLINIC)) == ((saved, frozenset({"patient-1"})), nothing)
    released = world.attempt(CLINIC, lambda uow: uow.clearances.save(saved.released("alert-1", WORD)))
    assert known() == (released, frozenset())


def test_why_a_clinician_released_a_hold_is_not_readable_and_who_is_held_is_found_by_index(booking):
    booking.host.sealer.create_key(CLINIC)
    saved = booking.attempt(CLINIC, lambda uow: uow.clearances.save(HELD))
    plan = booking.database["clearances"].find({"clinic_id": CLINIC, "is_held": True}).explain()
    assert plan["executionStats"]["totalKeysExamined"] == 1
    booking.attempt(CLINIC, lambda uow: uow.clearances.save(saved.released("alert-1", WORD)))
    plan = booking.database["clearances"].find({"clinic_id": CLINIC, "is_held": True}).explain()
    assert plan["executionStats"]["totalDocsExamined"] == 0
    (row,) = booking.database["clearances"].find()
    assert b"discussed" not in bson.encode(row)


# --- ten thousand patients --------------------------------------------------------------------------------------------


def crowd(booking: ThisBooking) -> None:
    """`MANY` patients, half of whom begin with "Ann", and one is called Quintessa: copies of one with other tokens."""
    booking.host.sealer.create_key(CLINIC)
    keep(booking, a_patient("patient-x", name="Zoe", phone="+12125550100"))
    (one,) = booking.database["patients"].find()
    fingerprint = partial(booking.host.sealer.fingerprints.of, f"search/{CLINIC}", length=12)
    copies = []
    for number in range(MANY):
        last = "".join(chr(ord("a") + int(digit)) for digit in f"{number:05}")
        first = "Quintessa" if number == MANY // 2 else "Annegret" if number % 2 else "Bertram"
        person = a_patient(f"patient-{number:06}", name=f"{first} {last}", phone=f"+49301{number:06}")
        copies.append({**one, "_id": person.id, "tokens": [fingerprint(term) for term in terms_of(person)]})
    booking.database["patients"].insert_many(copies)


def test_ten_thousand_patients_are_searched_by_index(booking):
    crowd(booking)
    booking.database.command("profile", 2)
    matching = {"ann": 51, "ann aaab": 5, "quint": 1, "+49 301 000 123": 1, "nobody": 0}
    for text, count in matching.items():
        assert len(found(booking, text, limit=51)) == count
        (query,) = booking.database["system.profile"].find({"op": "query", "ns": f"{booking.database.name}.patients"})
        booking.database.command("profile", 0)
        assert set(query["planSummary"].split(", IXSCAN")) <= BY_INDEX, query["planSummary"]
        assert query["docsExamined"] <= 20 + count
        booking.database["system.profile"].drop()
        booking.database.command("profile", 2)
