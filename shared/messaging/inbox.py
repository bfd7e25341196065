"""Hearing exactly once, in the order of each aggregate, over a way that repeats, reorders and sometimes loses.

`heard` keeps for each heard aggregate the number of its last applied event, for ever. That guard is written in the same
commit as the effect: a repeated event finds it moved on, an early one finds it behind. What cannot be applied yet waits
in `held`, one queue per aggregate, while other aggregates go on; what cannot be read lies in `poison`.
"""

from collections.abc import Callable, Container
from enum import Enum, auto
from typing import Final

import bson
import pymongo
import structlog
from pymongo.database import Database
from pymongo.errors import ConnectionFailure, DuplicateKeyError, ExecutionTimeout, PyMongoError

from shared.envelope import Envelope, from_wire, to_wire
from shared.errors import Conflict, Contended, PoisonMessage, Refused, TransientFailure
from shared.messaging.drawer import Drawer, Record, is_ready
from shared.persistence.unit_of_work import Change, Document, Insert, as_envelope
from shared.telemetry import metrics

log = structlog.get_logger()
RECORD_SECONDS: Final = 10.0
LARGEST_SEQ: Final = 2**53


class Outcome(Enum):
    """What became of a heard record. All but RETRY are final for the broker."""

    APPLIED = auto()
    REFUSED = auto()
    DUPLICATE = auto()
    HELD = auto()
    """It waits for its predecessor, or for its own replay."""
    FAILED = auto()
    """Its handler has just failed; it is held."""
    POISON = auto()
    RETRY = auto()


class TooManyFailures(Exception):
    """So many records failed in a row that the fault must be ours: stop, instead of setting aside a whole topic."""


Guard = Insert | Change
Apply = Callable[[Envelope, Guard], None]
"""Runs the service's operation for an event in a unit of work for its clinic, and commits it with the guard first."""


def guard(envelope: Envelope) -> Guard:
    """The write that says: this event and all before it of its aggregate are applied."""
    if envelope.seq == 1:
        return Insert("heard", {"_id": envelope.aggregate, "clinic_id": envelope.clinic_id, "seq": 1})
    return Change("heard", {"_id": envelope.aggregate, "seq": envelope.seq - 1}, {"$set": {"seq": envelope.seq}})


