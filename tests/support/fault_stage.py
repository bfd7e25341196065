"""A supervised platform on which tests let things go wrong, and the end that each of those tests comes to."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

from pymongo import MongoClient

from deploy.local.local_server import Server
from deploy.local.platform import Platform
from deploy.local.story import Clinic, open_clinic
from deploy.local.story_stage import ZONE
from deploy.local.waiting import wait_until
from services.notify.domain.ladder import GATHER
from shared.clock import SimulatedClock
from shared.ids import new_id
from shared.localtime import at_local_time, local_date
from shared.persistence.mongo import connect, database
from tests.support.fault_checks import (
    TELLS,
    Evidence,
    broken_promises,
    changed_answers,
    unfinished,
    unseemly_answers,
    wrongs,
)
from tests.support.fault_load import Answered, Client, Load

PATIENCE_SECONDS: Final = 90.0
"""Who was killed is missed only when its lease or session has run out: the longest is the lease of a sender, 60 s."""
HEALTHY_WITHIN: Final = 60.0
SETTLED_WITHIN: Final = 120.0
"""Seconds until all is told, heard and sent; a message whose sender died waits for its lease of 60 s."""
REPEATED: Final = 40
"""How many requests of a history are made once more."""


@dataclass
class Stage:
    """The platform, its clock and its databases."""

    platform: Platform
    clock: SimulatedClock
    databases: MongoClient[dict[str, Any]]
    deaths: Counter[str] = field(default_factory=Counter)
    retired: set[str] = field(default_factory=set)

    def new_clinic(self) -> Clinic:
        """A clinic of its own for each test."""
        return open_clinic(self.platform.url, self.platform.platform_key, PATIENCE_SECONDS)

    def load(self, clinic: Clinic, seed: int) -> Load:
        """Clients of that clinic."""
        return Load(self.platform.url, clinic, seed, self.clock().date())

    def client(self, clinic: Clinic) -> Client:
        """One client of that clinic."""
        return Client(self.platform.url, clinic.key)

    def evidence(self, clinic: Clinic) -> Evidence:
        """The clinic's traces."""
        namespace = self.platform.installation.namespace
        where = {name: database(self.databases, namespace, name) for name in TELLS}
        return Evidence(where, clinic.id, self.platform.installation.mail_folder)

    def dies(self, part: str, times: int, within: float = 90.0) -> None:
        """Return when the supervisor has found it dead so often."""
        wanted = self.deaths[part] + times
        assert wait_until(lambda: self.deaths[part] >= wanted, within), f"{part} lives: {self.deaths}"

    def recover(self) -> None:
        """All processes are healthy soon after the last fault."""
        for name in self.platform.names:
            if name not in self.retired:
                self.platform.wait_ready(name, HEALTHY_WITHIN)

    @contextmanager
    def copies(self, *parts: str, failpoint: str = "") -> Iterator[list[str]]:
        """One more of each, as long as the block lasts."""
        extra = {"KADENCE_FAILPOINT": failpoint} if failpoint else {}
        added = [self.platform.add(part, extra) for part in parts]
        try:
            yield added
        finally:
            for copy in added:
                self.platform.halt(copy)
                self.retired.add(copy)

    @contextmanager
    def armed(self, failpoint: str, *parts: str) -> Iterator[None]:
        """These die at that point, in each of their lives, as long as the block lasts."""
        for part in parts:
            self.platform.restart(part, {"KADENCE_FAILPOINT": failpoint}, wait=False)
        try:
            yield
        finally:
            for part in parts:
                self.platform.restart(part, {}, wait=False)

    def settle(self, clinic: Clinic) -> None:
        """All is told, heard and sent."""
        evidence = self.evidence(clinic)

        def is_settled() -> bool:
            """Twice: what one look found done may have led to more behind its back."""
            return not (unfinished(evidence, self.clock()) or unfinished(evidence, self.clock()))

        if not wait_until(is_settled, SETTLED_WITHIN, every=0.5):
            left = unfinished(evidence, self.clock())
            assert not left, _told(left)

    def conclude(self, clinic: Clinic) -> None:
        """What every test ends with: all healthy, all told, heard and sent, and nothing wrong."""
        self.clock.move_to(self.clock() + 2 * GATHER)  # notices that wait for others are due as well
        self.recover()
        self.settle(clinic)
        evidence = self.evidence(clinic)
        faults = wrongs(evidence)
        assert not faults, _told(faults)
        events = {name: len(evidence.rows(name, "events")) for name in TELLS}
        print(f"events {events}, deaths {dict(+self.deaths)}")

    def keeps_its_word(
        self, clinic: Clinic, history: Sequence[Answered], seed: int, *, passing: Collection[str] = ()
    ) -> None:
        """`conclude`, and what clients were answered is true; `history` holds all that was ever asked for this clinic.

        `passing`: the failures that clients may meanwhile have been answered with.
        """
        self.conclude(clinic)
        acts = [answered for answered in history if answered.acts]
        with self.client(clinic) as client:
            faults = [
                *broken_promises(self.evidence(clinic), history),
                *unseemly_answers(history, passing),
                *changed_answers(client, Random(seed).sample(acts, min(REPEATED, len(acts)))),
            ]
        assert not faults, _told(faults)
        attempts = Counter(failure for answered in history for failure in answered.before)
        print(f"answers {dict(Counter(answered.status for answered in history))}, before them {dict(attempts)}")


def _told(faults: Sequence[str]) -> str:
    """The first few of them, none too long."""
    return "\n".join([f"{len(faults)} faults:", *(fault[:400] for fault in faults[:8])])


@contextmanager
def a_stage(folder: Path, servers: tuple[Server, Server], namespace: str = "") -> Iterator[Stage]:
    """A platform on running servers, in a namespace of its own unless it is to find an earlier one's."""
    deaths: Counter[str] = Counter()

    def note(name: str, state: str) -> None:
        deaths[name] += state.startswith("ended")

    namespace = namespace or f"faults{new_id().replace('-', '')[10:22]}"
    with (
        Platform(folder, namespace=namespace, servers=servers, tell=note) as platform,
        connect(platform.mongo.address) as databases,
    ):
        platform.supervise()
        yield Stage(platform, SimulatedClock(platform.installation.clock_file), databases, deaths)


def at_ten(stage: Stage) -> None:
    """Nobody is asked at night: the next weekday at ten."""
    now = stage.clock()
    days = next(days for days in range(1, 8) if local_date(now + timedelta(days=days), ZONE).weekday() == 0)
    stage.clock.move_to(at_local_time(now, ZONE, datetime(2000, 1, 1, 10).time(), days=days))  # noqa: DTZ001
