"""A bakery: one service that tells (cakes) and one that hears (the shop's shelf), to try the platform's code on.

Also a program, for what must be killed: `python -m tests.integration.shared.bakery relay|hear <json>`.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pymongo.database import Database

from deploy.local.waiting import wait_until
from shared.envelope import Envelope
from shared.errors import PoisonMessage
from shared.failpoints import Failpoint
from shared.ids import new_id
from shared.messaging.consumer import Consumer
from shared.messaging.inbox import Guard, Inbox
from shared.messaging.kafka import Broker
from shared.messaging.relay import Relay
from shared.persistence.documents import Documents
from shared.persistence.mongo import PLATFORM_INDEXES, connect, create_indexes, database, outbox_index
from shared.persistence.unit_of_work import Cause, Change, Insert, Unit, with_data
from shared.stop import Stop

REPOSITORY = Path(__file__).parents[3]
LAYERED = "cake.layered.v1"
CLINIC = "clinic-1"
QUICK_GROUP = {"session_timeout_ms": 6000, "heartbeat_interval_ms": 500}
DB = Database[dict[str, Any]]
Program = Callable[..., "subprocess.Popen[bytes]"]


@dataclass(frozen=True)
class Cake:
    id: str
    version: int
    layers: int


def soon(condition: Callable[[], object], within: float = 20.0) -> None:
    assert wait_until(lambda: bool(condition()), within=within, every=0.02), "it did not happen in time"


@contextmanager
def running(*loops: Callable[[Stop], object]) -> Iterator[Stop]:
    """Each loop in a thread of its own, until the block ends; what one of them raised is raised here."""
    stop = Stop()
    raised: list[BaseException] = []

    def run(loop: Callable[[Stop], object]) -> None:
        try:
            loop(stop)
        except BaseException as error:  # noqa: BLE001 - handed over to the test
            raised.append(error)

    threads = [threading.Thread(target=run, args=(loop,)) for loop in loops]
    for thread in threads:
        thread.start()
    try:
        yield stop
    finally:
        stop.ask()
        for thread in threads:
            thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    if raised:
        raise raised[0]


def a_unit(where: DB, clinic_id: str = CLINIC) -> Unit:
    return Unit(
        where,
        source="bakery",
        clinic_id=clinic_id,
        now=datetime.now(UTC),  # noqa: TID251 - real time, to measure with
        new_id=new_id,
        cause=Cause("c", "c", ""),
        tell=lambda event, envelope: with_data(envelope, LAYERED, event),
    )


class Bakery:
    """Tells: every layer laid on a cake."""

    def __init__(self, where: DB) -> None:
        self.database = where
        create_indexes(where, [*PLATFORM_INDEXES, outbox_index("cakes")])

    def bake(self, cake_id: str, layers: int = 1, *, clinic_id: str = CLINIC, note: str = "") -> None:
        for _ in range(layers):
            unit = a_unit(self.database, clinic_id)
            cakes = Documents(
                unit, "cakes", kind="cake", to_document=lambda cake: vars(cake).copy(), from_document=_cake
            )
            cake = cakes.find_one({"_id": cake_id}) or Cake(cake_id, 0, 0)
            cakes.save(replace(cake, layers=cake.layers + 1), [{"layers": cake.layers + 1, "note": note}])
            unit.commit()

    def bake_in_turn(self, cakes: int, layers: int) -> None:
        for number in range(layers):
            self.bake(f"{number % cakes}")

    def has_told(self, least: int) -> bool:
        return self.events("sent") >= least

    def events(self, state: str) -> int:
        return self.database["events"].count_documents({"state": state})


class Shop:
    """Hears: keeps for each cake the layers in the order in which their effects were committed."""

    def __init__(self, where: DB, **options: Any) -> None:
        self.database = where
        self.broken: set[str] = set()
        self.fault: Exception = RuntimeError("no such flavour")
        create_indexes(where, PLATFORM_INDEXES)
        for name in ("heard", "shelf"):
            where[name].find_one()
        self.inbox = Inbox(where, apply=self.shelve, handled={LAYERED}, validate=_validate, **options)

    def shelve(self, envelope: Envelope, guard: Guard) -> None:
        if envelope.subject in self.broken:
            raise self.fault
        unit = a_unit(self.database, envelope.clinic_id)
        unit.write(self._effect(envelope))
        unit.write(guard, first=True)
        unit.commit()

    def shelf(self) -> dict[str, list[int]]:
        return {row["_id"]: row["layers"] for row in self.database["shelf"].find()}

    def outcome_of(self, cake_id: str) -> list[int]:
        return self.shelf().get(f"cake/{cake_id}", [])

    def _effect(self, envelope: Envelope) -> Insert | Change:
        layer = envelope.data["layers"]
        if envelope.seq == 1:
            return Insert("shelf", {"_id": envelope.subject, "layers": [layer]})
        return Change("shelf", {"_id": envelope.subject}, {"$push": {"layers": layer}})


def _cake(document: dict[str, Any]) -> Cake:
    return Cake(document["id"], document["version"], document["layers"])


def _validate(envelope: Envelope) -> None:
    if "layers" not in envelope.data:
        raise PoisonMessage("layers: missing")


def a_relay(bakery: Bakery, bootstrap: str, topic: str, **options: Any) -> Relay:
    return Relay(bakery.database, ["cakes"], Broker(bootstrap, partitions=4), topic, **options)


def a_consumer(bootstrap: str, topic: str, **options: Any) -> Consumer:
    return Consumer(Broker(bootstrap, partitions=4), f"{topic}-shop", [topic], **options)


def main(role: str, mongo_url: str, namespace: str, bootstrap: str, failpoint: str) -> None:
    stop = Stop.on_signals()
    client = connect(mongo_url)
    if role == "relay":
        bakery = Bakery(database(client, namespace, "bakery"))
        a_relay(bakery, bootstrap, namespace, failpoint=Failpoint(failpoint), lease_seconds=2).run(stop)
    else:
        shop = Shop(database(client, namespace, "shop"))
        a_consumer(bootstrap, namespace, failpoint=Failpoint(failpoint), options=QUICK_GROUP).run(shop.inbox.hear, stop)


if __name__ == "__main__":
    main(sys.argv[1], **json.loads(sys.argv[2]))
