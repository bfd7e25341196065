import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.followup.domain.change import Change, change
from tests.support.followup_builders import PHQ_9


@pytest.mark.parametrize(
    ("baseline", "current", "expected"),
    [
        (20, 10, Change(10, 500, response=True, remission=False, reliable=True)),
        (20, 11, Change(9, 450, response=False, remission=False, reliable=True)),
        (20, 4, Change(16, 800, response=True, remission=True, reliable=True)),
        (18, 15, Change(3, 167, response=False, remission=False, reliable=False)),
        (15, 8, Change(7, 467, response=False, remission=False, reliable=True)),
        (15, 5, Change(10, 667, response=True, remission=False, reliable=True)),
        (10, 16, Change(-6, -600, response=False, remission=False, reliable=True)),
        (10, 15, Change(-5, -500, response=False, remission=False, reliable=False)),
        (0, 3, Change(-3, None, response=None, remission=True, reliable=False)),
    ],
)
def test_published_pairs_give_the_published_change(baseline, current, expected):
    assert change(PHQ_9.change, baseline, current) == expected


@given(st.integers(1, 27), st.integers(0, 27))
def test_response_is_decided_by_points_and_never_by_a_rounded_percentage(baseline, current):
    assert change(PHQ_9.change, baseline, current).response is (2 * current <= baseline)
