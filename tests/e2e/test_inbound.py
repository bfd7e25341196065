"""What providers tell by themselves, through the gateway's door: texts, receipts, and everything that is neither."""

import json
import time
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import pytest
import requests

from services.notify.hooks.signatures import sign, twilio_signature
from shared.ids import new_id
from shared.localtime import same_wall_clock
from tests.e2e.practice import ONE, Practice, open_practice
from tests.e2e.refusals import nothing_written
from tests.e2e.town import SERVICES, Town, a_phone, eventually, ok

SECRET: Final = "what the gateway signs with"
TOKEN: Final = "what twilio signs with"
ANSWERED_WITHIN: Final = 5.0
"""Seconds from handing a text in until its answer went out."""


@pytest.fixture(scope="module")
def signed_town(town: Town) -> Town:
    """A town whose notify knows what its providers sign with."""
    secrets = {"KADENCE_SMS_GATEWAY_SECRET": SECRET, "KADENCE_TWILIO_AUTH_TOKEN": TOKEN}
    town.platform.restart("notify.web", secrets)
    return town


@pytest.fixture
def own(signed_town: Town) -> Practice:
    """A clinic with one chair and one nurse, with nothing booked."""
    return open_practice(signed_town)


def gateway(practice: Practice, what: str, content: dict[str, Any] | bytes, **headers: str) -> requests.Response:
    """A call of the SMS gateway, signed now."""
    body = content if isinstance(content, bytes) else json.dumps({"event_id": new_id(), **content}).encode()
    signed = {"Kadence-Signature": sign(body, secret=SECRET, at=int(practice.town.clock().timestamp()))}
    given = {"Content-Type": "application/json", **signed, **headers}
    return practice.http.send("POST", f"/notify/hooks/gateway/{practice.id}/{what}", data=body, headers=given)


def twilio(practice: Practice, what: str, form: dict[str, str]) -> requests.Response:
    """A call of Twilio, signed for the public address."""
    path = f"/notify/hooks/twilio/{practice.id}/{what}"
    fields = {name: [value] for name, value in form.items()}
    signature = twilio_signature(f"{practice.town.url}{path}", fields, token=TOKEN)
    headers = {"X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded"}
    return practice.http.send("POST", path, data=urlencode(form).encode(), headers=headers)


def said(practice: Practice, kind: str) -> list[dict[str, Any]]:
    """Messages of a kind that went out."""
    return [row for row in practice.messages() if (row["kind"], row["status"]) == (kind, "sent")]


def kept(practice: Practice) -> dict[str, int]:
    """How much notify keeps of a clinic."""
    database = practice.town.databases()[SERVICES.index("notify")]
    names = set(database.list_collection_names()) - {"events"}
    return {name: database[name].count_documents({"clinic_id": practice.id}) for name in names}


