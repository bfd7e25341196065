"""Copies of three databases on a real MongoDB: consistent, vouched for, and put back whole or not at all."""

import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from deploy import SERVICES
from deploy.backup.archive import MANIFEST, BackupFault, Manifest, checked, part_file, read_documents
from deploy.backup.restore import INDEXES, STEPS, restore
from deploy.backup.take import LEFT_OUT, take
from deploy.local.installation import REPOSITORY, plain_environment, service_command
from deploy.local.waiting import wait_until
from shared.clock import system_clock
from shared.ids import new_id
from shared.messaging.kafka import Admin, Broker
from shared.persistence import mongo, restored, schema
from shared.persistence.fingerprints import Fingerprints
from shared.persistence.mongo import PLATFORM_INDEXES, connect, database
from shared.settings import PlatformSettings, load, master_key
from tests.integration.environment import an_environment
from tests.support.fault_wire import Topic

DB = Database[dict[str, Any]]
THINGS = 2500
HOURS = timedelta(hours=2)


@dataclass(frozen=True)
class Installation:
    """Three databases of one namespace."""

    settings: PlatformSettings
    client: MongoClient[dict[str, Any]]

    def __getitem__(self, service: str) -> DB:
        return database(self.client, self.settings.namespace, service)

    @property
    def databases(self) -> list[DB]:
        return [self[name] for name in SERVICES]

    def empty_one(self) -> "Installation":
        """Another one on the same server, with the same master key."""
        return replace(self, settings=replace(self.settings, namespace=f"t{new_id().replace('-', '')[6:26]}"))

    def drop(self) -> None:
        for where in self.databases:
            self.client.drop_database(where.name)

    @property
    def is_untouched(self) -> bool:
        return not any(where.list_collection_names() for where in self.databases)

    def content(self) -> dict[str, list[Any]]:
        found = {
            f"{service}.{name}": list(self[service][name].find(sort=[("_id", 1)]))
            for service in SERVICES
            for name in self[service].list_collection_names()
            if name not in LEFT_OUT
        }
        return {name: rows for name, rows in found.items() if rows}


@dataclass(frozen=True)
class Copy:
    """A backup of an installation."""

    of: Installation
    folder: Path
    manifest: Manifest


