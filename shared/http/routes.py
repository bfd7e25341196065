"""The table of a service's HTTP routes, and the four steps that each call takes.

parse → who → one unit of work (once, when it carries an Idempotency-Key) → one operation. A route is a row of data;
a test walks the rows: every one is authenticated, scoped to a clinic and described.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from marshmallow import Schema

from shared.actor import Actor
from shared.clock import Clock
from shared.errors import PreconditionRequired, Refused, Stale
from shared.http.auth import AccessKeys, Caller
from shared.http.cursors import Cursors, PageQuery
from shared.http.problems import of_refusal, status_of
from shared.ids import new_id
from shared.paging import Page
from shared.persistence.idempotency import Answer, AnsweredMeanwhile, Answers, Request, request_of
from shared.persistence.sealed import KeyMissing
from shared.persistence.unit_of_work import EVERY_CLINIC, Cause, Unit
from shared.persistence.units import Units
from shared.telemetry import tracing

U = TypeVar("U")
CLINIC = "clinic_id"
_MOST_DIGITS = 18
"""Of a version: no number that the database counts to is longer."""
CHANGING = frozenset({"PUT", "PATCH", "DELETE"})


@dataclass(frozen=True)
class File:
    """An answer in a format that is not ours: `write` makes its bytes of what the operation says.

    Only reading answers with one.
    """

    media_type: str
    write: Callable[[Any], bytes]


@dataclass(frozen=True)
class Route:
    """One row. `path` names its parameters in Flask's way; those but `clinic_id` fill the command.

    A POST acts and needs an Idempotency-Key, unless it `only_asks`: then nothing is kept. PUT, PATCH and DELETE need
    If-Match and fill `version`. A list answers with `Page` and its command takes `limit` and `after`. `opens_clinic`
    marks the one route that makes its own clinic.
    """

    method: str
    path: str
    summary: str
    scopes: frozenset[str]
    command: Callable[..., Any]
    operation: Callable[[Any, Any], Any]
    answer: type[Schema] | File
    body: type[Schema] | None = None
    query: type[Schema] | None = None
    status: int = 200
    description: str = ""
    opens_clinic: bool = False
    only_asks: bool = False

    @property
    def name(self) -> str:
        """The operation's name; unique within a service."""
        return self.operation.__name__

    @property
    def tag(self) -> str:
        """What it is about, for grouping: the collection of the clinic that the path goes through."""
        return self.path.removeprefix(f"/clinics/<{CLINIC}>").strip("/").split("/")[0] or "clinics"

    @property
    def acts(self) -> bool:
        return self.method == "POST" and not self.only_asks

    @property
    def changes(self) -> bool:
        return self.method in CHANGING

    @property
    def is_list(self) -> bool:
        return self.query is not None and issubclass(self.query, PageQuery)


def example_of(body: type[Schema]) -> Mapping[str, Any] | None:
    """A body that can be sent, for the API pages: `example` of the schema's `Meta`; None where no schema needs one."""
    example: Mapping[str, Any] | None = getattr(body.Meta, "example", None)
    return example


@dataclass(frozen=True)
class Call:
    """One HTTP request of an admitted caller, parsed."""

    caller: Caller
    path: str
    arguments: Mapping[str, str]
    body: Mapping[str, Any]
    query: Mapping[str, Any]
    said: Any
    idempotency_key: str | None
    if_match: str | None
    correlation_id: str


class Door(Generic[U]):
    """Lets calls in: the same steps for every route of every service."""

    def __init__(self, units: Units[U], *, keys: AccessKeys, answers: Answers, cursors: Cursors, clock: Clock) -> None:
        self._units = units
        self._keys = keys
        self._answers = answers
        self._cursors = cursors
        self._clock = clock

    def admit(self, route: Route, authorization: str | None, clinic_id: str | None) -> Caller:
        """Who calls, when they may. Raises `Unauthenticated`, `Forbidden` or `NotFound`."""
        caller = self._keys.caller(authorization, self._clock())
        if clinic_id is not None:
            caller.require_clinic(clinic_id)
        caller.require(route.scopes)
        return caller

    def answer(self, route: Route, call: Call) -> Answer:
        """What the operation says, as an HTTP answer."""
        clinic_id = call.arguments.get(CLINIC) or call.caller.clinic_id
        command = route.command(**self._fields(route, call, clinic_id))
        if not route.acts:
            result = self._units.run(clinic_id, self._cause(call), route.operation, command)
            return self._render(route, call, clinic_id, result)
        return self._once(route, call, clinic_id, command)

    def _fields(self, route: Route, call: Call, clinic_id: str) -> dict[str, Any]:
        named = {name: value for name, value in call.arguments.items() if name != CLINIC}
        asked = dict(call.query)
        if route.is_list:
            asked["after"] = self._cursors.read(clinic_id, call.path, asked.pop("cursor"))
        if route.changes:
            asked["version"] = _version(call.if_match)
        return {**named, **asked, **call.body}

    def _once(self, route: Route, call: Call, clinic_id: str, command: Any) -> Answer:
        request = request_of(clinic_id, route.method, call.path, call.idempotency_key, call.said)
        if (given := self._answers.find(request)) is not None:
            return given
        own_clinic = new_id() if route.opens_clinic else clinic_id
        try:
            return self._act(route, call, own_clinic, command, request)
        except AnsweredMeanwhile:
            return self._once(route, call, clinic_id, command)

    def _act(self, route: Route, call: Call, clinic_id: str, command: Any, request: Request) -> Answer:
        answers: list[Answer] = []

        def keep(unit: Unit, result: Any) -> None:
            answers.append(self._render(route, call, clinic_id, result))
            unit.write(self._answers.insert(clinic_id, request, answers[-1], unit.now), first=True)

        try:
            self._units.run(clinic_id, self._cause(call), route.operation, command, also=keep)
        except Refused as refusal:
            self._keep_refusal(call, EVERY_CLINIC if route.opens_clinic else clinic_id, request, refusal)
            raise
        return answers[-1]

    def _keep_refusal(self, call: Call, clinic_id: str, request: Request, refusal: Refused) -> None:
        unit = self._units.open(clinic_id, self._cause(call))
        answer = Answer(int(status_of(refusal)), of_refusal(refusal))
        # A clinic that is not there has no key to seal an answer with. Nothing was done: it can be refused again.
        with suppress(KeyMissing):
            unit.write(self._answers.insert(clinic_id, request, answer, unit.now))
            unit.commit()

    def _render(self, route: Route, call: Call, clinic_id: str, result: Any) -> Answer:
        if isinstance(route.answer, File):
            return Answer(route.status, route.answer.write(result))
        if isinstance(result, Page):
            cursor = self._cursors.write(clinic_id, call.path, result.after)
            return Answer(route.status, route.answer().dump({"items": result.items, "next_cursor": cursor}))
        etag = f'"{result.version}"' if hasattr(result, "version") else ""
        return Answer(route.status, route.answer().dump(result), etag)

    def _cause(self, call: Call) -> Cause:
        actor = Actor(call.caller.key_id, call.caller.scopes)
        return Cause(call.correlation_id, call.correlation_id, tracing.traceparent(), actor)


def _version(if_match: str | None) -> int:
    """The version that an If-Match header names. Raises `PreconditionRequired`, and `Stale` when it cannot be."""
    text = (if_match or "").strip().removeprefix("W/").strip('"')
    if not text.isdecimal():
        raise PreconditionRequired
    if len(text) > _MOST_DIGITS:
        raise Stale
    return int(text)