def tasks(practice: Practice, kind: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = ok(practice.http.get(practice.at("booking", "/tasks"), kind=kind))["items"]
    return items


def test_words_of_danger_reach_a_person_at_once_and_are_answered(own: Practice):
    patient = own.register(preferred_channel="sms", locale="es")
    eventually(lambda: own.http.get(own.at("notify", f"/patients/{patient['id']}/consents")).ok, "hearing of them")
    began = time.monotonic()
    gateway(own, "inbound", {"from": patient["phone"], "text": "Ya no quiero vivir"}).raise_for_status()

    [answer] = eventually(lambda: said(own, "crisis"), "answering")
    assert time.monotonic() - began < ANSWERED_WITHIN
    assert "988" in answer["text"]
    # Nobody of this clinic can be paged, which is a task of its own.
    [task] = eventually(lambda: [one for one in tasks(own, "crisis") if "flagged" in one["detail"]], "calling a person")
    assert (task["patient_id"], task["status"]) == (patient["id"], "requested")
    [reply] = ok(own.http.get(own.at("notify", "/replies"), is_open="true"))["items"]
    assert (reply["answer"], reply["text"]) == ("crisis", "Ya no quiero vivir")
    [page] = ok(own.http.get(own.at("notify", "/pages")))["items"]
    assert page["about"] == f"reply/{reply['id']}"


def test_cancel_by_twilio_stops_and_asks_the_desk_once_however_often_it_is_told(own: Practice):
    patient = own.register(preferred_channel="sms")
    series = own.book(patient["id"], [own.soon(hour=12)], ONE)
    about = f"series/{series['id']}/sessions/1"
    eventually(lambda: own.messages(about=about), "planning the reminders")
    form = {"MessageSid": f"SM{new_id()}", "From": patient["phone"], "Body": "CANCEL", "NumMedia": "0"}
    for _ in range(3):
        answer = twilio(own, "inbound", form)
        assert (answer.status_code, answer.text) == (200, "<Response/>")

    eventually(lambda: said(own, "opt-out-confirmation"), "confirming the stop")
    eventually(lambda: {None, 1} <= {task["number"] for task in tasks(own, "phone-patient")}, "asking the desk")
    assert len(ok(own.http.get(own.at("notify", "/replies")))["items"]) == 1
    assert len(said(own, "opt-out-confirmation")) == 1
    asked = [task["detail"] for task in tasks(own, "phone-patient") if task["patient_id"] == patient["id"]]
    assert sum("stopped automated" in detail for detail in asked) == 1
    assert len(asked) == len(set(asked))  # each text that the stop kept back is a reason to phone of its own


def test_a_receipt_of_a_lost_text_sends_the_reminder_by_e_mail(own: Practice):
    patient = own.register(preferred_channel="sms", email=f"{new_id()}@example.com")
    series = own.book(patient["id"], [own.soon(hour=12)], ONE)
    about = f"series/{series['id']}/sessions/1"

    def reminder(channel: str, *statuses: str) -> dict[str, Any]:
        rows = [row for row in own.messages(about=about) if (row["offset"], row["channel"]) == ("P3D", channel)]
        return next((row for row in rows if row["status"] in statuses), {})

    eventually(lambda: reminder("sms", "queued"), "planning the reminder")
    starts_at = datetime.fromisoformat(series["sessions"][0]["starts_at"])
    own.town.move_to(same_wall_clock(starts_at, own.zone, days=-3) + timedelta(seconds=1))
    row = eventually(lambda: reminder("sms", "sent"), "sending the reminder")

    lost = {"message_id": row["id"], "status": "undelivered", "code": "30003"}
    gateway(own, "receipts", lost).raise_for_status()
    eventually(lambda: reminder("email", "sent"), "sending it by e-mail")
    for late in ("accepted", "sent", "delivered", "failed"):
        gateway(own, "receipts", {"message_id": row["id"], "status": late}).raise_for_status()
    assert reminder("sms", "undelivered")["history"][-1]["cause"] == "30003"
    gateway(own, "receipts", {"message_id": new_id(), "status": "delivered"}).raise_for_status()


def test_what_nobody_signed_or_nobody_can_mean_is_refused_and_leaves_nothing(own: Practice):
    text = {"from": a_phone(), "text": "STOP"}
    future = int(own.town.clock().timestamp()) + 900
    body = json.dumps({"event_id": "e", **text}).encode()
    before = kept(own)
    with nothing_written(own.town, own.id):
        refused = {
            "unsigned": gateway(own, "inbound", text, **{"Kadence-Signature": ""}),
            "of the future": gateway(
                own, "inbound", body, **{"Kadence-Signature": sign(body, secret=SECRET, at=future)}
            ),
            "another type": gateway(own, "inbound", text, **{"Content-Type": "text/plain"}),
            "no UTF-8": gateway(own, "inbound", b'{"text": "\xff"}'),
            "deep": gateway(own, "inbound", b"[" * 60_000),
            "many": gateway(own, "inbound", json.dumps({f"f{number}": 1 for number in range(5000)}).encode()),
            "10 MB": gateway(own, "inbound", b" " * 10_000_000),
            "not Twilio's": own.http.send("POST", f"/notify/hooks/twilio/{own.id}/inbound", data={"Body": "STOP"}),
        }
    found = {name: answer.status_code for name, answer in refused.items()}
    assert found == {
        "unsigned": 401,
        "of the future": 401,
        "another type": 415,
        "no UTF-8": 400,
        "deep": 400,
        "many": 422,
        "10 MB": 413,
        "not Twilio's": 401,
    }
    assert all(answer.headers["Content-Type"] == "application/problem+json" for answer in refused.values())
    assert kept(own) == before


def test_the_number_of_an_event_is_kept_and_nothing_of_what_it_said(own: Practice):
    event = {"event_id": new_id(), "from": a_phone(), "text": "a secret of mine"}
    gateway(own, "inbound", event).raise_for_status()
    database = own.town.databases()[SERVICES.index("notify")]
    rows = [*database["hook_events"].find({"clinic_id": own.id}), *database["replies"].find({"clinic_id": own.id})]
    assert len(rows) == 2
    assert event["from"] not in str(rows)
    assert "secret" not in str(rows)
