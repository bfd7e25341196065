"""When a broker has forgotten something."""

from dataclasses import replace

import pytest

from shared.messaging.kafka import Identity
from shared.messaging.relay import forgotten

KNOWN = Identity("cluster", "topic", {0: 5, 1: 0})


@pytest.mark.parametrize(
    "found",
    [
        replace(KNOWN, cluster_id="other"),
        replace(KNOWN, topic_id="other"),
        replace(KNOWN, ends={0: 4, 1: 9}),
        replace(KNOWN, ends={1: 0}),
    ],
    ids=["cluster", "topic", "shorter", "partition gone"],
)
def test_a_broker_that_is_another_or_shorter_has_forgotten(found: Identity) -> None:
    assert forgotten(KNOWN, found)


@pytest.mark.parametrize("ends", [{0: 5, 1: 0}, {0: 6, 1: 1}, {0: 5, 1: 0, 2: 0}])
def test_a_broker_that_goes_on_has_forgotten_nothing(ends: dict[int, int]) -> None:
    assert not forgotten(KNOWN, replace(KNOWN, ends=ends))
