"""Records that a hearer must set aside: events before which one is missing, and what is no event at all."""

from datetime import UTC, datetime
from typing import Any, Final

from kafka import KafkaProducer

from shared.envelope import Envelope, to_wire
from shared.ids import new_id
from tests.e2e.town import Town, eventually, ok

TOLD_BY: Final = "booking"
HEARD_BY: Final = "notify"


def operations(rest: str, service: str = HEARD_BY) -> str:
    return f"/{service}/v1/operations/{rest}"


def hold_events(town: Town, count: int) -> list[str]:
    """So many events that wait for their predecessors in notify; their ids."""
    events = [_second_event() for _ in range(count)]
    _tell(town, [to_wire(event) for event in events])
    ids = {event.id for event in events}
    eventually(lambda: ids <= {row["id"] for row in listed(town, "held")}, "holding the events")
    return sorted(ids)


def spoil_records(town: Town, count: int) -> list[str]:
    """So many records in booking's topic that nobody can read; their ids in notify."""
    known = {row["id"] for row in listed(town, "poison")}
    _tell(town, [(f"spoiled {new_id()}".encode(), b"{no event", []) for _ in range(count)])

    def fresh() -> set[str]:
        found = {row["id"] for row in listed(town, "poison")} - known
        return found if len(found) >= count else set()

    return sorted(eventually(fresh, "setting the records aside"))


def listed(town: Town, part: str, service: str = HEARD_BY) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = ok(town.operator.get(operations(part, service)))["items"]
    return items


def discard_all(town: Town, service: str) -> None:
    """Leave nothing behind for the next test."""
    for part in ("held", "poison"):
        for row in listed(town, part, service):
            ok(town.operator.post(operations(f"{part}/{row['id']}/discard", service)))


def _second_event() -> Envelope:
    return Envelope(
        id=new_id(),
        type="session.cancelled.v1",
        source=TOLD_BY,
        subject=f"series/{new_id()}",
        seq=2,
        time=datetime(2026, 3, 9, 9, tzinfo=UTC),
        clinic_id=new_id(),
        correlation_id=new_id(),
        causation_id=new_id(),
        traceparent="",
        data={
            "patient_id": new_id(),
            "number": 1,
            "phase": "induction",
            "starts_at": "2026-03-10T14:00:00Z",
            "revision": 0,
            "reason": "patient",
        },
    )


def _tell(town: Town, records: list[tuple[bytes, bytes, list[tuple[str, bytes]]]]) -> None:
    installation = town.platform.installation
    producer = KafkaProducer(bootstrap_servers=installation.kafka_bootstrap.split(","), acks="all")
    try:
        topic = f"{installation.namespace}.{TOLD_BY}.v1"
        for key, value, headers in records:
            producer.send(topic, key=key, value=value, headers=headers).get(timeout=15)
    finally:
        producer.close(timeout=10)
