"""The operator's command line against the running platform."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from deploy.local.ports import free_port
from tests.e2e.command_line import run, run_anyhow
from tests.e2e.practice import AWAKE, SCOPES, Practice, add_resources, open_practice, six_times
from tests.e2e.set_aside import HEARD_BY, discard_all, hold_events, listed, spoil_records
from tests.e2e.town import Http, Town, eventually, ok, problem


def shown(town: Town, *arguments: str) -> Any:
    done = run(town, *arguments)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return json.loads(done.stdout)


def create(town: Town, name: str, zone: str, country: str) -> Practice:
    options = {"--name": name, "--sender-alias": "Clinic", "--zone": zone, "--country": country, "--phone": "0100"}
    made = shown(town, "create-clinic", *(part for pair in options.items() for part in pair))
    assert made["access_key"]["access_key"]["scopes"] == ["admin"]
    owner = Practice(town, made["clinic"]["id"], made["access_key"]["key"], zone)
    practice = replace(owner, key=owner.issue_key(*SCOPES)["key"])
    practice.wait_known(practice.key)
    return practice


@pytest.fixture(scope="module")
def own(town: Town) -> Practice:
    return open_practice(town, name="Command Line Clinic", chairs=0, nurses=0)


def test_a_second_clinic_in_another_zone_is_one_command_and_neither_sees_the_other(town):
    berlin = create(town, "Zweite Praxis", "Europe/Berlin", "DE")
    sydney = create(town, "Third Clinic", "Australia/Sydney", "AU")
    for practice, phone in ((berlin, "+493055501000"), (sydney, "+61255501000")):
        for kind in ("chair", "nurse"):
            add_resources(practice, kind, 1)
        series = practice.book(practice.register(phone=phone)["id"])
        at_home = datetime.fromisoformat(series["sessions"][0]["starts_at"]).astimezone(ZoneInfo(practice.zone))
        assert f"{at_home:%Y-%m-%dT%H:%M}" == series["sessions"][0]["starts_local"]
        eventually(practice.messages, "planning the messages")
    for one, other in ((berlin, sydney), (sydney, berlin)):
        for service, rest in (
            ("booking", "/patients"),
            ("booking", "/series"),
            ("booking", "/resources"),
            ("notify", "/messages"),
        ):
            problem(one.http.get(other.at(service, rest)), 404, "not-found")
            mine = ok(one.http.get(one.at(service, rest), limit=200))["items"]
            theirs = ok(other.http.get(other.at(service, rest), limit=200))["items"]
            assert mine
            assert {row["id"] for row in mine}.isdisjoint(row["id"] for row in theirs)
    listing = run(town, "list-clinics").stdout
    assert f"{berlin.id}  Europe/Berlin" in listing
    assert f"{sydney.id}  Australia/Sydney" in listing


def test_a_key_is_issued_listed_rotated_and_revoked(town, own):
    issued = shown(
        town, "issue-key", "--clinic", own.id, "--label", "Desk", "--scope", "front_desk", "--scope", "clinician"
    )
    own.wait_known(issued["key"])
    id = issued["access_key"]["id"]
    rows = shown(town, "list-keys", "--clinic", own.id)
    assert [(row["label"], row["scopes"]) for row in rows if row["id"] == id] == [("Desk", ["front_desk", "clinician"])]
    assert issued["key"] not in json.dumps(rows)
    new = shown(town, "rotate-key", "--clinic", own.id, "--key-id", id, "--overlap-hours", "0")
    eventually(lambda: own.statuses(issued["key"]) == [401, 401, 401], "ending the old key")
    own.wait_known(new["key"])
    revoked = shown(town, "revoke-key", "--clinic", own.id, "--key-id", new["access_key"]["id"])
    assert revoked["revoked_at"] is not None
    eventually(lambda: own.statuses(new["key"]) == [401, 401, 401], "making the new key void")


@pytest.fixture
def clean(town: Town) -> Iterator[None]:
    """Nothing is set aside, before and after."""
    for service in ("followup", "notify"):
        discard_all(town, service)
    yield
    for service in ("followup", "notify"):
        discard_all(town, service)


def test_the_audit_chains_of_all_clinics_are_verified(town, own):
    done = run(town, "audit", "verify")
    assert (done.returncode, done.stderr) == (0, "")
    of_own = [line for line in done.stdout.splitlines() if line.startswith(own.id)]
    assert len(of_own) == 1
    assert run(town, "audit", "verify", "--clinic", own.id).stdout.splitlines() == of_own


@pytest.mark.usefixtures("clean")
def test_the_doctor_finds_a_running_platform_well_and_what_was_set_aside(town):
    (well,) = eventually(lambda: [done for done in [run(town, "doctor")] if done.returncode == 0], "catching up")
    looked_at = {tuple(line.split()[1:3]) for line in well.stdout.splitlines()}
    assert {("booking", "mongodb"), ("followup", "hearing"), ("notify", "topics"), ("notify", "clock")} <= looked_at
    hold_events(town, 1)
    ill = run(town, "doctor")
    assert (ill.returncode, ill.stderr) == (1, "")
    assert f"mend: kadence set-aside {HEARD_BY}" in ill.stdout


@pytest.mark.usefixtures("clean")
def test_the_backlog_tells_by_its_exit_status_whether_somebody_must_act(town):
    calm = run(town, "backlog")
    assert (calm.returncode, calm.stderr) == (0, "")
    lines = calm.stdout.splitlines()
    assert [line.split()[0] for line in lines if not line.startswith(" ")] == ["booking", "followup", "notify"]
    assert "messages.queued" in calm.stdout
    assert "alerts.raised" in calm.stdout
    (held,) = hold_events(town, 1)
    (spoiled,) = spoil_records(town, 1)
    busy = run(town, "backlog")
    assert busy.returncode == 1
    row = next(line for line in busy.stdout.splitlines() if line.startswith(HEARD_BY))
    assert "held 1, poison 1" in row
    aside = shown(town, "set-aside", HEARD_BY)
    assert [one["id"] for one in aside["held"]] == [held]
    assert [one["id"] for one in aside["poison"]] == [spoiled]
    assert shown(town, "replay", HEARD_BY, "poison", spoiled)["outcome"]
    assert "done" in shown(town, "discard", HEARD_BY, "held", held)
    discard_all(town, HEARD_BY)
    assert shown(town, "set-aside", HEARD_BY) == {"held": [], "poison": []}


@pytest.mark.usefixtures("clean")
def test_events_are_told_again_without_another_effect(town):
    since = town.clock() - timedelta(seconds=1)
    practice = open_practice(town, **AWAKE)
    practice.book(practice.register(email="somebody@example.com")["id"], six_times(practice.soon()))
    eventually(lambda: [row["kind"] for row in practice.messages(status="sent")], "sending the confirmation")
    before = practice.messages()
    until = town.clock() + timedelta(seconds=1)
    window = ("--since", since.isoformat(), "--until", until.isoformat())

    def told_again() -> int:
        return int(shown(town, "republish", "booking", *window, "--clinic", practice.id)["done"])

    # Clinic, key, patient, series; what the relay has not told yet does not count.
    assert eventually(lambda: told_again() >= 4, "telling it all")
    assert listed(town, "poison") == []
    # An event told after them has been heard: so have they.
    practice.wait_known(practice.issue_key("front_desk")["key"])
    carried = shown(town, "republish", "booking", *window, "--clinic", practice.id, "--into", "notify")
    assert carried.keys() == {"duplicate"}
    assert [(row["id"], row["due_at"]) for row in practice.messages()] == [(row["id"], row["due_at"]) for row in before]
    assert run(town, "backlog").returncode == 0


def one_line(done: "subprocess.CompletedProcess[str]", *words: str) -> None:
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert [word for word in words if word not in done.stderr] == []


def test_what_cannot_work_is_one_clear_line(town, own, tmp_path):
    key_file = str(town.platform.installation.platform_key_file)
    one_line(run_anyhow("--key-file", str(tmp_path / "none"), "list-clinics"), "No key at", "--key-file")
    nobody = f"http://127.0.0.1:{free_port()}"
    one_line(run_anyhow("--url", nobody, "--key-file", key_file, "list-clinics"), "Nothing answers at", nobody)
    one_line(run_anyhow("--url", "gibberish", "--key-file", key_file, "list-clinics"), "gibberish")
    wrong = tmp_path / "key"
    wrong.write_text("kad_platform_wrong")
    one_line(run_anyhow("--url", town.url, "--key-file", str(wrong), "list-clinics"), "401", "key-refused")
    one_line(run(town, "issue-key", "--clinic", "nobody", "--label", "x", "--scope", "admin"), "404")
    one_line(run(town, "replay", "notify", "held", "nothing"), "404")
    one_line(run(town, "revoke-key", "--clinic", own.id, "--key-id", "nothing"), "404")


def test_faults_of_what_was_typed_are_listed(town):
    done = run(
        town,
        "create-clinic",
        "--name",
        "X",
        "--sender-alias",
        "X",
        "--zone",
        "Mars/Base",
        "--country",
        "Mars",
        "--phone",
        "1",
    )
    assert done.returncode == 1
    assert {line.split(":")[0].strip() for line in done.stderr.splitlines()[1:]} == {"/zone", "/country"}
    backwards = run(town, "republish", "booking", "--since", "yesterday", "--until", "2026-03-09T00:00:00Z")
    assert "/since" in backwards.stderr


def test_the_key_is_never_on_the_command_line_or_told(town, own):
    asked = (
        run(town, "--help").stdout
        + run(town, "list-keys", "--clinic", own.id).stdout
        + run(town, "list-clinics").stdout
    )
    assert Http(town.url, None).get("/booking/v1/clinics").status_code == 401
    assert town.platform.platform_key not in asked
