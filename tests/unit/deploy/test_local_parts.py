"""The parts of a local installation that need neither servers nor sockets."""

import re
import stat
import sys

import pytest
from werkzeug.test import Client

from deploy.local import gateway, kafka_jars
from deploy.local.binaries import program_in_wheel, require_libraries
from deploy.local.children import Child
from deploy.local.faults import LocalFault
from deploy.local.installation import PARTS, Installation, Ports, plain_environment
from deploy.local.key_files import master_key_file, platform_key_file
from deploy.local.local_server import OutsideServer
from deploy.local.mail_catcher import caught, keep
from deploy.local.processes import Process
from deploy.local.servers import kafka, mongo
from deploy.local.waiting import wait_until


def an_installation(folder, clock="simulated") -> Installation:
    return Installation(
        folder=folder,
        namespace="kadence",
        clock=clock,
        ports=Ports.fixed(),
        mongo_url="mongodb://there",
        kafka_bootstrap="there:9092",
        key_file=folder / "master.key",
        tick_seconds=0.2,
        platform_key_file=folder / "platform.key",
    )


def test_fixed_ports_are_all_different():
    ports = Ports.fixed()
    all_of_them = [ports.gateway, ports.mail, ports.mongo, ports.kafka, *ports.parts.values()]
    assert len(set(all_of_them)) == 4 + len(PARTS)


@pytest.mark.parametrize("part", PARTS)
def test_a_part_listens_where_it_is_told_and_only_notify_knows_mail(tmp_path, part):
    environment = an_installation(tmp_path).service_environment(part, 7777)
    own, other = ("KADENCE_HTTP_PORT", "KADENCE_HEALTH_PORT")[:: 1 if part.endswith("web") else -1]
    assert environment[own] == "7777"
    assert environment[other] != "7777"
    assert ("KADENCE_SMTP_HOST" in environment) == part.startswith("notify")


def test_system_clock_needs_no_clock_file(tmp_path):
    environment = an_installation(tmp_path, clock="system").service_environment("booking.web", 1)
    assert environment["KADENCE_CLOCK"] == "system"
    assert "KADENCE_CLOCK_PATH" not in environment


def test_no_kadence_setting_of_the_caller_reaches_a_service(tmp_path, monkeypatch):
    monkeypatch.setenv("KADENCE_LOCAL_KAFKA", "tansu")
    monkeypatch.setenv("KADENCE_FAILPOINT", "anywhere")
    environment = an_installation(tmp_path).service_environment("booking.web", 1)
    assert not {"KADENCE_LOCAL_KAFKA", "KADENCE_FAILPOINT"} & environment.keys()
    assert environment["PYTHONTZPATH"] == ""


def test_secrets_are_made_once_and_are_their_owners_only(tmp_path):
    files = [master_key_file(tmp_path / "secrets"), platform_key_file(tmp_path / "secrets")]
    first = [file.read_text() for file in files]
    assert [len(text) for text in first] == [128, 43]
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)
    assert stat.S_IMODE(files[0].parent.stat().st_mode) == 0o700
    assert [master_key_file(files[0].parent).read_text(), platform_key_file(files[0].parent).read_text()] == first


def test_a_server_of_the_callers_is_used_as_it_is_and_never_harmed(tmp_path, monkeypatch):
    monkeypatch.setenv("KADENCE_MONGO_URL", "mongodb://theirs")
    monkeypatch.setenv("KADENCE_KAFKA_BOOTSTRAP", "theirs:9092")
    servers = mongo(tmp_path), kafka(tmp_path)
    assert [server.address for server in servers] == ["mongodb://theirs", "theirs:9092"]
    for server in servers:
        assert isinstance(server, OutsideServer)
        server.start()
        server.stop()
        for harm in (server.kill, server.freeze, server.thaw, server.restart):
            with pytest.raises(LocalFault, match="not started here"):
                harm()


