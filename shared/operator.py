"""What the platform's operator can see and mend in every service: backlog, held events, poison, telling again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from marshmallow import Schema, fields, validate

from shared.auth import PLATFORM
from shared.inbox import Inbox
from shared.outbox import Outbox
from shared.routes import Route

_SHOWN: Final = 100


@dataclass(frozen=True)
class ShowBacklog:
    """How far telling and hearing are behind."""


@dataclass(frozen=True)
class ListHeld:
    """Heard events that wait for a predecessor or a mend."""


@dataclass(frozen=True)
class ListPoison:
    """Records that could not be read."""


@dataclass(frozen=True)
class Replay:
    """Try a held event, and its queue, again. `despite_gap` gives up the events missing before it for ever."""

    event_id: str
    despite_gap: bool = False


@dataclass(frozen=True)
class Discard:
    """Give up a held event for ever."""

    event_id: str


@dataclass(frozen=True)
class ReplayPoison:
    """Take a poison record once more, after a mend."""

    record_id: str


@dataclass(frozen=True)
class DiscardPoison:
    """Give up a poison record for ever."""

    record_id: str


@dataclass(frozen=True)
class Republish:
    """Tell again what was told from `since` to before `until`, of one clinic or of all (None)."""

    clinic_id: str | None
    since: datetime
    until: datetime


@dataclass(frozen=True)
class Backlog:
    """Events not told yet and since when; heard events held; records that are poison."""

    untold: int
    oldest_untold_at: datetime | None
    held: int
    poison: int


class Operator:
    """The operator's operations on one service; they need no unit of work."""

    def __init__(self, inbox: Inbox, outbox: Outbox) -> None:
        self._inbox = inbox
        self._outbox = outbox

    def show_backlog(self, _: Any, __: ShowBacklog) -> Backlog:
        lag = self._outbox.lag()
        held, poison = self._inbox.drawer.counts()
        return Backlog(lag.count, lag.oldest_at, held, poison)

    def list_held(self, _: Any, __: ListHeld) -> Mapping[str, Sequence[Any]]:
        return {"items": [_named(row) for row in self._inbox.drawer.list_held(limit=_SHOWN)]}

    def list_poison(self, _: Any, __: ListPoison) -> Mapping[str, Sequence[Any]]:
        return {"items": [_named(row) for row in self._inbox.drawer.list_poison(limit=_SHOWN)]}

    def replay_held(self, _: Any, command: Replay) -> Mapping[str, int]:
        return {"done": self._inbox.replay(command.event_id, despite_gap=command.despite_gap)}

    def discard_held(self, _: Any, command: Discard) -> Mapping[str, int]:
        return {"done": self._inbox.discard(command.event_id)}

    def replay_poison(self, _: Any, command: ReplayPoison) -> Mapping[str, str]:
        return {"outcome": self._inbox.replay_poison(command.record_id).name.lower()}

    def discard_poison(self, _: Any, command: DiscardPoison) -> Mapping[str, str]:
        self._inbox.discard_poison(command.record_id)
        return {"outcome": "discarded"}

    def republish(self, _: Any, command: Republish) -> Mapping[str, int]:
        return {"done": self._outbox.republish(command.clinic_id, command.since, command.until)}


def _named(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "id": row["_id"]}


class BacklogAnswer(Schema):
    """How far this service is behind."""

    untold = fields.Integer(required=True, metadata={"description": "events not handed to the broker yet"})
    oldest_untold_at = fields.AwareDateTime(allow_none=True)
    held = fields.Integer(required=True, metadata={"description": "heard events that wait"})
    poison = fields.Integer(required=True, metadata={"description": "records that could not be read"})


class HeldRow(Schema):
    """A heard event that waits."""

    id = fields.String(required=True)
    aggregate = fields.String(required=True)
    seq = fields.Integer(required=True)
    type = fields.String(required=True)
    clinic_id = fields.String(required=True)
    reason = fields.String(required=True, metadata={"description": "waiting (for a predecessor) or failed"})
    error = fields.String()
    attempts = fields.Integer()


class HeldAnswer(Schema):
    """The first hundred held events, each aggregate's in order."""

    items = fields.List(fields.Nested(HeldRow), required=True)


class PoisonRow(Schema):
    """A record that could not be read."""

    id = fields.String(required=True)
    position = fields.String(required=True)
    error = fields.String(required=True)
    at = fields.AwareDateTime(required=True)


class PoisonAnswer(Schema):
    """The first hundred poison records."""

    items = fields.List(fields.Nested(PoisonRow), required=True)


class ReplayRequest(Schema):
    """How to try again."""

    despite_gap = fields.Boolean(
        load_default=False, metadata={"description": "give up the events missing before it, for ever"}
    )


class RepublishRequest(Schema):
    """Which events to tell again."""

    clinic_id = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 64))
    since = fields.AwareDateTime(required=True)
    until = fields.AwareDateTime(required=True)


class DoneAnswer(Schema):
    """How many events were done."""

    done = fields.Integer(required=True)


class OutcomeAnswer(Schema):
    """What became of it."""

    outcome = fields.String(required=True)


def operator_routes(operator: Operator) -> tuple[Route, ...]:
    """The rows that every service's table ends with."""
    only = frozenset({PLATFORM})
    held, poison = "/operations/held/<event_id>", "/operations/poison/<record_id>"
    do = operator
    return (
        Route("GET", "/operations/backlog", "Show the backlog", only, ShowBacklog, do.show_backlog, BacklogAnswer),
        Route("GET", "/operations/held", "List held events", only, ListHeld, do.list_held, HeldAnswer),
        Route("POST", f"{held}/replay", "Try it again", only, Replay, do.replay_held, DoneAnswer, body=ReplayRequest),
        Route("POST", f"{held}/discard", "Give it up", only, Discard, do.discard_held, DoneAnswer),
        Route("GET", "/operations/poison", "List poison records", only, ListPoison, do.list_poison, PoisonAnswer),
        Route("POST", f"{poison}/replay", "Take it once more", only, ReplayPoison, do.replay_poison, OutcomeAnswer),
        Route("POST", f"{poison}/discard", "Give it up", only, DiscardPoison, do.discard_poison, OutcomeAnswer),
        Route(
            "POST",
            "/operations/republish",
            "Tell events again",
            only,
            Republish,
            do.republish,
            DoneAnswer,
            body=RepublishRequest,
        ),
    )
