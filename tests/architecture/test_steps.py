"""What leads from one version of what is kept to the next."""

from collections.abc import Sequence

import pytest

from shared.persistence.schema import Step
from tests.architecture.checks.tables import SERVICES, table_of


def step_faults(steps: Sequence[Step]) -> list[str]:
    """Steps that would shut out the very program that runs them, or let one in again that was shut out."""
    oldest = [0, *(step.oldest for step in steps)]
    return [
        *(f"step {number} shuts its own program out" for number, one in enumerate(oldest) if one > number),
        *(
            f"step {number} lets older programs in"
            for number in range(1, len(oldest))
            if oldest[number] < oldest[number - 1]
        ),
        *(f"step {number} does not say what it does" for number, step in enumerate(steps, 1) if not step.about),
    ]


@pytest.mark.parametrize("service", SERVICES)
def test_steps_lead_on(service):
    assert step_faults(table_of(service, "store.indexes", "STEPS")) == []


def test_steps_that_lead_nowhere_are_found():
    def a_step(oldest: int, about: str = "bakes again") -> Step:
        return Step(about, run=lambda _: None, oldest=oldest)

    assert step_faults([a_step(1), a_step(2), a_step(2)]) == []
    assert step_faults([a_step(2), a_step(0, "")]) == [
        "step 1 shuts its own program out",
        "step 2 lets older programs in",
        "step 2 does not say what it does",
    ]
