"""The audit chain on the fake and on a real database, with many at once and with somebody at the database."""

import json
from dataclasses import replace
from functools import partial
from typing import Any

import bson
import pytest

from services.booking.domain.audit.entry import BEGIN, Act, Break, Fracture
from services.booking.operations.access_key import IssueKey, issue_key
from services.booking.operations.audit import VerifyAudit, verify_audit
from services.booking.store.audit import AUDIT, HEADS
from shared.errors import Contended
from shared.ids import new_id
from tests.integration.booking.booking_host import Desk, ThisBooking
from tests.integration.booking.worlds import World
from tests.support.at_once import at_once
from tests.support.booking_builders import CLINIC, NOW, OTHER_CLINIC, PATIENT

ACT = Act(NOW, "key-1", ("clinician",), "session.release", "series/1", PATIENT, "seen and discussed", '{"number":1}')
MANY = 16


@pytest.fixture(autouse=True)
def keys(request: pytest.FixtureRequest) -> None:
    """Reasons and facts are sealed with the clinic's key."""
    if "booking" in request.fixturenames or request.node.callspec.params.get("world") == "real":
        sealer = request.getfixturevalue("booking").host.sealer
        for clinic_id in (CLINIC, OTHER_CLINIC):
            sealer.create_key(clinic_id)


def add(world: World, *acts: Act, clinic_id: str = CLINIC) -> None:
    world.attempt(clinic_id, lambda uow: [uow.audit.add(act) for act in acts])


def breaks(world: World, clinic_id: str = CLINIC) -> list[Break]:
    found: list[Break] = world.attempt(clinic_id, lambda uow: uow.audit.stretch(0, 100).breaks(BEGIN))
    return found


def page(world: World, **asked: Any) -> tuple[list[tuple[int, Act]], str | None]:
    everything = {"after": None, "limit": 10, "patient_id": None, "record": None, "action": None}
    found = world.attempt(CLINIC, lambda uow: uow.audit.page(**{**everything, **asked}))
    return [(entry.seq, entry.act) for entry in found.items], found.after


def test_acts_come_back_as_they_were_added_in_a_chain_that_holds(world):
    second = replace(ACT, patient_id=None, reason=None, record="protocol/mood/2", action="protocol.publish")
    add(world, ACT, second)
    add(world, ACT)
    add(world, second, clinic_id=OTHER_CLINIC)
    assert page(world) == ([(1, ACT), (2, second), (3, ACT)], None)
    assert (breaks(world), breaks(world, OTHER_CLINIC)) == ([], [])


def test_the_chain_is_read_in_pages_and_by_what_it_tells_of(world):
    other = replace(ACT, record="series/2", patient_id="patient-2", action="session.start")
    add(world, ACT, other, ACT)
    first, after = page(world, limit=2)
    assert ([seq for seq, _ in first], page(world, after=after)) == ([1, 2], ([(3, ACT)], None))
    for asked in ({"record": "series/2"}, {"patient_id": "patient-2"}, {"action": "session.start"}):
        assert page(world, **asked) == ([(2, other)], None)


@pytest.mark.parametrize("before", [0, 1])
def test_of_two_units_that_read_one_head_the_second_comes_too_late(world, before):
    add(world, *[ACT] * before)

    def add_slowly(uow: Any) -> None:
        uow.audit.add(ACT)
        add(world, ACT)

    with pytest.raises(Contended):
        world.attempt(CLINIC, add_slowly)
    assert (len(page(world)[0]), breaks(world)) == (before + 1, [])


def test_of_many_at_once_each_is_in_the_chain_once(booking: ThisBooking):
    booking.open()
    work = [partial(booking.run, CLINIC, issue_key, IssueKey(f"key {number}", ("admin",))) for number in range(MANY)]
    issued = {f"access_key/{new.access_key.id}" for new in at_once(*work)}
    verdict = booking.run(CLINIC, verify_audit, VerifyAudit())
    assert (verdict.head.seq, verdict.breaks) == (MANY + 1, ())
    assert {row["act"]["record"] for row in booking.database[AUDIT].find({"seq": {"$gt": 1}})} == issued


