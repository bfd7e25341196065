"""What tests without servers have in common: no I/O, and no waiting before what is tried again."""

from collections.abc import Iterator

import pytest
import stamina


@pytest.fixture(autouse=True)
def no_sockets(socket_disabled: None) -> None:
    """Unit tests do no I/O."""


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    """What is tried again is tried again at once, as often as it would be."""
    with stamina.set_testing(True, attempts=100, cap=True):
        yield
