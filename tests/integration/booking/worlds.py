"""One operation on booking's stores, in memory or on a real database: the same tests hold for both."""

from collections.abc import Callable
from typing import Any, Protocol

from tests.support.booking_builders import a_world
from tests.support.booking_fakes import FakeBooking


class World(Protocol):
    """Runs an operation in one unit of a clinic, one commit."""

    def attempt(self, clinic_id: str, operation: Callable[[Any], Any]) -> Any: ...


class Fake:
    """In memory."""

    def __init__(self) -> None:
        self.world = FakeBooking(a_world().now)

    def attempt(self, clinic_id: str, operation: Callable[[Any], Any]) -> Any:
        unit = self.world.unit(clinic_id)
        result = operation(unit)
        unit.commit()
        return result