@pytest.fixture(scope="module")
def lost(mongo_url: str, kafka_bootstrap: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation with something in each of its databases, and events told some days ago."""
    environment = an_environment(mongo_url, tmp_path_factory.mktemp("settings"))
    settings = load(PlatformSettings, {**environment, "KADENCE_KAFKA_BOOTSTRAP": kafka_bootstrap})
    with connect(mongo_url) as client:
        # A test server forgets its past after five seconds, so that dropped files do not pile up.
        client.admin.command("setParameter", 1, minSnapshotHistoryWindowInSeconds=60)
        lost = Installation(settings, client)
        for where in lost.databases:
            where["things"].insert_many(
                {"_id": number, "at": system_clock(), "of": where.name} for number in range(THINGS)
            )
            where["leases"].insert_one({"_id": "relay", "owner": "somebody"})
            where["relay_state"].insert_one({"_id": "topic", "cluster_id": "another"})
        for service in SERVICES:
            schema.bring_up(lost[service], STEPS[service])
        lost["booking"]["events"].insert_many(told(days) for days in (0, 6, 8))
        yield lost
        lost.drop()
        client.admin.command("setParameter", 1, minSnapshotHistoryWindowInSeconds=5)


def told(days_ago: int) -> dict[str, Any]:
    event = {"_id": f"{days_ago}", "aggregate": f"a/{days_ago}", "seq": 1, "state": "sent", "again": 0}
    return {**event, "sent_at": system_clock() - timedelta(days=days_ago), "time": system_clock()}


@pytest.fixture(scope="module")
def copy(lost: Installation, tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return Copy(lost, *take(lost.settings, tmp_path_factory.mktemp("copies")))


@pytest.fixture(scope="module")
def put_back(copy: Copy) -> Iterator[Installation]:
    """What became of that copy."""
    back = copy.of.empty_one()
    assert restore(back.settings, copy.folder, stopped_at=copy.manifest.cut_at + HOURS) == copy.manifest
    yield back
    back.drop()


@pytest.fixture
def empty(lost: Installation) -> Iterator[Installation]:
    empty = lost.empty_one()
    yield empty
    empty.drop()


def test_everything_is_put_back_but_what_was_true_of_the_lost_processes_only(
    lost: Installation, put_back: Installation
) -> None:
    def as_it_was(found: dict[str, list[Any]]) -> dict[str, list[Any]]:
        return {name: rows for name, rows in found.items() if name != "booking.events"}

    assert as_it_was(put_back.content()) == as_it_was(lost.content())
    assert not any({"leases", "relay_state"} & set(where.list_collection_names()) for where in put_back.databases)


@pytest.mark.parametrize("service", SERVICES)
def test_every_index_of_the_services_tables_stands_again(service: str, put_back: Installation) -> None:
    where = put_back[service]
    found = {(name, index) for name in where.list_collection_names() for index in where[name].index_information()}
    assert {(index.collection, index.name) for index in (*PLATFORM_INDEXES, *INDEXES[service])} <= found


def test_what_was_told_within_the_life_of_a_topic_is_told_again(put_back: Installation) -> None:
    states = {row["_id"]: row["state"] for row in put_back["booking"]["events"].find()}
    assert states == {"0": "new", "6": "new", "8": "sent"}


def test_a_restored_installation_knows_until_when_things_may_have_been_done_that_it_has_forgotten(
    lost: Installation, copy: Copy, put_back: Installation
) -> None:
    assert [restored.lost_until(where) for where in lost.databases] == [None] * 3
    assert [restored.lost_until(where) for where in put_back.databases] == [copy.manifest.cut_at + HOURS] * 3


def test_an_installation_that_is_not_empty_is_left_alone(copy: Copy, lost: Installation) -> None:
    with pytest.raises(BackupFault, match="not empty"):
        restore(lost.settings, copy.folder)
    assert not restored.is_half(lost["booking"])
    assert lost["booking"]["leases"].count_documents({}) == 1


@pytest.mark.parametrize("part", [str(part_file("booking", "things")), MANIFEST])
def test_what_was_changed_after_it_was_written_is_not_restored(
    part: str, copy: Copy, empty: Installation, tmp_path: Path
) -> None:
    folder = shutil.copytree(copy.folder, tmp_path / "changed")
    content = bytearray((folder / part).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / part).write_bytes(content)
    with pytest.raises(BackupFault, match=part):
        restore(empty.settings, folder)
    assert empty.is_untouched


def test_another_master_key_could_not_open_it_and_restores_nothing(
    copy: Copy, empty: Installation, tmp_path: Path
) -> None:
    assert checked(copy.folder, Fingerprints(master_key(empty.settings.key))) == copy.manifest
    other = an_environment("mongodb://unused", tmp_path)["KADENCE_KEY"]
    with pytest.raises(BackupFault, match="KADENCE_KEY"):
        restore(replace(empty.settings, key=other), copy.folder)
    assert empty.is_untouched


def test_a_backup_that_a_newer_program_took_is_left_to_it(
    lost: Installation, empty: Installation, tmp_path: Path
) -> None:
    of_now = lost["notify"][schema.COLLECTION].find_one_and_replace({}, {"version": 99, "oldest": 99})
    try:
        folder, _ = take(lost.settings, tmp_path)
    finally:
        lost["notify"][schema.COLLECTION].replace_one({}, of_now or {})
    with pytest.raises(BackupFault, match="notify is kept as of version 99"):
        restore(empty.settings, folder)
    assert empty.is_untouched


def test_topics_that_tell_of_what_came_behind_the_cut_are_never_heard(copy: Copy, empty: Installation) -> None:
    bootstrap, topic = empty.settings.kafka_bootstrap, f"{empty.settings.namespace}.notify.v1"
    admin = Admin(Broker(bootstrap, partitions=1))
    admin.ensure_topics([topic])
    try:
        with pytest.raises(BackupFault, match=topic):
            restore(empty.settings, copy.folder)
    finally:
        Topic(bootstrap, topic).delete()
        admin.close()
    assert empty.is_untouched


def test_nothing_starts_on_a_restore_that_was_cut_off_and_the_next_one_begins_anew(
    copy: Copy, empty: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.backup.restore.create_indexes", _cut_off)
    with pytest.raises(KeyboardInterrupt):
        restore(empty.settings, copy.folder)
    assert empty["booking"]["things"].count_documents({}) == THINGS
    for where in empty.databases:
        with pytest.raises(restored.HalfRestored, match="once more"):
            restored.require_whole(where)
    monkeypatch.setattr("deploy.backup.restore.create_indexes", lambda *_: None)
    restore(empty.settings, copy.folder)
    for where in empty.databases:
        restored.require_whole(where)
        assert where["things"].count_documents({}) == THINGS


def test_a_restore_waits_for_the_server_as_long_as_that_works(
    copy: Copy, empty: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(where: DB) -> None:
        assert where["things"].find_one({"_id": 0, "$where": "sleep(1500) || true"})

    haste = 700  # milliseconds that a client of a service waits in here, instead of 20 seconds
    monkeypatch.setitem(mongo.CLIENT_OPTIONS, "socketTimeoutMS", haste)
    step = schema.Step("works slowly", run=slow, oldest=0)
    monkeypatch.setitem(STEPS, "booking", [*STEPS["booking"], step])
    restore(empty.settings, copy.folder)
    restored.require_whole(empty["booking"])


@pytest.mark.parametrize("role", ["web", "worker", "indexes"])
def test_a_process_says_why_it_does_not_start_on_half_a_restore(
    role: str, empty: Installation, kafka_bootstrap: str, tmp_path: Path
) -> None:
    restored.begin(empty["followup"])
    said = refusal(role, empty, kafka_bootstrap, tmp_path)
    assert f"{empty['followup'].name}: a restore was cut off here" in said


@pytest.mark.parametrize("role", ["web", "worker", "indexes"])
def test_nor_on_what_it_does_not_know(role: str, empty: Installation, kafka_bootstrap: str, tmp_path: Path) -> None:
    empty["followup"][schema.COLLECTION].insert_one({"_id": "schema", "version": 99, "oldest": 99})
    said = refusal(role, empty, kafka_bootstrap, tmp_path)
    assert f"{empty['followup'].name}: kept as of version 99" in said


@pytest.mark.parametrize("role", ["web", "worker"])
def test_nor_before_its_own_steps_are_run(role: str, empty: Installation, kafka_bootstrap: str, tmp_path: Path) -> None:
    assert "Run `indexes` first" in refusal(role, empty, kafka_bootstrap, tmp_path)


def refusal(role: str, empty: Installation, kafka_bootstrap: str, tmp_path: Path) -> str:
    """What a process of followup says that does not start."""
    given = {"KADENCE_KAFKA_BOOTSTRAP": kafka_bootstrap, "KADENCE_NAMESPACE": empty.settings.namespace}
    environment = {**plain_environment(), **an_environment(empty.settings.mongo_url, tmp_path), **given}
    command = service_command("followup", role)
    ended = subprocess.run(
        command, env=environment, cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 1
    return ended.stderr


def _cut_off(*_: Any) -> None:
    raise KeyboardInterrupt


def test_only_the_owner_can_read_a_copy_and_nothing_of_an_unfinished_one_is_left(
    copy: Copy, lost: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes = {path.stat().st_mode & 0o777 for path in copy.folder.rglob("*") if path.is_file()}
    assert (copy.folder.stat().st_mode & 0o777, modes) == (0o700, {0o600})

    def fail(*_: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("deploy.backup.take.write_manifest", fail)
    with pytest.raises(OSError, match="disk full"):
        take(lost.settings, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_copy_holds_no_effect_without_its_cause(empty: Installation, tmp_path: Path) -> None:
    """Somebody writes to one database, then to the next one, all the while; the copy reads them the other way round."""
    over = threading.Event()

    def write() -> None:
        number = 0
        while not over.is_set():
            number += 1
            for name in reversed(SERVICES):
                empty[name]["chain"].insert_one({"_id": number})

    def written() -> int:
        """What a majority has: the copy is of that, and an estimate may be a moment ahead of it."""
        return empty[SERVICES[0]]["chain"].count_documents({})

    def reached(count: int) -> bool:
        return wait_until(lambda: written() >= count, 20)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert reached(20)
        folder, _ = take(empty.settings, tmp_path)
        assert reached(written() + 5), "nobody wrote meanwhile"
    finally:
        over.set()
        writer.join()
    causes, *_, effects = [
        sum(1 for _ in read_documents(folder / part_file(name, "chain"))) for name in reversed(SERVICES)
    ]
    assert 20 <= effects <= causes <= effects + 1
