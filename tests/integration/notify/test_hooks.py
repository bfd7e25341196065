"""Hooks on a real database: each thing once, whoever tells it how often."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from services.notify.store.hook_event import COLLECTION
from tests.integration.notify.notify_host import ThisNotify
from tests.support.notify_builders import at
from tests.support.notify_fakes import providers
from tests.support.notify_hooks import Providers, a_receipt, a_text


@pytest.fixture
def reminded(notify: ThisNotify) -> ThisNotify:
    """Two clinics with the same patient; the first reminder of each was sent."""
    for clinic in ("clinic-1", "clinic-2"):
        notify.open(clinic, "2026-03-16 10:00")
    notify.go_to(at("2026-03-13 10:00"))
    notify.send(providers())
    return notify


class _World:
    """A real installation where the hooks expect one."""

    def __init__(self, notify: ThisNotify) -> None:
        self.run = notify.run
        self._notify = notify

    @property
    def now(self) -> Any:
        return self._notify.host.clock()


@pytest.fixture
def there(reminded: ThisNotify) -> Providers:
    return Providers(_World(reminded))  # type: ignore[arg-type]


def test_a_text_told_by_eight_at_once_is_one(reminded: ThisNotify, there: Providers):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: there.gateway("inbound", a_text("STOP")).status_code, range(24)))
    assert set(answers) == {200}
    assert reminded.database["replies"].count_documents({}) == 1
    assert reminded.database[COLLECTION].count_documents({}) == 1
    assert reminded.database["messages"].count_documents({"kind": "opt-out-confirmation"}) == 1


def test_a_receipt_moves_its_message_and_one_of_another_clinic_moves_none(reminded: ThisNotify, there: Providers):
    [row] = reminded.database["messages"].find({"clinic_id": "clinic-1", "offset": "P3D", "channel": "sms"})
    assert there.gateway("receipts", a_receipt(row["_id"], event_id="a"), clinic="clinic-2").status_code == 200
    assert reminded.database["messages"].find_one({"_id": row["_id"]}, {"status": 1})["status"] == "sent"  # type: ignore[index]
    assert there.gateway("receipts", a_receipt(row["_id"], event_id="b")).status_code == 200
    assert reminded.database["messages"].find_one({"_id": row["_id"]}, {"status": 1})["status"] == "delivered"  # type: ignore[index]


def test_what_was_told_for_one_clinic_is_not_taken_for_another(reminded: ThisNotify, there: Providers):
    for clinic in ("clinic-1", "clinic-2"):
        assert there.gateway("inbound", a_text("STOP"), clinic=clinic).status_code == 200
    assert [reply["clinic_id"] for reply in reminded.database["replies"].find()] == ["clinic-1"]


def test_what_is_refused_leaves_nothing(reminded: ThisNotify, there: Providers):
    before = {name: reminded.database[name].count_documents({}) for name in reminded.database.list_collection_names()}
    assert there.gateway("inbound", a_text("STOP"), signature="").status_code == 401
    assert there.gateway("inbound", a_text() | {"text": None}).status_code == 422
    assert there.gateway("inbound", a_text("STOP"), clinic="nobody").status_code == 404
    after = {name: reminded.database[name].count_documents({}) for name in reminded.database.list_collection_names()}
    assert before == after
