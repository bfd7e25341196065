"""Thousands of messages, two workers that are killed again and again, providers that do everything wrong.

Half go by e-mail to a real SMTP server, which knows no keys; half by SMS over HTTP to a gateway, which does, but drops
calls, answers 429 and 500, dies in the middle of an answer and sends a receipt of every second message only. Each is
delivered exactly once, or it is listed as unknown; none is lost. A provider like Twilio, which knows no keys either, is
asked back.

How many: `--messages=10000` (600 unless said otherwise). The counts are printed (`-s`, or `-rP`).
"""

import re
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest
import requests
from pymongo.database import Database

from bench.heap import Heap, phone_of
from deploy.local.installation import REPOSITORY, plain_environment
from deploy.local.ports import HOST, accepts, free_port
from deploy.local.processes import Process
from deploy.local.story import Clinic
from deploy.local.waiting import wait_until
from services.notify.domain.message import ASK_AFTER, ASK_TIMES, Channel, Message
from shared.persistence.sealed import Sealer
from shared.settings import master_key
from tests.support.fault_stage import Stage, at_ten
from tests.support.sms_provider import ACCOUNT, GATEWAY, SECRET, TOKEN, kept

TROUBLES: Final = {
    "drop-before": 0.01,
    "drop-after": 0.01,
    "500": 0.005,
    "500-after": 0.005,
    "die": 0.01,
    "429": 0.004,
    "slow": 0.0005,
}
WORKER: Final = "notify.worker"
BETWEEN: Final = (10, 150)
"""Messages between two kills."""
UNTIL_LEFT: Final = 0.15
"""The share of messages that is left to workers who live."""
PER_SECOND: Final = 8
"""Messages a second that are certainly made, kills and all."""
LEASES: Final = 200.0
"""Seconds for those whose sender died, and died again behind them."""
_ID: Final = re.compile(rb"^Message-ID: <([^@>]+)@", re.MULTILINE | re.IGNORECASE)


@pytest.fixture
def messages(request: pytest.FixtureRequest) -> int:
    """How many there are, e-mail and SMS together."""
    value: int = request.config.getoption("messages")
    return value


@dataclass(frozen=True)
class Ended:
    """How a run ended: what became of each row, and how often each message arrived."""

    planned: Sequence[Message]
    status: dict[str, str]
    arrived: Counter[str]
    kills: int

    @property
    def wrongs(self) -> list[str]:
        """Rows that say something that is not true."""
        return [
            f"{row.channel} {row.id}: {self.status.get(row.id, 'lost')}, arrived {self.arrived[row.id]} times"
            for row in self.planned
            if not self._is_true(row.id)
        ]

    def in_doubt(self, channel: Channel) -> list[str]:
        """What is listed as unknown."""
        return [row.id for row in self.planned if row.channel is channel and self.status.get(row.id) == "unknown"]

    def told(self, title: str) -> str:
        counts = Counter((row.channel.value, self.status.get(row.id, "lost")) for row in self.planned)
        in_doubt = [id for channel in Channel for id in self.in_doubt(channel)]
        return (
            f"{title}: {len(self.planned)} messages, {self.kills} kills; arrived {self.arrived.total()}, "
            f"at most {max(self.arrived.values())} times each; {dict(sorted(counts.items()))}; "
            f"of the unknown {sum(self.arrived[id] for id in in_doubt)} had arrived"
        )

    def _is_true(self, id: str) -> bool:
        status, times = self.status.get(id), self.arrived[id]
        return times == 1 if status in {"sent", "delivered"} else status == "unknown" and times <= 1


@pytest.fixture
def scene(stage: Stage, clinic: Clinic, tmp_path: Path) -> "Scene":
    """At ten in the morning, so that nothing has to wait."""
    at_ten(stage)
    return Scene(stage, clinic, tmp_path)


