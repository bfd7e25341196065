"""What the platform's operator can see and mend in every service: backlog, held events, poison, telling again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from shared.errors import TransientFailure
from shared.messaging.inbox import Inbox
from shared.messaging.kafka import Following
from shared.messaging.outbox import Outbox
from shared.process.doctor import Doctor, Finding
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
