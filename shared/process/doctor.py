"""Looks at everything a service stands on, and says of each what is wrong and how it is mended.

Database, clock, master key and indexes; telling and hearing; the broker with its topics and this service's group. What
cannot be reached is a finding like others, so an operator learns of every fault at once.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from enum import StrEnum
from typing import Any, Final

import pymongo
from pymongo.database import Database
from pymongo.errors import PyMongoError

from shared.clock import system_clock
from shared.errors import TransientFailure
from shared.messaging.inbox import Inbox
from shared.messaging.kafka import Layout
from shared.messaging.outbox import Outbox
from shared.messaging.topics import ServiceTopics
from shared.persistence.leases import is_held
from shared.persistence.mongo import Index, missing_indexes, unknown_indexes, unreachable_members
from shared.persistence.sealed import KeyMissing, Sealer
from shared.persistence.unit_of_work import EVERY_CLINIC

ANSWER_SECONDS: Final = 3.0
SKEW_NOTED: Final = timedelta(seconds=1)
SKEW_BORNE: Final = timedelta(seconds=5)
"""Of the clock here against the database's: leases run on that one, everything that is promised on this one."""
UNTOLD_BORNE: Final = timedelta(seconds=60)
BEHIND_NOTED: Final = 1000
"""Records; a worker hears some hundreds in a second."""
_UNKNOWN_INDEX: Final = (
    "Made by another version or by hand; a unique one may refuse what is allowed by now. Drop it by a step in the "
    "service's store/indexes.py."
)
_THIN_TOPIC: Final = "Back up, and restore into an empty installation with the profile ha (docs/operating.md)."
_CATCHES_UP: Final = "start it again (docker-compose ps, docker-compose logs), it catches up by itself."
_MEMBER_GONE: Final = f"All goes on while a majority of the members answers; one more may be too many: {_CATCHES_UP}"
_BROKER_GONE: Final = f"A broker is gone or behind. All goes on; one more may be too many: {_CATCHES_UP}"


class State(StrEnum):
    """How grave a finding is: nothing to do, look at it some time, mend it."""

    WELL = "well"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True)
class Finding:
    """What was looked at, how it stands, what was seen, and what mends it (empty: nothing need be done)."""

    check: str
    state: State
    says: str
    mend: str = ""


@dataclass(frozen=True)
class Examined:
    """What a service stands on: its database with the indexes that it needs, how it seals, tells and hears."""

    database: Database[dict[str, Any]]
    indexes: Sequence[Index]
    sealer: Sealer
    outbox: Outbox
    inbox: Inbox