@pytest.mark.timeout(1800)
def test_workers_that_are_killed_send_each_message_once_or_list_it_as_unknown(
    scene: "Scene", seed: int, messages: int
) -> None:
    with sms_provider(scene, seed) as url, two_workers(scene.stage, "gateway", url) as workers:
        planned = [*scene.heap(messages // 2, Channel.SMS), *scene.heap(messages // 2, Channel.EMAIL)]
        kills = scene.kill_until_little_is_left(workers, Random(seed), len(planned))
        scene.come_to_an_end(len(planned))
        ended = scene.ended(planned, kills)
        print(ended.told(f"gateway and SMTP, {seen(url)}"))
    assert not ended.wrongs, "\n".join([f"{len(ended.wrongs)} of {len(planned)}", *ended.wrongs[:12]])
    assert not ended.in_doubt(Channel.SMS), "a provider that knows our keys leaves nothing in doubt"


@pytest.mark.timeout(1800)
def test_a_provider_that_knows_no_keys_is_asked_what_became_of_calls_without_an_end(
    scene: "Scene", seed: int, messages: int
) -> None:
    with sms_provider(scene, seed) as url, two_workers(scene.stage, "twilio", url):
        planned = scene.heap(messages // 3, Channel.SMS)
        scene.come_to_an_end(len(planned))
        ended = scene.ended(planned, 0)
        print(ended.told(f"like Twilio, {seen(url)}"))
    assert not ended.wrongs, "\n".join([f"{len(ended.wrongs)} of {len(planned)}", *ended.wrongs[:12]])
    assert not [id for id in ended.in_doubt(Channel.SMS) if ended.arrived[id]], "what it knows is found out"


@dataclass(frozen=True)
class Scene:
    """A clinic of its own on the stage; `folder` is where the provider keeps what it delivered."""

    stage: Stage
    clinic: Clinic
    folder: Path

    def heap(self, count: int, channel: Channel) -> list[Message]:
        """So many messages that are due now."""
        sealer = Sealer(self._database, master_key(self.stage.platform.installation.key_file.read_text()))
        now = self.stage.clock()
        return Heap(self._database, self.clinic.id, partial(sealer.seal, self.clinic.id), now).add(
            count, channel, due_at=now
        )

    def kill_until_little_is_left(self, workers: Sequence[str], chance: Random, count: int) -> int:
        """Kill -9 of one of them after another, each at some moment behind some messages; how often."""
        kills, left = 0, self.left()
        deadline = time.monotonic() + LEASES + count / PER_SECOND
        while left > UNTIL_LEFT * count:
            self._work_off(max(left - chance.randint(*BETWEEN), round(UNTIL_LEFT * count)), deadline)
            wait_until(lambda: False, chance.random() / 2)
            victim = chance.choice(workers)
            self.stage.platform.kill(victim)
            kills += 1
            self.stage.platform.wait_ready(victim)
            left = self.left()
        return kills + self._kill_all(workers)

    def _kill_all(self, workers: Sequence[str]) -> int:
        """All at once; what the dead had claimed falls free at once, not only after the minute of its lease."""
        for worker in workers:
            self.stage.platform.kill(worker)
        ran_out = {"$set": {"lease.until": self.stage.clock() - timedelta(days=3650)}}
        held = {"clinic_id": self.clinic.id, "lease.until": {"$exists": True}}
        self._database["messages"].update_many(held, ran_out)
        for worker in workers:
            self.stage.platform.wait_ready(worker)
        return len(workers)

    def _work_off(self, until_left: int, deadline: float) -> None:
        within = deadline - time.monotonic()
        assert wait_until(lambda: self.left() <= until_left, within, every=0.2), f"{self.left()} are left"

    def come_to_an_end(self, count: int) -> None:
        """Nothing waits any more, and who can be asked was asked."""
        within = LEASES + count / PER_SECOND
        assert wait_until(lambda: self.left() == 0, within, every=0.5), f"{self.left()} of {count} are left"
        for _ in range(ASK_TIMES):
            self.stage.clock.move_to(self.stage.clock() + ASK_AFTER + timedelta(seconds=1))
            assert wait_until(lambda: self._to_ask() == 0, within, every=0.5), f"{self._to_ask()} were not asked about"

    def left(self) -> int:
        return self._count({"status": {"$in": ["queued", "sending"]}})

    def ended(self, planned: Sequence[Message], kills: int) -> Ended:
        rows = self._database["messages"].find({"clinic_id": self.clinic.id}, {"status": 1})
        return Ended(planned, {row["_id"]: row["status"] for row in rows}, self._arrived(planned), kills)

    def _arrived(self, planned: Sequence[Message]) -> Counter[str]:
        """How often each message came to a phone or a mailbox; what other stories' clinics have due is not ours."""
        phones = {phone_of(int(row.about.rpartition("-")[2])): row.id for row in planned if row.channel is Channel.SMS}
        mails = self.stage.platform.installation.mail_folder.glob("*.eml")
        found = (_ID.search(mail.read_bytes()) for mail in mails)
        mine = {row.id for row in planned}
        mailed = [id for one in found if one and (id := one[1].decode()) in mine]
        texted = [phones[one.to] for one in kept(self.folder) if one.to in phones]
        return Counter([*texted, *mailed])

    def _to_ask(self) -> int:
        """SMS in doubt that are to be asked about now."""
        return self._count({"status": "unknown", "channel": "sms", "next_at": {"$lte": self.stage.clock()}})

    def _count(self, filter: dict[str, Any]) -> int:
        return self._database["messages"].count_documents({"clinic_id": self.clinic.id, **filter})

    @property
    def _database(self) -> Database[dict[str, Any]]:
        return self.stage.evidence(self.clinic).databases["notify"]


@contextmanager
def sms_provider(scene: Scene, seed: int) -> Iterator[str]:
    """The double in a process of its own; its address."""
    port = free_port()
    module = (sys.executable, "-m", "tests.support.sms_provider", "--port", f"{port}", "--folder", f"{scene.folder}")
    chances = [part for name, share in TROUBLES.items() for part in ("--trouble", f"{name}={share}")]
    options = ("--seed", f"{seed}", "--clock", f"{scene.stage.platform.installation.clock_file}", "--receipts", "0.5")
    log = scene.folder / "double.log"
    double = Process("sms", [*module, *chances, *options], log=log, env=plain_environment(), cwd=REPOSITORY)
    double.start()
    try:
        double.wait_ready(lambda: accepts(port), 30)
        yield f"http://{HOST}:{port}"
    finally:
        double.stop()


@contextmanager
def two_workers(stage: Stage, provider: str, url: str) -> Iterator[list[str]]:
    """The worker there is and one more send by this provider, as long as the block lasts."""
    settings = {
        "KADENCE_SMS_PROVIDER": provider,
        "KADENCE_SMS_PER_SECOND": "200",
        "KADENCE_SMS_GATEWAY_URL": f"{url}{GATEWAY}",
        "KADENCE_SMS_GATEWAY_TOKEN": TOKEN,
        "KADENCE_SMS_GATEWAY_SECRET": SECRET,
        "KADENCE_TWILIO_ACCOUNT_SID": ACCOUNT,
        "KADENCE_TWILIO_AUTH_TOKEN": TOKEN,
        "KADENCE_TWILIO_BASE_URL": url,
    }
    for part in ("notify.web", WORKER):
        stage.platform.restart(part, settings)
    second = stage.platform.add(WORKER, settings)
    try:
        yield [WORKER, second]
    finally:
        stage.platform.halt(second)
        stage.retired.add(second)
        for part in ("notify.web", WORKER):
            stage.platform.restart(part, {})


def seen(url: str) -> Any:
    """What the provider did to us."""
    return requests.get(f"{url}/_seen", timeout=60).json()["seen"]
