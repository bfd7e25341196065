from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.booking.domain.patient.patient import Patient
from services.booking.domain.patient.search import terms_of, wanted
from services.booking.operations.patient import ChangePatient, ListPatients, change_patient, list_patients
from shared.errors import Invalid
from tests.support.booking_builders import CLINIC, a_patient, a_world

ADA = a_patient(
    name="Zdeňka Østergård-Nguyễn", phone="+49301234567", email="Ada.L@example.com", external_id="Kart-17/b"
)


def finds(text: str, patient: Patient = ADA) -> bool:
    return any(terms <= terms_of(patient) for terms in wanted(text))


@pytest.mark.parametrize(
    "text",
    [
        "zdenka", "ZD", "Zdeňka Øst", "nguyen zden", "østergård", "ostergard-nguyen", " ost  ng ",
        "+49301234567", "+49 30 123 45 67", "0049 30 1234567", "030 1234567", "(030) 123-4567", "+49 (0)30 1234567",
        "1234567", "30/1234567", "234567",
        "ada.l@example.com", "ADA.L@EXAMPLE.COM ",
        "Kart-17/b", "kart 17 B", "KART17B",
    ],
)  # fmt: skip
def test_a_patient_is_found_by(text: str):
    assert finds(text)


@pytest.mark.parametrize(
    "text",
    [
        "adam", "enka", "zdenka x1", "zdenka ostergart", "zdenkaa", "nguyen nguyenova",
        "+49301234568", "34567", "0301234", "+1301234567",
        "ada@example.com", "ada.l@example.co", "example.com",
        "kart-17", "17",
    ],
)  # fmt: skip
def test_a_patient_is_not_found_by(text: str):
    assert not finds(text)


@pytest.mark.parametrize("text", ["z", "zdenka o", "ø"])
def test_a_letter_alone_finds_nobody_and_says_so(text: str):
    with pytest.raises(Invalid) as refusal:
        wanted(text)
    assert refusal.value.faults[0].pointer == "/query/search"


def test_one_sign_of_another_script_is_enough():
    assert finds("李", replace(ADA, name="李小龍"))
    assert finds("Μ", replace(ADA, name="Μαρία"))  # noqa: RUF001


def test_of_long_words_the_begin_counts():
    assert finds("wolfeschlegelsteinhausen", replace(ADA, name="Wolfeschlegelsteinhausenbergerdorff"))
    assert max(map(len, terms_of(replace(ADA, name="x" * 100, phone=None, email=None)))) <= len("name:") + 12


def test_terms_are_few_however_long_the_name():
    assert len(terms_of(replace(ADA, name=" ".join(["abcdefghijklmnop"[n:] + "q" * 12 for n in range(8)])))) < 200


names = st.text(st.characters(categories=["L"], max_codepoint=0x24F), min_size=2, max_size=20)


@given(names, names, st.data())
def test_whoever_is_called_so_is_found_by_the_begins(first: str, last: str, data: Any):
    patient = replace(ADA, name=f"{first} {last}")
    begin = last[: data.draw(st.integers(2, len(last)))]
    assert finds(f"{begin.upper()} {first.lower()}", patient)


def test_a_new_name_is_found_and_the_old_one_is_not_any_more():
    world = a_world()
    world.run(CLINIC, change_patient, ChangePatient("patient-1", 1, {"name": "Grace Hopper"}))

    def found(text: str) -> list[str]:
        page = world.run(CLINIC, list_patients, ListPatients(9, None, search=text))
        return [patient.id for patient in page.items]

    assert found("hop") == ["patient-1"]
    assert found("ada") == ["patient-2"]
