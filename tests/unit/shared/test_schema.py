"""Which programs may work on what was kept by which."""

import pytest

from shared.persistence.schema import Step, too_new


def a_step(oldest: int) -> Step:
    return Step("bakes again", run=lambda _: None, oldest=oldest)


STEPS = [a_step(0), a_step(0)]
"""Of a program of version 2."""


@pytest.mark.parametrize("found", [None, {"version": 0, "oldest": 0}, {"version": 2, "oldest": 2}])
def test_what_was_kept_before_is_known(found):
    assert too_new(found, STEPS) == ""


def test_what_was_only_added_to_later_is_known_too():
    assert too_new({"version": 9, "oldest": 2}, STEPS) == ""


def test_what_something_was_taken_from_later_is_not():
    assert "version 9" in (said := too_new({"version": 9, "oldest": 3}, STEPS))
    assert "before version 3" in said
