"""What the platform's operator can see and mend in every service: backlog, held events, poison, telling again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from marshmallow import Schema, fields, validate

from shared.errors import TransientFailure
from shared.http.auth import PLATFORM
from shared.http.routes import Route
from shared.messaging.inbox import Inbox
from shared.messaging.kafka import Following
from shared.messaging.outbox import Outbox
from shared.process.doctor import Doctor, Finding, State
from shared.process.waiting import Waiting

_SHOWN: Final = 100


@dataclass(frozen=True)
class ShowBacklog:
    """How far telling, hearing and due work are behind."""


@dataclass(frozen=True)
class ShowWaiting:
    """Which clinics have some of the waiting work that this service counts as `name`."""

    name: str


@dataclass(frozen=True)
class Examine:
    """Whether everything that the service stands on is well."""


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
    """Events not told yet and since when; heard events held; records that are poison; what waits, by its name.

    `members` of the group hear, and are `behind` by so many records of each topic; None while the broker is silent.
    """

    untold: int
    oldest_untold_at: datetime | None
    held: int
    poison: int
    waiting: Mapping[str, int]
    members: int | None
    behind: Mapping[str, int] | None


class Operator:
    """The operator's operations on one service; they need no unit of work. All raise what the database raises."""

    def __init__(
        self,
        inbox: Inbox,
        outbox: Outbox,
        *,
        doctor: Doctor,
        waiting: Waiting,
        following: Callable[[], Following],
    ) -> None:
        self._inbox = inbox
        self._outbox = outbox
        self._doctor = doctor
        self._waiting = waiting
        self._following = following

    def show_backlog(self, _: Any, __: ShowBacklog) -> Backlog:
        """How far the service is behind; what only a silent broker knows is None."""
        lag = self._outbox.lag()
        held, poison = self._inbox.drawer.counts()
        members, behind = self._heard()
        return Backlog(lag.count, lag.oldest_at, held, poison, self._waiting.counted(), members, behind)

    def show_waiting(self, _: Any, command: ShowWaiting) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """The clinics that have some, those with most first. Raises `NotFound` for a name that is no count's."""
        of_clinics = self._waiting.by_clinic(command.name)
        return {"items": [{"clinic_id": clinic, "count": many} for clinic, many in of_clinics.items()]}

    def examine(self, _: Any, __: Examine) -> Mapping[str, Sequence[Finding]]:
        """Everything that was looked at, well or not; a silent database or broker is a finding, not an error."""
        return {"items": self._doctor.findings()}

    def list_held(self, _: Any, __: ListHeld) -> Mapping[str, Sequence[Any]]:
        """The first hundred held events, each aggregate's in order."""
        return {"items": [_named(row) for row in self._inbox.drawer.list_held(limit=_SHOWN)]}

    def list_poison(self, _: Any, __: ListPoison) -> Mapping[str, Sequence[Any]]:
        """The first hundred poison records."""
        return {"items": [_named(row) for row in self._inbox.drawer.list_poison(limit=_SHOWN)]}

    def replay_held(self, _: Any, command: Replay) -> Mapping[str, int]:
        """Try its queue now; how many events are done. Raises `NotFound`, and `Conflict` as `Inbox.replay` does."""
        return {"done": self._inbox.replay(command.event_id, despite_gap=command.despite_gap)}

    def discard_held(self, _: Any, command: Discard) -> Mapping[str, int]:
        """Give it up; how many behind it are done. Raises `NotFound`, and `Conflict` unless it is its queue's first."""
        return {"done": self._inbox.discard(command.event_id)}

    def replay_poison(self, _: Any, command: ReplayPoison) -> Mapping[str, str]:
        """Take it once more; what became of it. Raises `NotFound`."""
        return {"outcome": self._inbox.replay_poison(command.record_id).name.lower()}

    def discard_poison(self, _: Any, command: DiscardPoison) -> Mapping[str, str]:
        """Give it up for ever. Raises `NotFound`."""
        self._inbox.discard_poison(command.record_id)
        return {"outcome": "discarded"}

    def republish(self, _: Any, command: Republish) -> Mapping[str, int]:
        """Let the relay tell once more what it told in that time; how many events."""
        return {"done": self._outbox.republish(command.clinic_id, command.since, command.until)}

    def _heard(self) -> tuple[int | None, Mapping[str, int] | None]:
        try:
            following = self._following()
        except TransientFailure:
            return None, None
        return following.members, following.behind


def _named(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "id": row["_id"]}


class BacklogAnswer(Schema):
    """How far this service is behind."""

    untold = fields.Integer(required=True, metadata={"description": "events not handed to the broker yet"})
    oldest_untold_at = fields.AwareDateTime(allow_none=True)
    held = fields.Integer(required=True, metadata={"description": "heard events that wait"})
    poison = fields.Integer(required=True, metadata={"description": "records that could not be read"})
    waiting = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        required=True,
        metadata={"description": "due work and open cases"},
    )
    members = fields.Integer(allow_none=True, metadata={"description": "who hears; null: the broker does not answer"})
    behind = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        allow_none=True,
        metadata={"description": "records of each topic not heard yet; null: the broker does not answer"},
    )


class WaitingRow(Schema):
    """What one clinic has of it."""

    clinic_id = fields.String(required=True)
    count = fields.Integer(required=True)


class WaitingAnswer(Schema):
    """Clinics that have some, those with most first, a hundred at most."""

    items = fields.List(fields.Nested(WaitingRow), required=True)


class FindingRow(Schema):
    """One thing that was looked at."""

    check = fields.String(required=True)
    state = fields.Enum(State, by_value=True, required=True)
    says = fields.String(required=True)
    mend = fields.String(required=True, metadata={"description": "what to do; empty: nothing"})


class FindingsAnswer(Schema):
    """Everything that was looked at."""

    items = fields.List(fields.Nested(FindingRow), required=True)


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
        Route("GET", "/operations/waiting/<name>", "Show who waits", only, ShowWaiting, do.show_waiting, WaitingAnswer),
        Route("GET", "/operations/doctor", "Examine the service", only, Examine, do.examine, FindingsAnswer),
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