class Inbox:
    """Takes what one service hears.

    `handled`: the types that `apply` has a handler for; all others only move the guard. `validate` raises
    `PoisonMessage` when an event breaks its contract. `limit`: failures in a row that are still borne.
    """

    def __init__(
        self,
        database: Database[Document],
        *,
        apply: Apply,
        handled: Container[str],
        validate: Callable[[Envelope], None],
        limit: int = 50,
    ) -> None:
        self.drawer = Drawer(database)
        self._database = database
        self._apply = apply
        self._handled = handled
        self._validate = validate
        self._limit = limit
        self._failures = 0

    def hear(self, key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes]], position: str) -> bool:
        """`take` for the consumer; False: the record must come again."""
        return self.take(Record(key, value, headers, position)) is not Outcome.RETRY

    def take(self, record: Record) -> Outcome:
        """Apply a record or set it aside. Bad data never raises, only `TooManyFailures` does."""
        try:
            with pymongo.timeout(RECORD_SECONDS):
                outcome = self._take(record)
        except (TransientFailure, PyMongoError) as error:
            log.warning("record must come again", position=record.position, error=str(error))
            outcome = _counted("?", Outcome.RETRY)
        self._bear(outcome)
        return outcome

    def take_by_hand(self, envelope: Envelope) -> Outcome:
        """`take` for an event that somebody carries here. Raises what the database raises: nobody brings it again."""
        return self._take(Record(*to_wire(envelope), "by hand"))

    def replay_due(self, limit: int = 100) -> int:
        """Try again what is held and due; returns how many events are done. For a job.

        Raises `TransientFailure` or a `PyMongoError` when the database does not answer.
        """
        return sum(self._replay(aggregate) for aggregate in self.drawer.due(limit))

    def replay(self, id: str, *, despite_gap: bool = False) -> int:
        """Try the queue of this held event now; returns how many events are done. Raises `NotFound`.

        `despite_gap`: the events missing before it are given up for ever. Only for the first of its queue, else it
        raises `Conflict`.
        """
        row = self.drawer.held(id)
        if despite_gap:
            self._require_first(row)
            self._advance(row, row["seq"] - 1)
        self.drawer.hurry(row["aggregate"])
        return self._replay(row["aggregate"])

    def discard(self, id: str) -> int:
        """Give up this held event, the first of its queue, for ever; returns how many behind it are done now.

        Raises `NotFound`, and `Conflict` unless it is the first.
        """
        row = self.drawer.held(id)
        self._require_first(row)
        self._advance(row, row["seq"])
        self.drawer.drop(id)
        return self._replay(row["aggregate"])

    def replay_poison(self, id: str) -> Outcome:
        """Take a poison record once more, after a mend. Raises `NotFound`."""
        outcome = self._take(self.drawer.poison(id))
        if outcome is not Outcome.POISON:
            self.drawer.drop_poison(id)
        return outcome

    def discard_poison(self, id: str) -> None:
        """Give a poison record up for ever. Raises `NotFound`."""
        self.drawer.drop_poison(id)

    def _take(self, record: Record) -> Outcome:
        try:
            envelope = self._read(record)
        except PoisonMessage as error:
            log.error("poison", position=record.position, error=str(error))  # noqa: TRY400 - not a bug of ours
            self.drawer.set_aside(record, str(error))
            return _counted("?", Outcome.POISON)
        head = self.drawer.head(envelope.aggregate)
        outcome = _counted(envelope.type, self._place(envelope, head))
        if head is not None:
            self._drain(envelope.aggregate)
        return outcome

    def _read(self, record: Record) -> Envelope:
        envelope = from_wire(record.key, record.value, record.headers)
        if not 1 <= envelope.seq <= LARGEST_SEQ:
            raise PoisonMessage(f"sequence {envelope.seq}")
        try:
            self._validate(envelope)
            bson.encode(vars(envelope))  # what cannot be stored could not even be held
        except PoisonMessage:
            raise
        except Exception as error:
            raise PoisonMessage(f"cannot be checked or stored: {error!r}") from error
        return envelope

    def _place(self, envelope: Envelope, head: Document | None) -> Outcome:
        ahead = envelope.seq - self._at(envelope.aggregate)
        if ahead <= 0:
            return Outcome.DUPLICATE
        if ahead > 1:
            self.drawer.wait(envelope)
            return Outcome.HELD
        if head is not None and head["seq"] == envelope.seq:
            return Outcome.HELD
        return self._attempt(envelope)

    def _attempt(self, envelope: Envelope) -> Outcome:
        try:
            return self._apply_or_pass(envelope)
        except Refused as refusal:
            log.info("event refused", id=envelope.id, type=envelope.type, code=refusal.code)
            return self._pass(envelope, Outcome.REFUSED)
        except Exception as error:
            if _is_transient(error):
                raise
            if self._at(envelope.aggregate) >= envelope.seq:
                return Outcome.DUPLICATE  # somebody else applied it meanwhile
            log.exception("event held", id=envelope.id, type=envelope.type)
            self.drawer.fail(envelope, repr(error))
            return Outcome.FAILED

    def _apply_or_pass(self, envelope: Envelope) -> Outcome:
        if envelope.type not in self._handled:
            return self._pass(envelope, Outcome.APPLIED)
        self._apply(envelope, guard(envelope))
        return Outcome.APPLIED

    def _pass(self, envelope: Envelope, outcome: Outcome) -> Outcome:
        """Only the guard moves on."""
        try:
            guard(envelope).run(self._database, None)
        except (Contended, DuplicateKeyError):
            return Outcome.DUPLICATE
        return outcome

    def _drain(self, aggregate: str) -> int:
        """Apply what is held of an aggregate, in order, up to the first that cannot be applied yet."""
        done = 0
        while (head := self.drawer.head(aggregate)) is not None:
            ahead = head["seq"] - self._at(aggregate)
            if ahead > 1 or (ahead == 1 and not is_ready(head)):
                break
            if ahead == 1 and _counted(head["type"], self._attempt(as_envelope(head))) is Outcome.FAILED:
                break
            self.drawer.drop(head["_id"])
            done += 1
        return done

    def _replay(self, aggregate: str) -> int:
        done = self._drain(aggregate)
        self.drawer.postpone(aggregate)
        return done

    def _at(self, aggregate: str) -> int:
        row = self._database["heard"].find_one({"_id": aggregate})
        return row["seq"] if row else 0

    def _advance(self, row: Document, seq: int) -> None:
        move = {"$max": {"seq": seq}, "$setOnInsert": {"clinic_id": row["clinic_id"]}}
        self._database["heard"].update_one({"_id": row["aggregate"]}, move, upsert=True)

    def _require_first(self, row: Document) -> None:
        head = self.drawer.head(row["aggregate"])
        if head is not None and head["_id"] != row["_id"]:
            raise Conflict("held.not-first", f"The event {head['_id']} of the same aggregate comes first.")

    def _bear(self, outcome: Outcome) -> None:
        if outcome in {Outcome.APPLIED, Outcome.REFUSED}:
            self._failures = 0
        if outcome in {Outcome.FAILED, Outcome.POISON}:
            self._failures += 1
        if self._failures > self._limit:
            raise TooManyFailures(f"{self._failures} records in a row failed")


def _counted(kind: str, outcome: Outcome) -> Outcome:
    metrics.count("kadence_events_heard_total", type=kind, outcome=outcome.name.lower())
    return outcome


def _is_transient(error: Exception) -> bool:
    """Whether the same event may well be applied a moment later; contention that did not end is not of that kind."""
    if isinstance(error, Contended):
        return False
    if isinstance(error, TransientFailure | ConnectionFailure | ExecutionTimeout):
        return True
    return isinstance(error, PyMongoError) and (error.timeout or error.has_error_label("TransientTransactionError"))
