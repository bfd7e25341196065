from datetime import timedelta

import pytest

from shared.process.doctor import State, clock_finding


@pytest.mark.parametrize(
    ("seconds", "state"),
    [(0.0, State.WELL), (1.0, State.WELL), (1.5, State.WARNING), (5.0, State.WARNING), (5.1, State.FAULT)],
)
def test_a_clock_that_is_off_is_noted_and_then_a_fault(seconds, state):
    finding = clock_finding(timedelta(seconds=seconds))
    assert (finding.state, finding.says) == (state, f"{seconds:.1f} s from the database's")
    assert bool(finding.mend) == (state is not State.WELL)
