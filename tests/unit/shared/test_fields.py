import re
from datetime import time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from shared.http.fields import LOCALES, EmailAddress, Phone, Seconds, Text, WallTime, Zone, country, locale
from shared.localtime import is_zone


def refused(field, value) -> bool:
    try:
        field.deserialize(value)
    except ValidationError:
        return True
    return False


@given(st.text())
def test_text_is_printable_trimmed_and_bounded(text):
    field = Text(20)
    if refused(field, text):
        assert not 1 <= len(text.strip()) <= 20 or not text.strip().isprintable()
    else:
        kept = field.deserialize(text)
        assert kept == kept.strip()
        assert 1 <= len(kept) <= 20
        assert kept.isprintable()


@pytest.mark.parametrize("text", ["", "   ", "a\nb", "a\x00b", "a\u202eb", "x" * 21, None, 5, ["a"], True])
def test_what_is_no_line_of_text_is_refused(text):
    assert refused(Text(20), text)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("+12125550100", "+12125550100"),
        (" +1 (212) 555-0100 ", "+12125550100"),
        ("+49 30 901820", "+4930901820"),
        ("+61 2 9876 5432", "+61298765432"),
    ],
)
def test_a_phone_number_is_kept_as_e164(said, kept):
    assert Phone().deserialize(said) == kept


@pytest.mark.parametrize(
    "said", ["212 555 0100", "+1", "+999123456789", "phone", "", "+1212555010000000", "++1", 12125550100]
)
def test_what_is_no_international_number_is_refused(said):
    assert refused(Phone(), said)


@given(st.text(max_size=40))
def test_whatever_is_taken_for_a_phone_number_is_e164(said):
    if not refused(Phone(), said):
        assert re.fullmatch(r"\+[1-9]\d{1,14}", Phone().deserialize(said))


@pytest.mark.parametrize(
    ("said", "kept"), [("ada@example.com", "ada@example.com"), (" Ada@EXAMPLE.com ", "Ada@example.com")]
)
def test_an_email_address_is_normalised(said, kept):
    assert EmailAddress().deserialize(said) == kept


@pytest.mark.parametrize(
    "said",
    ["ada", "ada@", "@example.com", "ada@localhost", "a b@example.com", "ada@example..com", "x" * 250 + "@e.com"],
)
def test_what_is_no_email_address_is_refused(said):
    assert refused(EmailAddress(), said)


def test_a_zone_is_one_that_this_installation_knows():
    assert Zone().deserialize("America/New_York") == "America/New_York"
    for said in ("america/new_york", "EST5", "Mars/Base", "", "../../etc/localtime"):
        assert refused(Zone(), said) or is_zone(said)
    assert refused(Zone(), "Mars/Base")


@pytest.mark.parametrize(("said", "wall"), [("21:00", time(21)), ("00:00", time()), ("08:59", time(8, 59))])
def test_a_wall_time_is_hours_and_minutes(said, wall):
    assert WallTime().deserialize(said) == wall
    assert WallTime().serialize("at", {"at": wall}) == said


@pytest.mark.parametrize("said", ["24:00", "8:00", "21:60", "21:00:00", "21:00Z", "2100", "", None, 21, "21:00\n"])
def test_what_is_no_wall_time_is_refused(said):
    assert refused(WallTime(), said)


def test_no_wall_time_stays_none():
    assert WallTime().serialize("at", {"at": None}) is None
    assert WallTime(allow_none=True).deserialize(None) is None


@pytest.mark.parametrize("said", ["us", "USA", "", "U1", "US\n", None])
def test_a_country_is_two_capitals(said):
    assert country().deserialize("US") == "US"
    assert refused(country(), said)


def test_a_locale_is_one_that_patients_are_written_to_in():
    assert [locale().deserialize(name) for name in LOCALES] == list(LOCALES)
    assert all(refused(locale(), said) for said in ("fr", "EN", "en-US", ""))


def test_a_length_of_time_is_one_that_can_be():
    assert Seconds().deserialize(90) == timedelta(seconds=90)
    assert all(refused(Seconds(), said) for said in ("x", None, 10**30, int("9" * 4000), float("nan")))
