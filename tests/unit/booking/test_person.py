from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.booking.domain.patient.person import identity_of, words_of

BORN = date(1980, 5, 17)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada Lovelace", "LOVELACE  ada"),
        ("Zdeňka Østergård-Nguyễn", "Zdenka Nguyen Ostergard"),
        ("Anne-Marie O'Brien", "Anne Marie OBrien"),
        ("José\u00a0Groß", "jose gross"),
        ("Łukasz Đorđe Ærø", "lukasz dorde aero"),
        ("Ada Lovelace 2nd.", "Ada Lovelace nd"),
        ("Ｋａｎａ", "kana"),  # noqa: RUF001 -- full-width letters
        ("Ελένη Παπαδοπούλου", "ΕΛΕΝΗ ΠΑΠΑΔΟΠΟΥΛΟΥ"),
    ],
)
def test_two_writings_of_a_name_are_one_person(one: str, other: str):
    assert identity_of(one, BORN) == identity_of(other, BORN)


@pytest.mark.parametrize("other", ["Ada Lovelac", "Adalovelace", "Ada", "Ada Ada Lovelace", "Lovelace"])
def test_other_names_are_other_people(other: str):
    assert identity_of("Ada Lovelace", BORN) != identity_of(other, BORN)


def test_another_birth_date_is_another_person():
    assert identity_of("Ada Lovelace", BORN) != identity_of("Ada Lovelace", date(1980, 5, 18))


names = st.text(st.characters(categories=["L"]), min_size=1)


@given(names, names)
def test_order_and_case_never_count(one: str, other: str):
    assert identity_of(f"{one} {other}", BORN) == identity_of(f"{other.upper()} {one.casefold()}", BORN)


@given(st.text(min_size=1))
def test_a_name_has_words_whatever_it_is_made_of(name: str):
    assert all(words_of(name))


def test_names_without_letters_are_told_apart():
    assert identity_of("1234", BORN) != identity_of("12345", BORN)
