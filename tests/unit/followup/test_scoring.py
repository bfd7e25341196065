import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.followup.domain.scoring import Escalation, score, worrying
from shared.errors import Invalid
from tests.support.followup_builders import PHQ_9, answers_of

NONE: tuple[Escalation, ...] = ()


def item_9(value: int | None, tier: int) -> tuple[Escalation, ...]:
    return (Escalation("9", value, tier),)


@pytest.mark.parametrize(
    ("values", "total", "band", "escalation"),
    [
        ((0, 0, 0, 0, 0, 0, 0, 0, 0), 0, "minimal", NONE),
        ((0, 0, 0, 0, 0, 0, 0, 0, 1), 1, "minimal", item_9(1, 3)),
        ((1, 1, 1, 1, 0, 0, 0, 0, 0), 4, "minimal", NONE),
        ((1, 1, 1, 1, 1, 0, 0, 0, 0), 5, "mild", NONE),
        ((1, 2, 1, 2, 1, 1, 0, 0, 1), 9, "mild", item_9(1, 3)),
        ((2, 2, 2, 2, 1, 1, 0, 0, 0), 10, "moderate", NONE),
        ((2, 2, 2, 2, 2, 2, 2, 0, 0), 14, "moderate", NONE),
        ((2, 2, 2, 2, 2, 2, 2, 1, 0), 15, "moderately severe", NONE),
        ((3, 3, 3, 3, 3, 2, 2, 0, 0), 19, "moderately severe", NONE),
        ((3, 3, 3, 3, 2, 2, 2, 2, 0), 20, "severe", NONE),
        ((2, 2, 2, 2, 2, 2, 2, 1, 2), 17, "moderately severe", item_9(2, 2)),
        ((3, 3, 3, 3, 3, 3, 3, 3, 3), 27, "severe", item_9(3, 1)),
        ((3, 2, None, 2, 2, 2, 2, 2, 0), None, None, NONE),
        ((3, 2, 2, 2, 2, 2, 2, 2, None), None, None, item_9(None, 3)),
        ((None, 0, 0, 0, 0, 0, 0, 0, 3), None, None, item_9(3, 1)),
    ],
)
def test_published_answers_give_the_published_score(values, total, band, escalation):
    scored = score(PHQ_9, answers_of(values))
    assert (scored.total, scored.band, scored.escalation) == (total, band, escalation)
    assert scored.complete is (total is not None)


@pytest.mark.parametrize("value", [4, -1, 100])
def test_a_value_out_of_range_is_refused(value):
    with pytest.raises(Invalid) as refusal:
        score(PHQ_9, answers_of((value, 0, 0, 0, 0, 0, 0, 0, 0)))
    assert [(fault.code, fault.pointer) for fault in refusal.value.faults] == [("answer.out-of-range", "/answers/1")]


def test_a_tenth_item_is_refused():
    with pytest.raises(Invalid) as refusal:
        score(PHQ_9, answers_of((0,) * 10))
    assert [(fault.code, fault.pointer) for fault in refusal.value.faults] == [("answer.unknown-item", "/answers/10")]


def test_every_fault_is_named_at_once():
    with pytest.raises(Invalid) as refusal:
        PHQ_9.refuse_incomplete({"1": 4, "2": 0, "x": 1})
    assert {(fault.code, fault.pointer) for fault in refusal.value.faults} == {
        ("answer.out-of-range", "/answers/1"),
        ("answer.unknown-item", "/answers/x"),
        *(("answer.missing", f"/answers/{item}") for item in range(3, 10)),
    }


@given(st.lists(st.integers(0, 3), min_size=9, max_size=9))
def test_every_full_set_of_answers_has_a_total_and_a_band(values):
    scored = score(PHQ_9, answers_of(values))
    assert scored.total == sum(values)
    assert scored.band in {band.name for band in PHQ_9.bands}
    assert bool(scored.escalation) is (values[8] > 0)


@given(st.lists(st.none() | st.integers(0, 3), min_size=9, max_size=9))
def test_only_a_given_answer_is_worrying_never_a_blank_one(values):
    assert worrying(PHQ_9, answers_of(values)) is bool(values[8])