def test_nobody_is_refused_because_others_write_without_a_pause(booking: ThisBooking):
    booking.open()

    def write(desk: int) -> int:
        return len(
            [booking.run(CLINIC, issue_key, IssueKey(f"key {desk}.{number}", ("admin",))) for number in range(20)]
        )

    assert at_once(*(partial(write, desk) for desk in range(MANY))) == [20] * MANY


def test_nothing_that_somebody_wrote_can_be_read(booking: ThisBooking):
    add(booking, ACT)
    (row,) = booking.database[AUDIT].find()
    assert not any(word in bson.encode(row) for word in (b"discussed", b'"number"'))


def test_what_is_changed_at_the_database_is_found(booking: ThisBooking):
    add(booking, *[ACT] * 5)
    entries = booking.database[AUDIT]
    entries.update_one({"seq": 2}, {"$set": {"act.actor": "somebody else"}})
    assert breaks(booking) == [Break(2, Fracture.CHANGED)]
    entries.update_one({"seq": 2}, {"$set": {"act.actor": ACT.actor}})
    entries.delete_one({"seq": 5})
    assert breaks(booking) == [Break(5, Fracture.CUT)]
    booking.database[HEADS].update_one({}, {"$set": {"seq": 4}})
    assert breaks(booking) == [Break(4, Fracture.OTHER_HEAD)]
    entries.update_one({"seq": 3}, {"$unset": {"act": ""}})
    assert breaks(booking) == [Break(3, Fracture.UNREADABLE), Break(4, Fracture.OTHER_HEAD)]


def test_the_same_request_twice_is_noted_once_and_a_refused_one_never(booking: ThisBooking):
    booking.open()
    [desk] = booking.desks()
    path, body = f"/clinics/{CLINIC}/access-keys", {"label": "desk", "scopes": ["admin"]}
    again = {"Idempotency-Key": new_id()}
    answers = [desk.post(path, body, **again) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert desk.post(path, {**body, "expires_at": "2020-01-01T00:00:00Z"}).status_code == 422
    assert [row["act"]["action"] for row in booking.database[AUDIT].find()] == ["clinic.open", "access-key.issue"]


def test_the_chain_is_told_over_http_and_its_words_are_readable(booking: ThisBooking):
    booking.open()
    [operator] = booking.desks()
    key = operator.post(f"/clinics/{CLINIC}/access-keys", {"label": "all", "scopes": ["admin"]}).json["key"]
    assert operator.get(f"/clinics/{CLINIC}/audit").status_code == 403
    admin: Desk = booking.desks()[0]
    admin.key = key
    opened, issued = admin.get(f"/clinics/{CLINIC}/audit").json["items"]
    assert (opened["record"], issued["facts"]["label"]) == (f"clinic/{CLINIC}", "all")
    assert json.dumps(issued["facts"]).find(key) == -1
    verification = operator.get(f"/clinics/{CLINIC}/audit/verification").json
    head = {"seq": 2, "hash": issued["hash"]}
    assert verification == {"until": head, "head": head, "breaks": []}
    behind = operator.get(f"/clinics/{CLINIC}/audit/verification", after=1, hash=opened["hash"]).json
    assert behind == verification
    bad = admin.get(f"/clinics/{CLINIC}/audit", action="Not an action", record="nothing")
    assert {fault["pointer"] for fault in bad.json["errors"]} == {"/query/action", "/query/record"}


def test_entries_are_found_by_index(booking: ThisBooking):
    add(booking, *(replace(ACT, patient_id=f"patient-{number}", record=f"series/{number}") for number in range(20)))
    for asked in ({"act.patient_id": "patient-7"}, {"act.record": "series/7"}, {"seq": 7}):
        plan = booking.database[AUDIT].find({**asked, "clinic_id": CLINIC}).sort("seq", 1).explain()
        assert plan["executionStats"]["totalDocsExamined"] == 1
