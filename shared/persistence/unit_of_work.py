"""One unit of work: reads at once, collects its writes, commits them as one.

A unit is opened for one clinic; `documents` adds that clinic to every filter and every insert. One write goes to the
database as it is; several go in one short transaction that holds nothing but writes, so a retry never decides anything
twice.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, TypeVar

import pymongo
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import ConnectionFailure, DuplicateKeyError, ExecutionTimeout, PyMongoError

from shared.actor import NOBODY, Actor
from shared.envelope import Envelope
from shared.errors import Contended, TransientFailure
from shared.failpoints import Failpoint

R = TypeVar("R")
Document = dict[str, Any]
EVERY_CLINIC: Final = "*"
"""Scope of the platform's own work (opening clinics, due work of all clinics); no credential of a clinic reaches it."""


@dataclass(frozen=True)
class Cause:
    """What led to this work; all but the actor travels with every event it tells."""

    correlation_id: str
    causation_id: str
    traceparent: str
    actor: Actor = NOBODY


class Duplicate(Exception):
    """A unique key was taken. `key` holds the fields of that key and the values that clashed."""

    def __init__(self, collection: str, key: Mapping[str, Any]) -> None:
        super().__init__(f"{collection}: {dict(key)}")
        self.collection = collection
        self.key = key


OnDuplicate = Callable[[Duplicate], Exception]


def as_contended(duplicate: Duplicate) -> Exception:
    """What a taken key means unless a store says otherwise: somebody was faster, decide again."""
    return Contended(str(duplicate))


@dataclass(frozen=True)
class Insert:
    """A document that must not exist yet."""

    collection: str
    document: Document
    on_duplicate: OnDuplicate = as_contended

    def run(self, database: Database[Document], session: ClientSession | None) -> None:
        """Insert it. Raises `DuplicateKeyError`, and what the database raises."""
        database[self.collection].insert_one(self.document, session=session)


@dataclass(frozen=True)
class Change:
    """An update of exactly one document; not finding it means that somebody was faster."""

    collection: str
    filter: Document
    update: Document
    on_duplicate: OnDuplicate = as_contended

    def run(self, database: Database[Document], session: ClientSession | None) -> None:
        """Change it. Raises `Contended` when it is not there, `DuplicateKeyError`, and what the database raises."""
        found = database[self.collection].update_one(self.filter, self.update, session=session)
        if found.matched_count == 0:
            raise Contended(f"{self.collection}: {self.filter} is not there any more")


Write = Insert | Change
Tell = Callable[[Any, Envelope], Envelope]
"""Fills type and data of an envelope from a domain event; see `shared.messaging.outbox`."""


class Unit:
    """The technical side of a service's unit of work.

    `now` is fixed for the whole unit. `source` is the telling service. `commit` raises `Contended` when another writer
    was faster (run the operation again), the store's own refusal when a unique key was taken, and `TransientFailure`
    when the database does not answer within `budget` seconds.
    """

    def __init__(
        self,
        database: Database[Document],
        *,
        source: str,
        clinic_id: str,
        now: datetime,
        new_id: Callable[[], str],
        cause: Cause,
        tell: Tell,
        budget: float = 8.0,
        failpoint: Failpoint | None = None,
    ) -> None:
        self.database = database
        self.clinic_id = clinic_id
        self.now = now
        self.actor = cause.actor
        self.new_id = new_id
        self._source = source
        self._cause = cause
        self._tell = tell
        self._budget = budget
        self._failpoint = failpoint or Failpoint()
        self._writes: list[Write] = []

    def write(self, write: Write, *, first: bool = False) -> None:
        """Collect a write for `commit`. The one that says whether all this was done before goes first."""
        self._writes.insert(0 if first else len(self._writes), write)

    def envelope(self, event: Any, subject: str, seq: int) -> Envelope:
        """The addressed form of a domain event, checked against its contract."""
        blank = Envelope(
            id=self.new_id(),
            type="",
            source=self._source,
            subject=subject,
            seq=seq,
            time=self.now,
            clinic_id=self.clinic_id,
            correlation_id=self._cause.correlation_id,
            causation_id=self._cause.causation_id,
            traceparent=self._cause.traceparent,
            data={},
        )
        return self._tell(event, blank)

    def commit(self) -> None:
        """Write everything or nothing."""
        writes, self._writes = self._writes, []
        try:
            with pymongo.timeout(self._budget):
                self._run(writes)
        except (ConnectionFailure, ExecutionTimeout) as error:
            raise TransientFailure(f"the database does not answer: {error}") from error
        except PyMongoError as error:
            if error.timeout or error.has_error_label("TransientTransactionError"):
                raise TransientFailure(f"the database does not answer: {error}") from error
            raise

    def _run(self, writes: Sequence[Write]) -> None:
        if len(writes) == 1:
            _run_one(writes[0], self.database, None)
        elif writes:
            with self.database.client.start_session() as session:
                session.with_transaction(lambda running: self._run_all(writes, running))

    def _run_all(self, writes: Sequence[Write], session: ClientSession) -> None:
        for write in writes:
            _run_one(write, self.database, session)
        self._failpoint.reach("unit.in_transaction")


def read(reading: Callable[[], R]) -> R:
    """What `reading` finds in the database. Raises `TransientFailure` when that does not answer."""
    try:
        return reading()
    except (ConnectionFailure, ExecutionTimeout) as error:
        raise TransientFailure(f"the database does not answer: {error}") from error


def _run_one(write: Write, database: Database[Document], session: ClientSession | None) -> None:
    try:
        write.run(database, session)
    except DuplicateKeyError as error:
        # It must leave the transaction's callback: the server has aborted already, and pymongo would try for ever.
        raise write.on_duplicate(Duplicate(write.collection, (error.details or {}).get("keyValue", {}))) from error


def as_envelope(entry: Mapping[str, Any]) -> Envelope:
    """The envelope that a stored outbox entry or event holds."""
    return Envelope(**{name: entry[name] for name in Envelope.__dataclass_fields__})


def with_data(envelope: Envelope, type: str, data: Mapping[str, Any]) -> Envelope:
    """The envelope with what it carries."""
    return replace(envelope, type=type, data=data)
