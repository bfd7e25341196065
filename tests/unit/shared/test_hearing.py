from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.envelope import Envelope
from shared.errors import Contended, RuleBroken
from shared.messaging.hearing import Heard, Hearing, command_of
from shared.messaging.inbox import guard
from shared.persistence.unit_of_work import Unit
from shared.persistence.units import Units
from tests.support.memory_database import MemoryDatabase
from tests.support.small_bakery import CLINIC, NOW, BakeryUnitOfWork, Cake, told

BAKED = Envelope(
    id="event-1",
    type="cake.baked.v1",
    source="oven",
    subject="cake/cake-1",
    seq=1,
    time=datetime(2026, 3, 7, 8, tzinfo=UTC),
    clinic_id=CLINIC,
    correlation_id="correlation",
    causation_id="request",
    traceparent="",
    data={"flavour": "plum", "brand_new": 1},
)


@dataclass(frozen=True)
class ShelveCake:
    cake_id: str
    flavour: str
    told_at: datetime


def shelve_cake(uow: Any, command: ShelveCake) -> None:
    if command.flavour == "mud":
        raise RuleBroken("cake.refused", "Not that.")
    uow.cakes.save(Cake(command.cake_id, command.flavour), [{"shelved": command.cake_id}])


class Shop:
    """A service that hears, and how often another writer is to be faster."""

    def __init__(self, faster: int = 0) -> None:
        self.database = MemoryDatabase()
        self.tried = 0
        self._faster = faster
        self._units = Units(
            self.database.as_database(), source="shop", clock=lambda: NOW, tell=told, make=self._unit_of_work
        )
        self.apply = Hearing(self._units, {"cake.baked.v1": Heard(ShelveCake, shelve_cake)})

    def hear(self, envelope: Envelope) -> None:
        self.apply(envelope, guard(envelope))

    def shelf(self) -> dict[str, str]:
        return {cake["_id"]: cake["flavour"] for cake in self.database.documents("cakes")}

    def _unit_of_work(self, unit: Unit) -> BakeryUnitOfWork:
        self.tried += 1
        if self.tried <= self._faster:
            raise Contended("somebody was faster")
        return BakeryUnitOfWork(unit)


def test_the_command_is_filled_from_data_subject_and_time():
    assert command_of(ShelveCake, BAKED) == ShelveCake("cake-1", "plum", BAKED.time)


def test_a_missing_field_raises():
    with pytest.raises(Exception, match="ShelveCake"):
        command_of(ShelveCake, replace(BAKED, data={}))


def test_the_effect_and_the_guard_are_written_together():
    shop = Shop()
    shop.hear(BAKED)
    assert shop.shelf() == {"cake-1": "plum"}
    assert shop.database.documents("heard") == [{"_id": "oven/cake/cake-1", "clinic_id": CLINIC, "seq": 1}]
    assert shop.database.sessions == 1


def test_what_is_told_because_of_it_names_it_as_the_cause():
    shop = Shop()
    shop.hear(BAKED)
    (entry,) = shop.database.documents("cakes")[0]["outbox"]
    assert (entry["correlation_id"], entry["causation_id"], entry["source"]) == ("correlation", "event-1", "shop")


def test_an_event_heard_before_writes_nothing():
    shop = Shop()
    shop.hear(BAKED)
    with pytest.raises(Contended):
        shop.hear(replace(BAKED, data={"flavour": "apple"}))
    assert shop.shelf() == {"cake-1": "plum"}


def test_a_refusal_leaves_no_guard_behind():
    shop = Shop()
    with pytest.raises(RuleBroken):
        shop.hear(replace(BAKED, data={"flavour": "mud"}))
    assert shop.database.documents("heard") == []


def test_contention_is_decided_again():
    shop = Shop(faster=2)
    shop.hear(BAKED)
    assert (shop.tried, shop.shelf()) == (3, {"cake-1": "plum"})


def test_a_type_without_a_handler_only_moves_the_guard():
    shop = Shop()
    shop.hear(replace(BAKED, type="cake.praised.v1"))
    assert shop.shelf() == {}
    assert shop.database.documents("heard")[0]["seq"] == 1
