from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain.backoff import LONGEST, pause_after


@pytest.mark.parametrize(("attempt", "ceiling"), [(1, 2), (2, 4), (3, 8), (9, 512), (10, 600), (50, 600)])
def test_the_pause_stays_below_a_ceiling_that_doubles_up_to_ten_minutes(attempt: int, ceiling: int):
    pauses = [pause_after(attempt, f"message-{number}") for number in range(500)]
    assert max(pauses) < timedelta(seconds=ceiling)
    assert max(pauses) > timedelta(seconds=ceiling * 0.95)
    assert min(pauses) < timedelta(seconds=ceiling * 0.05)


@given(st.integers(1, 10_000), st.text())
def test_the_same_row_and_attempt_always_pause_as_long(attempt: int, id: str):
    assert pause_after(attempt, id) == pause_after(attempt, id)
    assert timedelta() <= pause_after(attempt, id) < LONGEST
