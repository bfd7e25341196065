"""Telling one service alone again what another one told: for one that was behind for longer than Kafka keeps a topic,
or whose database was put back without the others.

Who told it shows it from its kept events, who is to hear takes it; the operator's program carries it from one to the
other. So nobody else hears it again, and what the hearer knows already has no second effect (`shared.messaging.inbox`).
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from marshmallow import Schema, fields, validate

from shared.envelope import Envelope
from shared.errors import Fault, Invalid, PoisonMessage
from shared.http.auth import PLATFORM
from shared.http.routes import Route
from shared.messaging.inbox import LARGEST_SEQ, Inbox
from shared.messaging.outbox import Outbox
from shared.persistence.unit_of_work import as_envelope

PAGE: Final = 50
"""Events that are carried at once; about 1 KB each, of the 256 KB that a request may have."""


@dataclass(frozen=True)
class ShowTold:
    """What was told from `since` to before `until`, of one clinic or of all (None); only its beginning."""

    since: datetime
    until: datetime
    clinic_id: str | None


@dataclass(frozen=True)
class HearAgain:
    """Events as another service showed them."""

    events: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Retelling:
    """Shows what this service told, and takes what it `hears` of other ones. `validate` raises `PoisonMessage`."""

    outbox: Outbox
    inbox: Inbox
    hears: Collection[str]
    validate: Callable[[Envelope], None]

    def show_told(self, _: Any, command: ShowTold) -> Mapping[str, Any]:
        """The first events of that time, and since when there are more. Raises what the database raises."""
        rows, more_since = self.outbox.told(command.clinic_id, command.since, command.until, PAGE)
        return {"items": [vars(as_envelope(row)) for row in rows], "more_since": more_since}

    def hear_again(self, _: Any, command: HearAgain) -> Mapping[str, Mapping[str, int]]:
        """Take all of them. Raises `Invalid` before it takes any, with each that could not be told either."""
        events = [Envelope(**event) for event in command.events]
        faults = [fault for number, event in enumerate(events) for fault in self._faults(number, event)]
        if faults:
            raise Invalid("events.not-heard", "Some of these are no events that this service hears.", faults)
        done: dict[str, int] = {}
        for event in events:
            outcome = self.inbox.take_by_hand(event).name.lower()
            done[outcome] = done.get(outcome, 0) + 1
        return {"outcomes": done}

    def _faults(self, number: int, event: Envelope) -> Sequence[Fault]:
        pointer = f"/events/{number}"
        if event.source not in self.hears:
            return [Fault("event.source", f"Nothing of {event.source} is heard here.", f"{pointer}/source")]
        try:
            self.validate(event)
        except PoisonMessage as error:
            return [Fault("event.contract", str(error), f"{pointer}/data")]
        return []


class ToldRow(Schema):
    """An event with its address."""

    id = fields.String(required=True, validate=validate.Length(1, 100))
    type = fields.String(required=True, validate=validate.Length(1, 100))
    source = fields.String(required=True, validate=validate.Length(1, 100))
    subject = fields.String(required=True, validate=validate.Length(1, 200))
    seq = fields.Integer(required=True, strict=True, validate=validate.Range(1, LARGEST_SEQ))
    time = fields.AwareDateTime(required=True)
    clinic_id = fields.String(required=True, validate=validate.Length(1, 64))
    correlation_id = fields.String(required=True)
    causation_id = fields.String(required=True)
    traceparent = fields.String(required=True)
    data = fields.Dict(required=True)


class ToldQuery(Schema):
    """Of which time, and of which clinic."""

    since = fields.AwareDateTime(required=True)
    until = fields.AwareDateTime(required=True)
    clinic_id = fields.String(load_default=None, validate=validate.Length(1, 64))


class ToldAnswer(Schema):
    """Events, those of each aggregate in order."""

    items = fields.List(fields.Nested(ToldRow), required=True)
    more_since = fields.AwareDateTime(
        allow_none=True, metadata={"description": "ask again from here on; null: that is all"}
    )


class HearAgainRequest(Schema):
    """Events of a service that this one hears."""

    class Meta:
        example: Final = {
            "events": [
                {
                    "id": "0195a2c4-0c1e-7d35-9c0e-5a2f7d1b8e44",
                    "type": "series.completed.v1",
                    "source": "booking",
                    "subject": "series/0195a2c4-0c1e-7d35-9c0e-5a2f7d1b8e43",
                    "seq": 9,
                    "time": "2026-03-09T14:00:00Z",
                    "clinic_id": "0195a2c4-0c1e-7d35-9c0e-5a2f7d1b8e42",
                    "correlation_id": "",
                    "causation_id": "",
                    "traceparent": "",
                    "data": {"patient_id": "0195a2c4-0c1e-7d35-9c0e-5a2f7d1b8e41"},
                }
            ]
        }

    events = fields.List(fields.Nested(ToldRow), required=True, validate=validate.Length(max=PAGE))


class HeardAnswer(Schema):
    """What became of them."""

    outcomes = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        required=True,
        metadata={"description": "how many were applied, known already (duplicate), held, refused or failed"},
    )


def retelling_routes(retelling: Retelling) -> tuple[Route, ...]:
    """Rows of every service's table, for the operator."""
    only = frozenset({PLATFORM})
    show, hear = retelling.show_told, retelling.hear_again
    path = "/operations/told"
    return (
        Route("GET", path, "Show what was told", only, ShowTold, show, ToldAnswer, query=ToldQuery),
        Route("POST", "/operations/hear", "Hear again", only, HearAgain, hear, HeardAnswer, body=HearAgainRequest),
    )
