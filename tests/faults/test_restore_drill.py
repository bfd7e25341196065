"""The drill: copied in the midst of the work, destroyed, restored on an empty database; and the work goes on.

What was done behind the cut is lost, and that is all: nothing acknowledged before it is missing, nothing overlaps,
nothing is said twice, and what may have been said meanwhile is listed for a person.
"""

import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
import requests

from deploy.backup.archive import BackupFault, Manifest
from deploy.backup.restore import restore
from deploy.backup.take import take
from deploy.local.local_server import LocalServer, Server
from deploy.local.mail_catcher import caught
from deploy.local.mongo import local_mongo
from deploy.local.story import Clinic
from deploy.local.waiting import wait_until
from services.notify.domain.ladder import GATHER
from shared import contracts
from shared.messaging.topics import topic_of
from shared.settings import PlatformSettings, load
from tests.support.fault_checks import Evidence, unsent, untold
from tests.support.fault_load import Answered
from tests.support.fault_stage import Stage, a_stage, at_ten
from tests.support.fault_wire import Topic

pytestmark = pytest.mark.timeout(400)

NOTIFY: Final = "notify.worker"
LINK: Final = re.compile(r"/booking/a/[\w-]+")


def test_a_restored_installation_keeps_its_word_and_works_on(
    tmp_path: Path, running_servers: tuple[Server, Server], seed: int
) -> None:
    _, kafka = running_servers
    with a_mongo(tmp_path / "first") as mongo, a_stage(tmp_path, (mongo, kafka)) as stage:
        at_ten(stage)  # so that nothing has to wait for the morning
        namespace, clinic = stage.platform.installation.namespace, stage.new_clinic()
        settings = settings_of(stage)
        history, before, copy = work_and_copy(stage, clinic, settings, seed)
    mails = len(caught(stage.platform.installation.mail_folder))
    with a_mongo(tmp_path / "second") as mongo:
        put_back(settings, mongo, copy)
        with a_stage(tmp_path, (mongo, kafka), namespace) as stage:
            stage.settle(clinic)
            kept = still_true(stage.evidence(clinic), history, before)
            assert not (lost := [answered for answered in before if answered not in kept]), lost
            print(f"answered before the cut {len(before)}, in all {len(history)}, still true {len(kept)}")
            looks_as_before(stage, clinic, mails)
            with stage.load(clinic, seed + 1) as load:
                load.advance(20)
            stage.keeps_its_word(clinic, [*kept, *load.history], seed)


@contextmanager
def a_mongo(folder: Path) -> Iterator[LocalServer]:
    """A database server of its own, gone with everything in it at the end; it keeps its past for a minute."""
    server = local_mongo(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


def settings_of(stage: Stage) -> PlatformSettings:
    """What an operator's command is given."""
    environment = stage.platform.installation.service_environment("booking.web", 0)
    return load(PlatformSettings, {name: value for name, value in environment.items() if name.startswith("KADENCE_")})


def work_and_copy(
    stage: Stage, clinic: Clinic, settings: PlatformSettings, seed: int
) -> tuple[list[Answered], list[Answered], Path]:
    """All answers, those that came before the copy was begun, and the copy.

    At the cut notify has not heard the latest; it hears and says it afterwards, in the time that will be lost. Of the
    very last that is told then, followup hears nothing: only Kafka still knows it when everything is destroyed.
    """
    stage.databases.admin.command("setParameter", 1, minSnapshotHistoryWindowInSeconds=60)
    with stage.load(clinic, seed) as load:
        load.advance(40)
        stage.platform.halt(NOTIFY)
        load.advance(25)
        before = list(load.history)
        copy, manifest = take(settings, stage.platform.installation.folder / "backups")
        print(f"copied {manifest.documents} documents, {manifest.bytes} bytes under load")
        load.advance(10)
        stage.platform.restart(NOTIFY)
        load.advance(20)
        stage.platform.halt("followup.worker")
        load.advance(15)
    stage.clock.move_to(stage.clock() + 2 * GATHER)
    evidence = stage.evidence(clinic)
    assert wait_until(lambda: not [*untold(evidence), *unsent(evidence, stage.clock())], 60), "not all is told and sent"
    return load.history, before, copy


def put_back(settings: PlatformSettings, mongo: Server, copy: Path) -> Manifest:
    """On an empty database; first Kafka, which knows more than the copy, has to forget."""
    empty = load(PlatformSettings, {**_environment(settings), "KADENCE_MONGO_URL": mongo.address})
    with pytest.raises(BackupFault, match="Kafka still has"):
        restore(empty, copy)
    for topic in contracts.topics():
        Topic(settings.kafka_bootstrap, topic_of(settings.namespace, topic.name)).delete()
    return restore(empty, copy)


def _environment(settings: PlatformSettings) -> dict[str, str]:
    return {f"KADENCE_{name.upper()}": str(value) for name, value in vars(settings).items()}


def still_true(evidence: Evidence, history: Sequence[Answered], before: Sequence[Answered]) -> list[Answered]:
    """The answers whose effect is in the databases; all others only if they came before the copy was begun."""
    rows = [*evidence.rows("booking", "patients"), *evidence.rows("booking", "series")]
    versions = {row["_id"]: row["version"] for row in rows}
    return [
        answered
        for answered in history
        if (_is_there(answered, versions) if is_change(answered) else answered in before)
    ]


def is_change(answered: Answered) -> bool:
    """Whether it made or changed a patient or a series."""
    return answered.is_done and (answered.path.endswith("/patients") or "/series" in answered.path)


def _is_there(answered: Answered, versions: dict[str, int]) -> bool:
    version: int = answered.content.get("version", 1)
    return version <= versions.get(answered.content["id"], 0)


def looks_as_before(stage: Stage, clinic: Clinic, mails: int) -> None:
    """The clinic's key is good, a patient's link opens, and what may have been said is listed instead of said again."""
    evidence = stage.evidence(clinic)
    in_doubt = {row["_id"]: row for row in evidence.rows("notify", "messages", status="unknown")}
    assert in_doubt, "nothing was due while the ledger was lost"
    assert {row["history"][-1]["cause"] for row in in_doubt.values()} == {"restored"}
    with stage.client(clinic) as client:
        calls = client.get(f"/notify/v1/clinics/{clinic.id}/calls?limit=200")["items"]
    listed = {call["message"]["id"] for call in calls if call["why"] == "restored"}
    assert listed, f"none of {len(in_doubt)} is listed"
    now = caught(stage.platform.installation.mail_folder)
    print(f"in doubt {len(in_doubt)}, listed {len(listed)}, mails {mails}")
    assert len(now) == mails, "something was said that may have been said before"
    [link, *_] = [found.group() for mail in now if (found := LINK.search(mail.text))]
    assert requests.get(f"{stage.platform.url}{link}", timeout=20).ok
