"""What must stand in the file of every instrument; the laws of their scores are in `tests/laws/followup`."""

import pytest

from services.followup.domain.instrument import FOR_THE_PATIENT
from tests.support.followup_instruments import LIBRARY, the

ALL = sorted(instrument.id for instrument in LIBRARY.instruments)


def test_all_fifteen_are_here_the_cadss_in_two_lengths():
    assert set(ALL) >= {
        *("phq-9", "gad-7", "pcl-5", "oci-r", "y-bocs", "peg", "bpi-sf", "mdq", "asrm", "bsl-23", "c-ssrs"),
        *("cadss-6", "cadss-23", "audit-c", "dast-10", "pc-ptsd-5"),
    }


@pytest.mark.parametrize("id", ["phq-9", "c-ssrs", "bsl-23"])
def test_what_asks_about_suicide_needs_a_crisis_line_and_puts_help_first(id):
    assert the(id).needs_crisis_line
    assert any(tier <= FOR_THE_PATIENT for watched in the(id).escalating for tier in watched.tiers.values())


@pytest.mark.parametrize("id", ALL)
def test_whatever_is_called_loinc_looks_like_it(id):
    instrument = the(id)
    codes = [instrument.codes.panel, instrument.codes.score, *(item.code for item in instrument.items)]
    for code in filter(None, codes):
        digits, _, check = code.partition("-")
        assert _luhn(digits) == int(check), code


def _luhn(digits: str) -> int:
    """The check digit that LOINC codes carry (mod 10)."""
    doubled = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits))]
    return -sum(each // 10 + each % 10 for each in doubled) % 10


def test_the_check_digit_of_loinc_is_computed_as_published():
    assert (_luhn("44249"), _luhn("44261")) == (1, 6)
