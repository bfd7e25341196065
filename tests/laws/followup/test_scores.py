"""What holds of every shipped instrument: scores stay in range, more is never less, every score has one band."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.followup.domain.instrument import FOR_THE_PATIENT, Instrument, Item, Scale
from services.followup.domain.scoring import Score, help_called_for, score
from tests.support.followup_instruments import LIBRARY

EVERY = {instrument.id: instrument for instrument in LIBRARY.instruments}
COUNTED = {id: each for id, each in EVERY.items() if each.total or each.levels}
SCALES = [(instrument, scale) for instrument in EVERY.values() for scale in instrument.scales]
BANDED = [(instrument, scale) for instrument, scale in SCALES if scale.bands]
WITH_PARTS = {"pcl-5", "oci-r", "y-bocs"}
"""Instruments whose subscales divide the items of the total among them."""


def all_answers(instrument: Instrument) -> st.SearchStrategy[dict[str, int]]:
    """An answer to every item, also on branches that the others do not lead to."""
    return st.fixed_dictionaries({item.id: st.integers(item.lowest, item.highest) for item in instrument.items})


def reach(instrument: Instrument, scale: Scale) -> range:
    items = [item for item in instrument.items if item.id in scale.items]
    return range(sum(item.lowest for item in items), sum(item.highest for item in items) + 1)


def worse(item: Item, value: int) -> int | None:
    """The next answer that gives more points, if there is one."""
    after = value - 1 if item.reversed else value + 1
    return after if item.lowest <= after <= item.highest else None


def total(found: Score) -> int:
    assert found.total is not None
    return found.total


def urgency(found: Score) -> dict[str, int]:
    return {each.item: each.tier for each in found.escalation}


@pytest.mark.parametrize("id", COUNTED)
@given(data=st.data())
def test_a_score_stays_in_its_range(id, data):
    instrument = COUNTED[id]
    found = score(instrument, data.draw(all_answers(instrument)))
    assert found.complete
    legal = reach(instrument, instrument.total) if instrument.total else range(len(instrument.levels))
    assert found.total in legal
    for points, scale in zip(found.subscales, instrument.subscales, strict=True):
        assert points.points in reach(instrument, scale)


@pytest.mark.parametrize("id", COUNTED)
@given(data=st.data())
def test_more_of_a_symptom_is_never_a_lower_score_and_never_less_urgent(id, data):
    instrument = COUNTED[id]
    answers = data.draw(all_answers(instrument))
    item = data.draw(st.sampled_from(instrument.items))
    if (raised := worse(item, answers[item.id])) is None:
        return
    before, after = score(instrument, answers), score(instrument, {**answers, item.id: raised})
    assert total(before) <= total(after)
    assert all(a.points <= b.points for a, b in zip(before.subscales, after.subscales, strict=True))
    assert set(before.findings) <= set(after.findings)
    assert all(urgency(after).get(name, 9) <= tier for name, tier in urgency(before).items())
    assert help_called_for(instrument, answers) <= help_called_for(instrument, {**answers, item.id: raised})


@pytest.mark.parametrize("id", [id for id, each in EVERY.items() if any(scale.may_lack for scale in each.scales)])
@given(data=st.data())
def test_blanks_that_are_made_up_for_keep_the_score_in_range(id, data):
    instrument = EVERY[id]
    answers = data.draw(all_answers(instrument))
    spared = data.draw(st.sets(st.sampled_from([name for scale in instrument.scales for name in scale.items])))
    found = score(instrument, {name: value for name, value in answers.items() if name not in spared})
    for points, scale in zip(found.subscales, instrument.subscales, strict=found.complete):
        assert points.points in reach(instrument, scale)


@given(answers=all_answers(EVERY["phq-9"]), blank=st.sets(st.sampled_from([str(item) for item in range(1, 10)])))
def test_item_9_is_never_made_up_for_however_lenient_the_clinic(answers, blank):
    phq_9 = EVERY["phq-9"]
    assert phq_9.total is not None
    lenient = replace(phq_9, total=replace(phq_9.total, may_lack=8))
    found = score(lenient, {name: value for name, value in answers.items() if name not in blank})
    assert found.complete is ("9" not in blank and len(blank) < len(answers))


@pytest.mark.parametrize(("instrument", "scale"), BANDED, ids=[f"{each.id} {scale.id}" for each, scale in BANDED])
def test_every_number_of_points_has_exactly_one_band(instrument, scale):
    for points in reach(instrument, scale):
        assert len([band for band in scale.bands if band.lowest <= points <= band.highest]) == 1


@pytest.mark.parametrize(("instrument", "scale"), BANDED, ids=[f"{each.id} {scale.id}" for each, scale in BANDED])
def test_bands_follow_each_other_without_a_gap_from_the_lowest_to_the_highest(instrument, scale):
    numbers = [number for band in scale.bands for number in range(band.lowest, band.highest + 1)]
    assert numbers == list(reach(instrument, scale))


@pytest.mark.parametrize("id", COUNTED)
@given(data=st.data())
def test_one_answer_that_is_missing_leaves_no_total_unless_the_file_says_so(id, data):
    instrument = COUNTED[id]
    answers = data.draw(all_answers(instrument))
    gone = data.draw(st.sampled_from(sorted(answers)))
    left = {name: value for name, value in answers.items() if name != gone}
    asked = {item.id for item in instrument.asked(left)}
    spare = {name for scale in instrument.scales if scale.may_lack for name in scale.items}
    assert score(instrument, left).complete is (gone not in asked or gone in spare)


@pytest.mark.parametrize("id", EVERY)
@given(data=st.data())
def test_subscales_that_share_out_the_items_add_up_to_the_total(id, data):
    instrument = EVERY[id]
    parts = sorted(item for scale in instrument.subscales for item in scale.items)
    shares_out = instrument.total is not None and parts == sorted(instrument.total.items)
    assert shares_out is (id in WITH_PARTS)
    found = score(instrument, data.draw(all_answers(instrument)))
    if shares_out:
        assert sum(each.points for each in found.subscales) == found.total


@pytest.mark.parametrize("id", EVERY)
@given(data=st.data())
def test_without_an_answer_that_is_needed_there_is_no_score(id, data):
    instrument = EVERY[id]
    path = instrument.on_path(data.draw(all_answers(instrument)))
    gone = data.draw(st.sets(st.sampled_from(sorted(path)), min_size=1))
    some = {item: value for item, value in path.items() if item not in gone}
    found = score(instrument, some)
    assert found.complete is not bool(instrument.blank(some))
    if not found.complete:
        assert (found.total, found.band, found.subscales, found.findings) == (None, None, (), ())


@pytest.mark.parametrize("id", EVERY)
@given(data=st.data())
def test_answers_score_the_same_in_any_order(id, data):
    instrument = EVERY[id]
    answers = data.draw(all_answers(instrument))
    shuffled = dict(data.draw(st.permutations(sorted(answers.items()))))
    assert score(instrument, shuffled) == score(instrument, answers)


@pytest.mark.parametrize("id", EVERY)
@given(data=st.data())
def test_what_calls_for_help_in_a_full_set_of_answers_reaches_a_person(id, data):
    instrument = EVERY[id]
    path = instrument.on_path(data.draw(all_answers(instrument)))
    silent = {watched.item for watched in instrument.escalating if watched.help == "none"}
    tiers = [each.tier for each in score(instrument, path).escalation if each.item not in silent]
    assert bool(help_called_for(instrument, path)) is any(tier <= FOR_THE_PATIENT for tier in tiers)