@pytest.mark.parametrize(("variable", "value"), [("KADENCE_LOCAL_KAFKA", "redpanda"), ("KADENCE_TEST_SERVERS", "both")])
def test_an_unknown_choice_is_refused_with_the_known_ones(tmp_path, monkeypatch, variable, value):
    monkeypatch.delenv("KADENCE_KAFKA_BOOTSTRAP", raising=False)
    monkeypatch.setenv(variable, value)
    with pytest.raises(LocalFault, match=f"{variable} is '{value}' - set it to"):
        kafka(tmp_path)


def test_a_missing_library_is_named_with_the_package_to_install(tmp_path):
    program = tmp_path / "mongod"
    said = "libcurl.so.4: cannot open shared object file: No such file or directory"
    program.write_text(f"#!/bin/sh\necho 'mongod: error while loading shared libraries: {said}' >&2\nexit 127\n")
    program.chmod(0o755)
    with pytest.raises(LocalFault, match=r"libcurl\.so\.4.* - apt-get install libcurl4$"):
        require_libraries(program)


def test_a_missing_wheel_is_said_with_what_installs_it():
    with pytest.raises(LocalFault, match=r"no-such-wheel is not installed - pip install -r requirements/local\.txt"):
        program_in_wheel("no-such-wheel", "bin/server")


def test_the_jars_cache_is_called_after_the_version_in_the_pom():
    pinned = re.search(r"kafka_2.13</artifactId>\s*<version>(.*)</version>", kafka_jars.POM.read_text())
    assert pinned is not None
    assert pinned.group(1) == kafka_jars.VERSION


def test_mail_is_kept_whole_in_the_order_of_its_coming(tmp_path):
    for number in range(20):
        keep(tmp_path, "desk@kadence.example", ["pat@example.org"], f"Subject: {number}\r\n\r\nSee you.\r\n".encode())
    assert [mail.subject for mail in caught(tmp_path)] == [str(number) for number in range(20)]
    assert {mail.recipients for mail in caught(tmp_path)} == {("pat@example.org",)}
    assert all(file.suffix == ".eml" for file in tmp_path.iterdir())


def test_waiting_ends_when_the_condition_holds_or_time_is_up():
    answers = iter([False, False, True])
    assert wait_until(lambda: next(answers), within=5, every=0.001)
    assert not wait_until(lambda: False, within=0.01, every=0.001)


def a_process(folder, program: str) -> Process:
    return Process("part", [sys.executable, "-c", program], log=folder / "part.log", env=plain_environment())


def test_a_process_that_ends_too_early_shows_its_last_words(tmp_path):
    process = a_process(tmp_path, "raise SystemExit('the disk is full')")
    process.start()
    with pytest.raises(LocalFault, match="ended with status 1 before it was ready") as fault:
        process.wait_ready(lambda: False, 10)
    process.stop()
    assert fault.value.log == "the disk is full"


def test_a_process_that_ignores_sigterm_is_ended_by_force(tmp_path):
    process = a_process(
        tmp_path,
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()",
    )
    process.start()
    process.wait_ready(lambda: process.last_lines() == "deaf", 10)
    assert process.stop(grace=0.1) == -9
    assert not process.alive


def test_an_unknown_program_is_said_in_one_line(tmp_path):
    with pytest.raises(LocalFault, match="no-such-program is not a program on this machine"):
        Process("part", ["no-such-program"], log=tmp_path / "log").start()


def test_a_part_that_keeps_dying_is_started_less_and_less_often(tmp_path):
    child = Child(a_process(tmp_path, "raise SystemExit(3)"), lambda: True)
    child.start()
    pauses = []
    for _ in range(3):
        assert wait_until(child.is_due_again, 10, every=0.01)
        child.start_again()
        pauses.append(child.pause)
    child.process.stop()
    assert pauses == [0.2, 0.4, 0.8]


def test_gateway_knows_its_own_page_and_answers_other_paths_with_a_problem():
    door = Client(gateway.gateway({}))
    assert "/followup/docs" in door.get("/").text
    elsewhere = door.get("/elsewhere")
    assert (elsewhere.status_code, elsewhere.mimetype) == (404, "application/problem+json")
