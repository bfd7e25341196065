"""Replies on a real database and through the API."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient

from services.notify.operations.replies import ReceiveReply, receive_reply
from shared.ids import new_id
from tests.integration.notify.notify_host import PHONE, ThisNotify, a_key
from tests.support.notify_builders import at
from tests.support.notify_fakes import providers

PATH = "/notify/v1/clinics/clinic-1/replies"


@pytest.fixture
def reminded(notify: ThisNotify) -> ThisNotify:
    """Two clinics with the same patient; the first reminder of each was sent."""
    for clinic in ("clinic-1", "clinic-2"):
        notify.open(clinic, "2026-03-16 10:00")
    notify.go_to(at("2026-03-13 10:00"))
    notify.send(providers())
    return notify


def a_reply(notify: ThisNotify, **changes: Any) -> dict[str, Any]:
    return {
        "from": PHONE,
        "text": " 1.",
        "provider_id": "SM-1",
        "received_at": notify.host.clock().isoformat(),
        **changes,
    }


def hand_in(notify: ThisNotify, api: FlaskClient, *scopes: str, **changes: Any) -> Any:
    headers = {**a_key(notify, *(scopes or ("integration",))), "Idempotency-Key": new_id()}
    return api.post(PATH, json=a_reply(notify, **changes), headers=headers)


@pytest.fixture
def api(notify: ThisNotify) -> FlaskClient:
    return notify.host.app().test_client()


def test_a_reply_is_understood_kept_sealed_and_told(reminded: ThisNotify, api: FlaskClient):
    answer = hand_in(reminded, api)
    assert answer.status_code == 201
    about = "series/series-of-clinic-1/sessions/1"
    said = {"from": PHONE, "text": " 1.", "answer": "confirm", "about": about, "patient_id": "patient-of-clinic-1"}
    assert answer.get_json().items() >= said.items()
    [kept] = reminded.database["replies"].find()
    assert PHONE not in str(kept)
    assert " 1." not in str({**kept, "outbox": []})
    [told] = kept["outbox"]
    assert (told["type"], told["subject"]) == ("reply.received.v1", f"reply/{kept['_id']}")
    assert (told["data"]["about"], told["data"]["answer"]) == (about, "confirm")


def test_the_front_desk_sees_what_is_to_be_read_and_notes_that_it_was(reminded: ThisNotify, api: FlaskClient):
    hand_in(reminded, api, text="please call me")
    hand_in(reminded, api, provider_id="SM-2")
    headers = a_key(reminded, "front_desk")
    [found] = api.get(PATH, query_string={"is_open": "true"}, headers=headers).get_json()["items"]
    assert (found["text"], found["answer"], found["is_open"], found["done_by"]) == ("please call me", "other", True, "")
    assert len(api.get(PATH, headers=headers).get_json()["items"]) == 2

    done = api.post(f"{PATH}/{found['id']}/done", headers={**headers, "Idempotency-Key": new_id()})
    assert done.status_code == 200
    assert done.get_json()["done_by"].startswith("key/")
    assert api.get(PATH, query_string={"is_open": "true"}, headers=headers).get_json()["items"] == []
    assert len(api.get(PATH, query_string={"is_open": "false"}, headers=headers).get_json()["items"]) == 2


def test_a_number_is_answered_once_an_hour_however_many_texts_come_at_once(reminded: ThisNotify):
    def ask(number: int) -> Any:
        command = ReceiveReply("+12125550199", "HELP", f"SM-{number}", reminded.host.clock())
        return reminded.run("clinic-1", receive_reply, command)

    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(ask, range(16)))
    assert len({reply.id for reply in replies}) == 16
    assert reminded.database["messages"].count_documents({"kind": "help"}) == 1
    [row] = reminded.database["messages"].find({"kind": "help"})
    assert "2125550199" not in str(row)


def test_only_who_hands_replies_in_may_do_so(reminded: ThisNotify, api: FlaskClient):
    assert hand_in(reminded, api, "front_desk", "admin").status_code == 403


@pytest.mark.parametrize(
    "wrong",
    [
        {"from": "12345"},
        {"text": ""},
        {"text": "x" * 1601},
        {"text": "\ud800"},
        {"provider_id": ""},
        {"received_at": "2026-03-13T10:00:00"},
        {"received_at": "0001-01-01T00:00:00+14:00"},
        {"colour": "blue"},
    ],
)
def test_what_is_wrong_with_a_reply_is_named(reminded: ThisNotify, api: FlaskClient, wrong: dict[str, str]):
    answer = hand_in(reminded, api, **wrong)
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == [f"/{name}" for name in wrong]
    assert reminded.database["replies"].count_documents({}) == 0


def test_an_instant_at_the_end_of_time_is_taken(reminded: ThisNotify, api: FlaskClient):
    assert hand_in(reminded, api, received_at="9999-12-31T23:59:59Z").status_code == 201


def test_the_same_reply_handed_in_by_eight_at_once_is_one(reminded: ThisNotify):
    command = ReceiveReply(PHONE, "1", "SM-1", reminded.host.clock())
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: reminded.run("clinic-1", receive_reply, command), range(8)))
    assert len({reply.id for reply in replies}) == 1
    assert reminded.database["replies"].count_documents({}) == 1


def test_clinics_share_neither_replies_nor_reminders(reminded: ThisNotify):
    command = ReceiveReply(PHONE, "1", "SM-1", reminded.host.clock())
    about = {reminded.run(clinic, receive_reply, command).about for clinic in ("clinic-1", "clinic-2")}
    assert about == {f"series/series-of-{clinic}/sessions/1" for clinic in ("clinic-1", "clinic-2")}
    addresses = [row["address"] for row in reminded.database["messages"].find({"offset": "P3D"})]
    assert len(set(addresses)) == 2
    assert PHONE not in str(addresses)


def test_finding_what_a_phone_was_told_uses_its_index(reminded: ThisNotify):
    said = {
        "clinic_id": "clinic-1",
        "address": "fingerprint",
        "kind": {"$in": ["reminder"]},
        "status": {"$in": ["sent"]},
        "begun_at": {"$type": "date", "$lte": reminded.host.clock()},
    }
    explained = reminded.database["messages"].find(said).sort([("begun_at", -1), ("_id", 1)]).explain()
    assert "clinic_id_address_begun_at" in str(explained["queryPlanner"]["winningPlan"])
