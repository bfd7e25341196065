"""An event with its address: CloudEvents 1.0 on the wire, one plain document at rest.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md; `sequence`, `partitionkey` and `traceparent` are
its documented extensions, `clinicid`, `correlationid` and `causationid` are ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from cloudevents.core.bindings.kafka import KafkaMessage, from_structured_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

from shared.errors import PoisonMessage

_EXTENSIONS = {
    "sequence": "seq",
    "clinicid": "clinic_id",
    "correlationid": "correlation_id",
    "causationid": "causation_id",
    "traceparent": "traceparent",
}
_NEEDED = frozenset({"specversion", "id", "source", "type", "subject", "time", "data", *_EXTENSIONS})


@dataclass(frozen=True)
class Envelope:
    """`seq` counts the events of one aggregate from 1 without gaps; `subject` is `<aggregate kind>/<id>`."""

    id: str
    type: str
    source: str
    subject: str
    seq: int
    time: datetime
    clinic_id: str
    correlation_id: str
    causation_id: str
    traceparent: str
    data: Mapping[str, Any]

    @property
    def key(self) -> str:
        """The Kafka key: one aggregate, one partition, one order."""
        return f"{self.clinic_id}/{self.subject}"

    @property
    def aggregate(self) -> str:
        """The aggregate's name across services."""
        return f"{self.source}/{self.subject}"


def to_wire(envelope: Envelope) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
    """Key, value and headers of the Kafka record (structured content mode)."""
    attributes = {
        "id": envelope.id,
        "type": envelope.type,
        "source": envelope.source,
        "subject": envelope.subject,
        "time": envelope.time,
        "specversion": "1.0",
        "datacontenttype": "application/json",
        **{name: str(getattr(envelope, field)) for name, field in _EXTENSIONS.items()},
    }
    message = to_structured_event(CloudEvent(attributes, dict(envelope.data)))
    headers = {**message.headers, "ce_id": envelope.id.encode(), "ce_clinicid": envelope.clinic_id.encode()}
    return envelope.key.encode(), message.value, sorted(headers.items())


def from_wire(key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes]]) -> Envelope:
    """The envelope of a Kafka record.

    Raises `PoisonMessage` when the record is no CloudEvent of ours, or when its key or header names another clinic
    than its body: such a record must not reach a handler.
    """
    try:
        message = KafkaMessage(headers=dict(headers), key=key, value=value or b"")
        _require_all(message.value)
        envelope = _envelope(from_structured_event(message))
    except Exception as error:
        raise PoisonMessage(f"not a CloudEvent of this platform: {error!r}") from error
    claimed = dict(headers).get("ce_clinicid", b"").decode(errors="replace")
    if claimed != envelope.clinic_id or key != envelope.key.encode():
        raise PoisonMessage(f"addressed to clinic {claimed!r}, speaks of clinic {envelope.clinic_id!r}")
    return envelope


def _require_all(body: bytes) -> None:
    """The library would invent an id and a time, other ones each time that the record comes."""
    if missing := _NEEDED - orjson.loads(body).keys():
        raise ValueError(f"no {', '.join(sorted(missing))}")


def _envelope(event: Any) -> Envelope:
    data = event.get_data()
    if not isinstance(data, dict):
        raise TypeError(f"data is a {type(data).__name__}, not an object")
    extensions = {field: event.get_attributes()[name] for name, field in _EXTENSIONS.items()}
    return Envelope(
        id=event.get_id(),
        type=event.get_type(),
        source=event.get_source(),
        subject=event.get_attributes()["subject"],
        time=event.get_time().astimezone(UTC),
        data=data,
        **{**extensions, "seq": int(extensions["seq"])},
    )
