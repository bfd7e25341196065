"""Private links and the year of birth behind them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.private_link import WRONG_YEARS_ALLOWED, Factor, digest, fits, new_link

GIVEN = digest("pass")


def test_a_link_holds_its_token_and_only_its_digest_is_kept():
    link = new_link("https://care.example/", "/bakery/c/", "token")
    assert link.url == "https://care.example/bakery/c/token"
    assert link.digest == digest("token")
    assert "token" not in link.digest


@given(st.text(), st.text())
def test_a_digest_fits_its_own_token_only(token, other):
    assert fits(token, digest(token))
    assert fits(other, digest(token)) == (other == token)


def test_an_empty_digest_fits_nothing():
    assert not fits("", "")
    assert not Factor().admits("")


def test_the_right_year_gives_a_pass_and_forgets_wrong_ones():
    proven = Factor(wrong_years=3).prove(1980, born_in=1980, pass_digest=GIVEN)
    assert proven == Factor(GIVEN)
    assert proven.admits("pass")


def test_a_wrong_year_is_counted_and_takes_no_pass_away():
    guessed = Factor(GIVEN).prove(1979, born_in=1980, pass_digest=digest("another"))
    assert guessed == Factor(GIVEN, 1)


@pytest.mark.parametrize("wrong", range(WRONG_YEARS_ALLOWED + 2))
def test_it_is_locked_after_so_many_wrong_years(wrong):
    assert Factor(wrong_years=wrong).is_locked == (wrong >= WRONG_YEARS_ALLOWED)
