"""Laws that hold for every instrument, whatever stands in its file."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.followup.domain.instrument import FOR_THE_PATIENT, Instrument
from services.followup.domain.scoring import help_called_for, score
from tests.support.followup_instruments import LIBRARY, the

ALL = sorted(instrument.id for instrument in LIBRARY.instruments)
WITH_PARTS = {"pcl-5", "oci-r", "y-bocs"}
"""Instruments whose subscales divide the items of the total among them."""


def every_item(instrument: Instrument) -> st.SearchStrategy[dict[str, int]]:
    """A value for each item, on all branches."""
    return st.fixed_dictionaries({item.id: st.integers(item.lowest, item.highest) for item in instrument.items})


def reach(instrument: Instrument) -> range:
    if instrument.total is None:
        return range(len(instrument.levels))
    items = [item for item in instrument.items if item.id in instrument.total.items]
    return range(sum(item.lowest for item in items), sum(item.highest for item in items) + 1)


def names(instrument: Instrument) -> set[str | None]:
    bands = instrument.total.bands if instrument.total else ()
    named: set[str | None] = {level.name for level in instrument.levels}
    return named | {band.name for band in bands} or {None}


def test_all_fifteen_are_here_the_cadss_in_two_lengths():
    assert set(ALL) >= {
        *("phq-9", "gad-7", "pcl-5", "oci-r", "y-bocs", "peg", "bpi-sf", "mdq", "asrm", "bsl-23", "c-ssrs"),
        *("cadss-6", "cadss-23", "audit-c", "dast-10", "pc-ptsd-5"),
    }


@pytest.mark.parametrize("id", ALL)
@given(data=st.data())
def test_a_full_set_of_answers_has_a_score_within_range(id, data):
    instrument = the(id)
    path = instrument.on_path(data.draw(every_item(instrument)))
    instrument.refuse_incomplete(path)
    found = score(instrument, path)
    assert found.complete
    if instrument.total or instrument.levels:
        assert found.total in reach(instrument)
        assert found.band in names(instrument)
    for points, scale in zip(found.subscales, instrument.subscales, strict=True):
        assert points.points in reach(replace(instrument, total=scale))


@pytest.mark.parametrize("id", ALL)
@given(data=st.data())
def test_more_of_an_item_never_lowers_the_score(id, data):
    instrument = the(id)
    less = data.draw(every_item(instrument))
    item = data.draw(st.sampled_from(instrument.items))
    more = {**less, item.id: data.draw(st.integers(less[item.id], item.highest))}
    lower, higher = (more, less) if item.reversed else (less, more)
    before, after = score(instrument, lower), score(instrument, higher)
    assert (before.total or 0) <= (after.total or 0)
    assert help_called_for(instrument, less) <= help_called_for(instrument, more)
    for one, other in zip(before.subscales, after.subscales, strict=True):
        assert one.points <= other.points


@pytest.mark.parametrize("id", ALL)
def test_bands_cover_every_total_exactly_once(id):
    instrument = the(id)
    for scale in instrument.scales:
        for points in reach(replace(instrument, total=scale)):
            named = [band.name for band in scale.bands if band.lowest <= points <= band.highest]
            assert len(named) == bool(scale.bands), (scale.id, points)


@pytest.mark.parametrize("id", ALL)
@given(data=st.data())
def test_subscales_that_share_out_the_items_add_up_to_the_total(id, data):
    instrument = the(id)
    parts = sorted(item for scale in instrument.subscales for item in scale.items)
    shares_out = instrument.total is not None and parts == sorted(instrument.total.items)
    assert shares_out is (id in WITH_PARTS)
    found = score(instrument, data.draw(every_item(instrument)))
    if shares_out:
        assert sum(each.points for each in found.subscales) == found.total


@pytest.mark.parametrize("id", ALL)
@given(data=st.data())
def test_without_an_answer_that_is_needed_there_is_no_score(id, data):
    instrument = the(id)
    path = instrument.on_path(data.draw(every_item(instrument)))
    gone = data.draw(st.sets(st.sampled_from(sorted(path)), min_size=1))
    some = {item: value for item, value in path.items() if item not in gone}
    found = score(instrument, some)
    assert found.complete is not bool(instrument.blank(some))
    if not found.complete:
        assert (found.total, found.band, found.subscales, found.findings) == (None, None, (), ())


@pytest.mark.parametrize("id", ALL)
@given(data=st.data())
def test_answers_score_the_same_in_any_order(id, data):
    instrument = the(id)
    answers = data.draw(every_item(instrument))
    shuffled = dict(data.draw(st.permutations(sorted(answers.items()))))
    assert score(instrument, shuffled) == score(instrument, answers)


@pytest.mark.parametrize("id", ALL)
@given(data=st.data())
def test_what_calls_for_help_in_a_full_set_of_answers_reaches_a_person(id, data):
    instrument = the(id)
    path = instrument.on_path(data.draw(every_item(instrument)))
    silent = {watched.item for watched in instrument.escalating if watched.help == "none"}
    tiers = [each.tier for each in score(instrument, path).escalation if each.item not in silent]
    assert bool(help_called_for(instrument, path)) is any(tier <= FOR_THE_PATIENT for tier in tiers)


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
