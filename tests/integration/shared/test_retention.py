"""Forgetting by the table, on a real database."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.booking.store.forgotten import FORGOTTEN as BOOKING
from services.notify.store.forgotten import FORGOTTEN as NOTIFY
from shared.messaging.outbox import Outbox
from shared.persistence.retention import PLATFORM_FORGOTTEN, Retention, forget_old
from tests.integration.shared.bakery import Bakery
from tests.support.scraped import value

NOW = datetime(2026, 3, 7, 9, tzinfo=UTC)
FAR = datetime(2100, 1, 1, tzinfo=UTC)
MOMENT = timedelta(milliseconds=1)
ROWS = [*PLATFORM_FORGOTTEN, *BOOKING, *NOTIFY]


def a_document(id: str, row: Retention, age: timedelta, **changes: Any) -> dict[str, Any]:
    return {"_id": id, "aggregate": id, "seq": 1, row.since: NOW - age, **row.only, **changes}


@pytest.mark.parametrize("row", ROWS, ids=[row.collection for row in ROWS])
def test_what_is_too_old_goes_and_is_counted(bakery: Bakery, row: Retention) -> None:
    collection = bakery.database[row.collection]
    collection.insert_many([a_document("new", row, timedelta()), a_document("as old as may be", row, row.kept_for)])
    collection.insert_many(a_document(f"too old {number}", row, row.kept_for + MOMENT) for number in range(3))
    before = value("kadence_documents_forgotten_total", collection=row.collection)
    assert forget_old(bakery.database, [row], NOW) == 3
    assert {one["_id"] for one in collection.find()} == {"new", "as old as may be"}
    assert value("kadence_documents_forgotten_total", collection=row.collection) == before + 3
    assert forget_old(bakery.database, [row], NOW) == 0


@pytest.mark.parametrize("row", [row for row in ROWS if row.only], ids=lambda row: row.collection)
def test_what_is_not_over_never_goes(bakery: Bakery, row: Retention) -> None:
    others = {name: f"not {value}" for name, value in row.only.items()}
    bakery.database[row.collection].insert_one(a_document("under way", row, 9 * row.kept_for, **others))
    assert forget_old(bakery.database, [row], NOW) == 0


def test_only_told_events_are_forgotten(bakery: Bakery) -> None:
    outbox = Outbox(bakery.database, ["cakes"])
    bakery.bake("a", layers=2)
    outbox.collect()
    outbox.mark_sent(outbox.page("", 1))
    assert forget_old(bakery.database, PLATFORM_FORGOTTEN, datetime(2020, 1, 1, tzinfo=UTC)) == 0
    assert forget_old(bakery.database, PLATFORM_FORGOTTEN, FAR) == 1
    assert bakery.events("new") == 1
