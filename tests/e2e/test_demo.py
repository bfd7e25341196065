"""`make demo` as a person starts it: it tells every step, keeps its data, and leaves nothing running."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil
import pytest

from deploy.local.installation import REPOSITORY
from deploy.local.ports import is_free
from deploy.local.waiting import wait_until

WITHIN = 150
GATEWAY = 8080
pytestmark = pytest.mark.timeout(2 * WITHIN)


def start(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "deploy.local.demo", "--exit", "--folder", str(folder), *arguments]
    return subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """The demo; what a failing test leaves of it is killed."""
    demo = start(folder, *arguments)
    try:
        yield demo
    finally:
        for process in left_over(folder):
            process.kill()
        demo.kill()
        demo.communicate()


def left_over(folder: Path) -> list[psutil.Process]:
    """Processes that were started for this folder: each names it on its command line or in its environment."""
    found = []
    for process in psutil.process_iter():
        try:
            said = [*process.cmdline(), *process.environ().values()]
        except psutil.Error:
            continue
        if process.pid != os.getpid() and any(str(folder) in text for text in said):
            found.append(process)
    return found


def ends(demo: "subprocess.Popen[str]") -> tuple[int, str, str]:
    said, complained = demo.communicate(timeout=WITHIN)
    return demo.returncode, said, complained


def nothing_runs(folder: Path) -> bool:
    return wait_until(lambda: not [process for process in left_over(folder) if process.is_running()], 10)


def test_the_demo_tells_every_step_twice_on_the_same_data(tmp_path):
    folder = tmp_path / "demo"
    clinics = []
    for _ in range(2):
        with running(folder, "--free-ports") as demo:
            status, said, complained = ends(demo)
            assert (status, complained) == (0, ""), said[-2000:] + complained
            assert "Every step happened" in said
            assert len(re.findall(r"session \d: discharge", said)) == 6
            assert len(re.findall(r"answered \d+ of 27 points", said)) == 3
            assert len(re.findall(r"PHQ-9 after session \d", said)) == 3
            assert nothing_runs(folder), left_over(folder)
        clinics.append(json.loads((folder / "clinic.json").read_text())["id"])
    assert clinics[0] == clinics[1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_stopped_in_the_middle_it_leaves_nothing_running(tmp_path, number):
    folder = tmp_path / "demo"
    with running(folder, "--free-ports") as demo:
        log = folder / "logs" / "booking.web.log"
        assert wait_until(log.exists, WITHIN), "the services did not start"
        assert wait_until(lambda: len(left_over(folder)) > 3, 30), "the search for processes finds none"
        demo.send_signal(number)
        status, said, _ = ends(demo)
        assert status == 130
        assert said.endswith("stopped\n")
        assert nothing_runs(folder), left_over(folder)


def test_killed_outright_it_leaves_nothing_running_either(tmp_path):
    folder = tmp_path / "demo"
    with running(folder, "--free-ports") as demo:
        assert wait_until((folder / "logs" / "booking.web.log").exists, WITHIN)
        demo.kill()
        assert nothing_runs(folder), left_over(folder)


def test_a_taken_port_is_one_clear_line_with_the_mend(tmp_path):
    if not is_free(GATEWAY):
        pytest.skip(f"port {GATEWAY} of this machine is in use, so this test cannot take it")
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", GATEWAY))
        taken.listen()
        with running(tmp_path / "demo") as demo:
            status, _, complained = ends(demo)
            assert status == 1
            lines = [line for line in complained.splitlines() if line]
            assert len(lines) == 2, complained
            assert f"port {GATEWAY}" in lines[0]
            assert lines[1].strip().startswith("mend:")
            assert nothing_runs(tmp_path / "demo")
