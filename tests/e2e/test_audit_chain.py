"""The audit chain over HTTP and by the command: everything that was accepted is in it, once, and nothing else."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

import pytest
import requests

from deploy.local.treatment_day import CALM
from shared.actor import NOBODY
from shared.ids import new_id
from tests.e2e.command_line import run
from tests.e2e.practice import AWAKE, Practice, open_practice
from tests.e2e.town import SERVICES, Http, Town, eventually, ok, problem
from tests.e2e.visit import Staff, Visit, staffed

pytestmark = pytest.mark.timeout(300)

BUSY: Final = 503
HANDS: Final = 12
"""How many write at one moment."""


@dataclass(frozen=True)
class Counting(Http):
    """Counts what was accepted, of all that asks for a change."""

    accepted: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def send(self, method: str, path: str, **options: Any) -> requests.Response:
        answer = super().send(method, path, **options)
        if method != "GET":
            (self.accepted if answer.ok else self.refused).append(path.rpartition("/")[2])
        return answer


@pytest.fixture(scope="module")
def staff(town: Town) -> Staff:
    return staffed(open_practice(town, chairs=2, nurses=2, **AWAKE))


@pytest.fixture
def visit(staff: Staff) -> Iterator[Visit]:
    """Somebody is about to be infused, and goes home afterwards."""
    visit = staff.book(staff.practice.register()["id"], staff.practice.soon())
    visit.go(0)
    yield visit.ready()
    visit.over()


def chain(practice: Practice, **query: str) -> list[dict[str, Any]]:
    """All entries, page by page."""
    path = practice.at("booking", "/audit")
    page = ok(practice.http.get(path, limit=50, **query))
    found: list[dict[str, Any]] = page["items"]
    while page["next_cursor"] is not None:
        page = ok(practice.http.get(path, limit=50, cursor=page["next_cursor"], **query))
        found += page["items"]
    return found


def by_people(practice: Practice) -> list[dict[str, Any]]:
    """The entries of what people did; jobs write whenever something is due."""
    return [entry for entry in chain(practice) if entry["actor"] != NOBODY.id]


def verified(town: Town, *clinics: str) -> tuple[int, str]:
    """Exit status and words of the command."""
    done = run(town, "audit", "verify", *(part for id in clinics for part in ("--clinic", id)))
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_what_was_accepted_is_in_the_chain_and_what_was_refused_is_not(town: Town, staff: Staff, visit: Visit) -> None:
    nurse = Counting(staff.nurse.url, staff.nurse.key)
    clinician = Counting(staff.clinician.url, staff.clinician.key)
    known = by_people(staff.practice)
    visit.send(nurse, "start")
    for minute in (1, 3, 5):
        visit.go(minute)
        visit.send(nurse, "readings", **{**CALM, "systolic": 400})
        visit.send(nurse, "readings", **{**CALM, "systolic": 185})
        visit.send(nurse, "continue", reason="no word of mine")
        visit.send(clinician, "continue", reason="measured too soon")
        visit.send(clinician, "continue", reason="once more")
        visit.send(nurse, "adverse-events", kind="dizziness", severity=2)
        visit.send(nurse, "adverse-events", kind="fire", severity=2)
    visit.send(nurse, "end", kind="completed", given_mg="-1")
    visit.send(nurse, "end", kind="aborted", given_mg="5", reason="feels sick", dissociation=2)
    clinician.post(staff.at(f"/patients/{visit.patient_id}/signals"), {"kind": "craving"})
    clinician.post(staff.at(f"/patients/{visit.patient_id}/signals"), {"kind": "hunger"})
    visit.go(66)
    visit.send(nurse, "discharge")

    assert (len(nurse.refused), len(clinician.refused)) == (11, 4)
    fresh = by_people(staff.practice)[len(known) :]
    assert len(fresh) == len(nurse.accepted) + len(clinician.accepted) == 12
    by = {actor: [entry["action"] for entry in fresh if entry["actor"] == actor] for actor in actors(fresh)}
    assert sorted(map(len, by.values())) == sorted([len(nurse.accepted), len(clinician.accepted)])
    assert {entry["patient_id"] for entry in fresh} == {visit.patient_id}
    assert verified(town, staff.practice.id)[0] == 0


def insisting(send: Callable[[str], requests.Response]) -> requests.Response:
    """The answer to one request, which is sent again while it is too busy here: nobody knows what became of it then."""
    key = new_id()
    known = eventually(lambda: [one for one in [send(key)] if one.status_code != BUSY], "an answer")
    return known[0]


def actors(entries: list[dict[str, Any]]) -> set[str]:
    return {entry["actor"] for entry in entries}


def test_what_many_write_at_one_moment_is_all_there(town: Town, staff: Staff, visit: Visit) -> None:
    ok(visit.send(staff.nurse, "start"))
    visit.go(5)
    begun, known = staff.practice.now, len(by_people(staff.practice))
    path = staff.at(f"/patients/{visit.patient_id}/signals")
    readings_path = staff.at(f"/series/{visit.series['id']}/sessions/{visit.number}/readings")

    def write(number: int) -> list[requests.Response]:
        at = (begun - timedelta(seconds=HANDS - number)).isoformat()
        read = insisting(lambda key: staff.nurse.post(readings_path, {**CALM, "at": at}, idempotency_key=key))
        noted = {"kind": "craving", "note": f"number {number}"}
        return [read, insisting(lambda key: staff.desk.post(path, noted, idempotency_key=key))]

    with ThreadPoolExecutor(HANDS) as pool:
        answers = [answer for pair in pool.map(write, range(HANDS)) for answer in pair]
    assert {answer.status_code for answer in answers} <= {201, 422}
    accepted = [answer for answer in answers if answer.ok]
    readings = [answer for answer in accepted if "readings" in answer.json()]
    assert len(by_people(staff.practice)) - known == len(accepted)
    assert len(visit.ask("treatment")["readings"]) == len(readings) + 1
    signals = ok(staff.nurse.get(staff.at(f"/patients/{visit.patient_id}/misuse-watch")))["signals"]
    assert len(signals) == len(accepted) - len(readings)
    assert verified(town, staff.practice.id)[0] == 0


def test_a_request_that_is_sent_again_is_one_entry(staff: Staff, visit: Visit) -> None:
    known = len(by_people(staff.practice))
    path = staff.at(f"/patients/{visit.patient_id}/signals")
    key = new_id()
    first, again = (staff.desk.post(path, {"kind": "craving"}, idempotency_key=key) for _ in range(2))
    assert ok(first) == ok(again)
    assert len(by_people(staff.practice)) == known + 1


def test_the_chain_is_read_by_patient_record_and_action(staff: Staff, visit: Visit) -> None:
    practice = staff.practice
    mine = chain(practice, patient_id=visit.patient_id)
    assert {entry["patient_id"] for entry in mine} == {visit.patient_id}
    treatment = visit.ask("treatment")["id"]
    of_treatment = chain(practice, record=f"treatment/{treatment}")
    assert [entry["action"] for entry in of_treatment] == ["treatment.prepare", "treatment.reading"]
    assert {entry["action"] for entry in chain(practice, action="dose-order.sign")} == {"dose-order.sign"}
    assert of_treatment[-1]["facts"]["systolic"] == CALM["systolic"]
    assert of_treatment[0]["facts"]["answers"]["escort"]["name"] == "Grace Example"
    problem(practice.http.get(practice.at("booking", "/audit"), action="x" * 81), 422)
    problem(staff.nurse.get(staff.at("/audit")), 403)
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert practice.http.send(method, practice.at("booking", "/audit")).status_code == 405


# --- the chain itself ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def own(town: Town) -> Practice:
    """With a chain that may be broken."""
    practice = open_practice(town, **AWAKE)
    for _ in range(2):
        practice.register()
    return practice


@contextmanager
def spoiled(town: Town, practice: Practice, seq: int, **changes: Any) -> Iterator[None]:
    """One entry is another one, or none at all, while the block lasts."""
    entries = town.databases()[SERVICES.index("booking")]["audit"]
    kept = entries.find_one_and_delete({"clinic_id": practice.id, "seq": seq})
    assert kept is not None
    if changes:
        entries.insert_one({**kept, "act": {**kept["act"], **changes}})
    yield
    entries.delete_one({"_id": kept["_id"]})
    entries.insert_one(kept)


@pytest.mark.parametrize(
    ("seq", "changes", "what"),
    [
        (5, {"actor": "nobody"}, "changed"),
        (5, {"patient_id": "somebody else"}, "changed"),
        (5, {"action": "consent.withdraw"}, "changed"),
        (5, {"facts": ""}, "changed"),
        (5, {}, "missing"),
        (1, {}, "missing"),
    ],
    ids=repr,
)
def test_the_command_finds_what_was_changed_or_left_out(
    town: Town, own: Practice, seq: int, changes: dict[str, Any], what: str
) -> None:
    assert verified(town, own.id)[0] == 0
    with spoiled(town, own, seq, **changes):
        status, said = verified(town, own.id)
        assert status == 1
        assert f"{own.id}  does not hold at entry {seq}: {what}" in said
        assert verified(town)[0] == 1, "one broken chain of all"
    assert verified(town, own.id)[0] == 0


def test_the_command_finds_a_tail_that_was_cut(town: Town, own: Practice) -> None:
    last = len(chain(own))
    with spoiled(town, own, last):
        status, said = verified(town, own.id)
        assert (status, "cut" in said or "missing" in said) == (1, True)


def test_nobody_looks_at_the_chain_of_another_clinic(staff: Staff, own: Practice) -> None:
    stranger = replace(staff.clinician)
    for rest in ("/audit", "/audit/verification"):
        problem(stranger.get(own.at("booking", rest)), 404, "not-found")
