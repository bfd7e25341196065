"""The operator's rows: what every service answers under /operations, to the platform's key only."""

from marshmallow import Schema, fields, validate

from shared.http.auth import PLATFORM
from shared.http.routes import Route
from shared.process.doctor import State
from shared.process.operator import (
    Discard,
    DiscardPoison,
    Examine,
    ListHeld,
    ListPoison,
    Operator,
    Replay,
    ReplayPoison,
    Republish,
    ShowBacklog,
    ShowWaiting,
)


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
