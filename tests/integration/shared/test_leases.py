"""Exclusive work by the database server's clock."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.persistence.leases import RELEASE, Lease, claim_batch, held_by, is_held
from tests.integration.shared.bakery import DB, soon

NOW = datetime(2026, 11, 22, tzinfo=UTC)
DUE = {"status": "pending", "next_at": {"$lte": NOW}}


@pytest.fixture
def where(databases: tuple[DB, DB]) -> DB:
    databases[0]["orders"].create_index([("status", 1), ("next_at", 1)])
    return databases[0]


def some_orders(where: DB, count: int, clinic_id: str = "c1", *, before: timedelta = timedelta()) -> None:
    where["orders"].insert_many(
        {
            "_id": f"{clinic_id}-{number:04}",
            "clinic_id": clinic_id,
            "status": "pending",
            "next_at": NOW - before - timedelta(seconds=count - number),
        }
        for number in range(count)
    )


def claim(where: DB, **options: Any) -> list[dict[str, Any]]:
    return claim_batch(where["orders"], DUE, order_by="next_at", **options)


def test_of_many_contenders_one_leads(where: DB) -> None:
    leases = [Lease(where["leases"], "relay", seconds=5) for _ in range(32)]
    with ThreadPoolExecutor(32) as contenders:
        fences = list(contenders.map(lambda lease: lease.hold(), leases))
    assert [fence for fence in fences if fence is not None] == [1]


def test_everybody_sees_whether_somebody_leads(where: DB) -> None:
    lease = Lease(where["leases"], "relay", seconds=0.5)
    assert not is_held(where["leases"], "relay")
    lease.hold()
    assert is_held(where["leases"], "relay")
    assert not is_held(where["leases"], "baker")
    soon(lambda: not is_held(where["leases"], "relay"), within=2)
    lease.hold()
    lease.release()
    assert not is_held(where["leases"], "relay")


def test_the_fence_grows_with_each_new_leader_and_with_a_lapse(where: DB) -> None:
    first, second = (Lease(where["leases"], "relay", seconds=0.3) for _ in range(2))
    assert first.hold() == 1
    assert first.hold() == 1
    assert second.hold() is None
    soon(lambda: second.hold() == 2, within=2)
    soon(lambda: first.hold() == 3, within=2)
    soon(lambda: where["leases"].find_one({"$expr": {"$lt": ["$until", "$$NOW"]}}), within=2)
    soon(lambda: first.hold() == 4, within=2)  # nobody else came, but it had been free


def test_a_renewed_lease_stays_with_its_holder(where: DB) -> None:
    first, second = (Lease(where["leases"], "relay", seconds=0.6) for _ in range(2))
    assert first.hold() == 1
    until = where["leases"].find_one({"_id": "relay"})["until"]  # type: ignore[index]

    def renewed_twice() -> bool:
        assert first.hold() == 1
        assert second.hold() is None
        now: datetime = where["leases"].find_one({"_id": "relay"})["until"]  # type: ignore[index]
        return bool(now > until + timedelta(seconds=0.9))

    soon(renewed_twice, within=3)


def test_a_released_lease_is_free_at_once(where: DB) -> None:
    first, second = (Lease(where["leases"], "relay", seconds=60) for _ in range(2))
    first.hold()
    second.release()
    assert second.hold() is None
    first.release()
    assert second.hold() == 2
    assert first.hold() is None


def test_nothing_is_claimed_twice_by_claimers_at_once(where: DB) -> None:
    some_orders(where, 200, "c1")
    some_orders(where, 200, "c2")

    def work(_: int) -> list[str]:
        mine: list[str] = []
        while batch := claim(where, limit=20):
            mine += [order["_id"] for order in batch]
        return mine

    with ThreadPoolExecutor(8) as claimers:
        claimed = [order for mine in claimers.map(work, range(8)) for order in mine]
    # A claimer may leave empty-handed when others took all it had chosen; the next tick finds the rest.
    claimed += work(0)
    assert len(claimed) == len(set(claimed)) == 400


def test_one_clinics_backlog_keeps_no_other_waiting(where: DB) -> None:
    some_orders(where, 300, "big", before=timedelta(days=1))
    some_orders(where, 3, "small")
    clinics = [order["clinic_id"] for order in claim(where, limit=50)]
    assert (clinics.count("big"), clinics.count("small")) == (10, 3)


def test_a_claim_that_ran_out_goes_to_another_with_a_higher_fence(where: DB) -> None:
    some_orders(where, 1)
    [late] = claim(where, seconds=0.2)
    assert claim(where) == []
    taken: list[dict[str, Any]] = []

    def taken_over() -> bool:
        taken.extend(claim(where))
        return bool(taken)

    soon(taken_over, within=2)
    assert taken[0]["lease"]["fence"] == late["lease"]["fence"] + 1
    done = {"$set": {"status": "done"}}
    assert where["orders"].update_one(held_by(late), done).matched_count == 0
    assert where["orders"].update_one(held_by(taken[0]), done).matched_count == 1


def test_a_claim_given_back_is_free_and_keeps_its_fence(where: DB) -> None:
    some_orders(where, 1)
    [first] = claim(where)
    where["orders"].update_one(held_by(first), RELEASE)
    [second] = claim(where)
    assert (first["lease"]["fence"], second["lease"]["fence"]) == (1, 2)


def test_only_what_is_due_is_claimed_oldest_first(where: DB) -> None:
    some_orders(where, 5)
    where["orders"].insert_one(
        {"_id": "tomorrow", "clinic_id": "c1", "status": "pending", "next_at": NOW + timedelta(days=1)}
    )
    assert [order["_id"] for order in claim(where, limit=3)] == ["c1-0000", "c1-0001", "c1-0002"]
    assert [order["_id"] for order in claim(where)] == ["c1-0003", "c1-0004"]


def test_looking_for_due_work_uses_the_index(where: DB) -> None:
    some_orders(where, 50)
    where["orders"].update_many({"_id": {"$gt": "c1-0010"}}, {"$set": {"status": "done"}})
    seen: list[dict[str, Any]] = []
    where.command("profile", 2)
    claim(where)
    where.command("profile", 0)
    seen = list(where["system.profile"].find({"ns": f"{where.name}.orders"}))
    plans = {(entry["op"], entry["planSummary"]) for entry in seen if "planSummary" in entry}
    assert ("command", "IXSCAN { status: 1, next_at: 1 }") in plans
    assert not any("COLLSCAN" in plan for _, plan in plans)
    assert all(entry["docsExamined"] <= 11 for entry in seen if "docsExamined" in entry)