class Doctor:
    """Examines one service from within."""

    def __init__(self, service: str, examined: Examined, topics: ServiceTopics) -> None:
        self._service = service
        self._examined = examined
        self._topics = topics
        self._indexes_command = f"docker-compose run --rm {service}-indexes"

    def findings(self) -> list[Finding]:
        """Everything, well or not. Takes some seconds where something does not answer; never raises for that."""
        return [*self._all("mongodb", self._database), *self._all("kafka", self._broker)]

    def _all(self, what: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
        """What was found until something did not answer, which is then the last finding."""
        try:
            with pymongo.timeout(ANSWER_SECONDS):
                yield from look()
        except (PyMongoError, TransientFailure) as error:
            mend = f"See that {what} runs and that {self._service} may reach it: docker-compose ps, docker-compose logs"
            yield Finding(what, State.FAULT, f"does not answer: {error}", mend)

    def _database(self) -> Iterator[Finding]:
        hello = self._examined.database.command("hello")
        skew = abs(system_clock() - hello["localTime"].replace(tzinfo=UTC))
        members = len(hello.get("hosts", ()))
        yield Finding("mongodb", State.WELL, f"replica set {hello['setName']} of {members} member(s), a primary")
        if gone := unreachable_members(self._examined.database):
            says = f"not reached, or not up to date: {', '.join(gone)}"
            yield Finding("mongodb", State.WARNING, says, _MEMBER_GONE)
        yield clock_finding(skew)
        yield self._key()
        yield from self._indexes()
        yield from self._telling()
        yield self._set_aside()

    def _key(self) -> Finding:
        try:
            self._examined.sealer.seal(EVERY_CLINIC, "probe")
        except KeyMissing:
            new, old = self._indexes_command, "KADENCE_KEY must be the one that it began with"
            mend = f"{new}, if this installation is new; else {old}."
            return Finding("master key", State.FAULT, "does not open the platform's data key", mend)
        return Finding("master key", State.WELL, "opens what is sealed")

    def _indexes(self) -> Iterator[Finding]:
        missing = missing_indexes(self._examined.database, self._examined.indexes)
        if missing:
            yield Finding(
                "indexes", State.FAULT, f"missing or made otherwise: {', '.join(missing)}", self._indexes_command
            )
        else:
            yield Finding("indexes", State.WELL, f"all {len(self._examined.indexes)} are there")
        if unknown := unknown_indexes(self._examined.database, self._examined.indexes):
            says = f"not of this version: {', '.join(unknown)}"
            yield Finding("indexes", State.WARNING, says, _UNKNOWN_INDEX)

    def _telling(self) -> Iterator[Finding]:
        if not is_held(self._examined.database["leases"], "relay"):
            yield Finding("relay", State.FAULT, "no worker tells events", _start(self._service))
        lag = self._examined.outbox.lag()
        late = lag.age(system_clock()) > UNTOLD_BORNE
        says = f"{lag.count} events not told" + (
            f", the oldest of {lag.oldest_at:%Y-%m-%d %H:%M:%S} UTC" if late else ""
        )
        mend = (
            "See the findings about kafka and relay; what waits is told by itself when they are mended." if late else ""
        )
        yield Finding("outbox", State.FAULT if late else State.WELL, says, mend)

    def _set_aside(self) -> Finding:
        held, poison = self._examined.inbox.drawer.counts()
        says = f"{held} held events, {poison} poison records"
        mend = f"kadence set-aside {self._service}, then kadence replay or kadence discard" if held or poison else ""
        return Finding("set aside", State.FAULT if mend else State.WELL, says, mend)

    def _broker(self) -> Iterator[Finding]:
        topics = self._topics
        layouts = topics.layouts()
        if missing := sorted({topics.tells, *topics.hears} - layouts.keys()):
            mend = "The worker that tells on a topic makes it: see that all workers run."
            yield Finding("topics", State.FAULT, f"missing: {', '.join(missing)}", mend)
        faults = list(_weak_topics(layouts, topics.broker.replication))
        yield from faults
        if not missing and not faults:
            yield Finding("topics", State.WELL, f"all {len(layouts)} are there")
        if topics.hears and not missing:
            yield from self._hearing()

    def _hearing(self) -> Iterator[Finding]:
        following = self._topics.following()
        if not following.members:
            yield Finding("hearing", State.FAULT, "nobody hears", _start(self._service))
        behind = ", ".join(f"{topic} {count}" for topic, count in sorted(following.behind.items()))
        is_far = max(following.behind.values()) > BEHIND_NOTED
        mend = (
            "It catches up by itself while workers run; more of them (up to the partitions) are faster."
            if is_far
            else ""
        )
        yield Finding("hearing", State.WARNING if is_far else State.WELL, f"records not heard yet: {behind}", mend)


def _weak_topics(layouts: Mapping[str, Layout], copies: int) -> Iterator[Finding]:
    """Topics that were made with fewer copies than wanted, or whose copies are not all up to date now."""
    if thin := sorted(name for name, layout in layouts.items() if layout.replication < copies):
        yield Finding("topics", State.WARNING, f"fewer than {copies} copies: {', '.join(thin)}", _THIN_TOPIC)
    if behind := sorted(name for name, layout in layouts.items() if layout.underreplicated):
        counts = ", ".join(f"{name} {layouts[name].underreplicated}" for name in behind)
        yield Finding("topics", State.WARNING, f"partitions without all of their copies: {counts}", _BROKER_GONE)


def clock_finding(skew: timedelta) -> Finding:
    """How far the clock of this process is from the database's, which leases run on."""
    says = f"{skew.total_seconds():.1f} s from the database's"
    mend = "Let all machines of the installation take their time from one source (chrony, NTP)."
    if skew <= SKEW_NOTED:
        return Finding("clock", State.WELL, says)
    return Finding("clock", State.FAULT if skew > SKEW_BORNE else State.WARNING, says, mend)


def _start(service: str) -> str:
    return f"docker-compose up -d {service}-worker, then docker-compose logs {service}-worker"
