"""Thirty-two clients of two clinics do everything that moves sessions, all at once and with the same series.

What the database committed is then held against the rules, and what the clients were answered against that: nothing
ever overlaps, no rule is ever broken, no series is ever half there, and every refusal had a true reason.
"""

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from random import Random

import pytest

from deploy.local.story import Clinic
from deploy.local.story_stage import ZONE
from tests.support.desk_checks import wrongs
from tests.support.desk_history import History, Recorder
from tests.support.desk_load import Board, Desk
from tests.support.desk_reasons import Clinics, Judge
from tests.support.fault_load import make_bookable, word
from tests.support.fault_stage import Stage, at_ten

CLIENTS = 32
SHARED, OWN = 8, 80
"""Patients of both clinics, and those of one."""
ENOUGH = 30.0
"""So many seconds are enough for everything to happen at least once."""
MOST_SHOWN = 12


@pytest.fixture
def seconds(request: pytest.FixtureRequest) -> float:
    """How long the desks are busy; `--busy-seconds=…` sets it."""
    value: float = request.config.getoption("busy_seconds")
    return value


@pytest.mark.timeout(600)
def test_whatever_many_desks_do_at_once_no_rule_is_broken(
    stage: Stage, clinic: Clinic, seed: int, seconds: float
) -> None:
    boards = open_boards(stage, [clinic, stage.new_clinic()])
    at_ten(stage)
    database = stage.evidence(clinic).databases["booking"]
    with Recorder(database, [board.clinic.id for board in boards]) as recorder, clock_running(stage):
        answer_many(stage, boards, seed, seconds)
    history = History(recorder.states)
    tell(boards, history)
    began = time.monotonic()

    failed = [f"{one.status} {one.method} {one.path} {one.content}" for board in boards for one in board.failed]
    assert not failed, shown(failed)
    faults = wrongs(history)
    assert not faults, shown(faults)
    judge = Judge(history, what_is_known(stage, boards))
    untrue = [fault for board in boards for refused in board.refused for fault in judge.untrue(refused)]
    assert not untrue, shown(untrue)
    print(f"looked into in {time.monotonic() - began:.1f} s")
    assert seconds < ENOUGH or kinds_of_commits(history) >= {"series", "waitlist", "offers"}
    for board in boards:
        stage.conclude(board.clinic)


def open_boards(stage: Stage, clinics: Sequence[Clinic]) -> list[Board]:
    """Each clinic with its patients; some people come to both."""
    boards = []
    for place, clinic in enumerate(clinics):
        names = [f"{'Both' if number < SHARED else 'AB'[place]} {word(number)}" for number in range(SHARED + OWN)]
        people = ({"name": name, "birth_date": "1985-12-10", "email": f"{name[-4:]}@example.com"} for name in names)
        with stage.client(clinic) as client:
            answers = [client.post(f"/booking/v1/clinics/{clinic.id}/patients", person) for person in people]
            for answered in answers:
                make_bookable(client, clinic, answered.content["id"], stage.clock().date())
        boards.append(Board(clinic, [answered.content["id"] for answered in answers], stage.clock))
    return boards


@contextmanager
def clock_running(stage: Stage) -> Iterator[None]:
    """Two seconds are a minute, so that holds and offers come to their end."""
    over = threading.Event()

    def run() -> None:
        while not over.wait(2.0):
            stage.clock.move_to(stage.clock() + timedelta(minutes=1))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def answer_many(stage: Stage, boards: Sequence[Board], seed: int, seconds: float) -> None:
    """All desks at work for so long; most of them in the first clinic."""
    over = threading.Event()
    today = stage.clock().date()
    with ThreadPoolExecutor(CLIENTS) as clients:
        desks = [
            Desk(stage.platform.url, boards[number % 4 == 0], Random(f"{seed}/{number}"), today)
            for number in range(CLIENTS)
        ]
        work = [clients.submit(desk.work, over) for desk in desks]
        ends_at = time.monotonic() + seconds
        while time.monotonic() < ends_at and not any(one.done() for one in work):
            over.wait(0.2)
        over.set()
        for one in work:
            one.result()


def what_is_known(stage: Stage, boards: Sequence[Board]) -> Clinics:
    """Resources and people, from the database."""
    rows = [
        stage.evidence(board.clinic).rows("booking", name) for board in boards for name in ("resources", "patients")
    ]
    known = [row for found in rows for row in found]
    capacities = {row["_id"]: (row["kind"], row["capacity"]) for row in known if "capacity" in row}
    return Clinics(ZONE, capacities, {row["_id"]: row["person"] for row in known if "person" in row})


def kinds_of_commits(history: History) -> set[str]:
    return {state.collection for state in history.states}


def tell(boards: Sequence[Board], history: History) -> None:
    """How much was done, and how much was refused, and why."""
    done = Counter(f"{one.method} {kind_of(one.path)}" for board in boards for one in board.done)
    refused = [one for board in boards for one in board.refused]
    codes = Counter((one.answered.status, fault["code"]) for one in refused for fault in one.faults)
    again = Counter(failure for board in boards for one in board.done for failure in one.before)
    print(f"requests {done.total() + len(refused)}, tried again {dict(again)}")
    print(f"good: {done.total()}: {dict(done.most_common())}")
    ways = Counter(f"{one.answered.method} {kind_of(one.answered.path)}" for one in refused)
    print(f"refused: {len(refused)}: {dict(ways.most_common())}")
    print(f"why: {dict(Counter(one.answered.status for one in refused))}: {dict(codes.most_common())}")
    print(f"commits: {dict(Counter(state.collection for state in history.states))}")


def kind_of(path: str) -> str:
    """A path without the ids."""
    return "/".join(part for part in path.split("/")[5:] if len(part) < 20 and not part.isdecimal())


def shown(faults: Sequence[str]) -> str:
    return "\n".join([f"{len(faults)} faults:", *(fault[:900] for fault in faults[:MOST_SHOWN])])
