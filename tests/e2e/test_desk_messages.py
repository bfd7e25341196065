"""The front desk sees what was and was not said, phones, writes, sends again, and lets messages rest."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.ids import new_id
from shared.localtime import same_wall_clock
from tests.e2e.practice import AWAKE, ONE, Practice, open_practice
from tests.e2e.town import SERVICES, Http, Town, codes, eventually, ok, problem
from tests.e2e.world import known_to_notify, leave_message


@pytest.fixture
def own(town: Town) -> Practice:
    """A clinic whose messages go out at any hour."""
    return open_practice(town, **AWAKE)


def conversation(practice: Practice, patient_id: str) -> list[dict[str, Any]]:
    path = practice.at("notify", f"/patients/{patient_id}/messages")
    items: list[dict[str, Any]] = ok(practice.http.get(path, limit=200))["items"]
    return items


def calls(practice: Practice) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = ok(practice.http.get(practice.at("notify", "/calls")))["items"]
    return items


def say(practice: Practice, phone: str, text: str) -> None:
    body = {"from": phone, "text": text, "provider_id": new_id(), "received_at": practice.town.clock().isoformat()}
    ok(practice.http.post(practice.at("notify", "/replies"), body))


def sent(practice: Practice, message_id: str) -> dict[str, Any]:
    """The message, once it has gone out."""

    def row() -> dict[str, Any]:
        rows = (row for row in practice.messages() if row["id"] == message_id)
        return next((row for row in rows if row["status"] in {"sent", "delivered"}), {})

    return eventually(row, "sending the message")


def test_a_text_by_hand_goes_out_and_stands_in_the_conversation_with_what_the_patient_says(own):
    patient = own.register(name="Grace Unmistakable")
    path = own.at("notify", f"/patients/{patient['id']}/messages")
    eventually(lambda: own.http.get(path).ok, "hearing of the patient")

    written = ok(own.http.post(path, {"text": "Please bring your new card."}))
    assert "Please bring your new card." in sent(own, written["id"])["text"]
    say(own, patient["phone"], "Which card?")
    refused = problem(own.http.post(path, {"text": "Grace Unmistakable, your ketamine: https://evil.example"}), 422)
    assert {"template.forbidden-word", "template.foreign-link", "template.full-name"} <= codes(refused)

    said = conversation(own, patient["id"])
    assert written["id"] in [one["message"]["id"] for one in said if one["message"]]
    assert [one["reply"]["text"] for one in said if one["reply"]] == ["Which card?"]
    assert {one["consent"]["status"] for one in said if one["consent"]} == {"opted-in"}


def test_who_said_stop_is_on_the_list_to_phone_and_gets_nothing_by_hand(own):
    patient = own.register()
    series = own.book(patient["id"], [own.soon(hour=12)], ONE)
    about = f"series/{series['id']}/sessions/1"
    eventually(lambda: own.messages(about=about), "planning the reminders")
    say(own, patient["phone"], "STOP")
    starts_at = datetime.fromisoformat(series["sessions"][0]["starts_at"])
    own.town.move_to(same_wall_clock(starts_at, own.zone, days=-3) + timedelta(seconds=1))

    def mine() -> list[dict[str, Any]]:
        return [call for call in calls(own) if call["message"]["about"] == about]

    [call] = eventually(mine, "listing whom to phone")
    assert (call["why"], call["message"]["patient_id"]) == ("opted-out", patient["id"])
    message = own.at("notify", f"/messages/{call['message']['id']}")
    path = own.at("notify", f"/patients/{patient['id']}/messages")
    assert "contact.opted-out" in codes(problem(own.http.post(path, {"text": "Hello"}), 422))
    assert problem(own.http.post(f"{message}/resend"), 422)["errors"]

    dealt = ok(own.http.post(f"{message}/done", {"note": "Phoned, she comes."}))
    assert (dealt["note"], dealt["by"][:4]) == ("Phoned, she comes.", "key/")
    assert mine() == []
    [said] = [one for one in conversation(own, patient["id"]) if one["dealt"]]
    assert said["dealt"]["note"] == "Phoned, she comes."


def test_a_failed_message_is_sent_again_once_for_each_wish(own):
    failed = leave_message(own, known_to_notify(own))
    path = own.at("notify", f"/messages/{failed}/resend")
    assert [call["message"]["id"] for call in calls(own)] == [failed]

    again = ok(own.http.post(path, {"reason": "nothing came"}, idempotency_key="one wish"))
    assert ok(own.http.post(path, {"reason": "nothing came"}, idempotency_key="one wish")) == again
    sent(own, again["id"])
    assert calls(own) == []

    unknown = leave_message(own, known_to_notify(own), status="unknown")
    path = own.at("notify", f"/messages/{unknown}/resend")
    assert codes(problem(own.http.post(path), 422)) == {"message.may-have-arrived"}
    sent(own, ok(own.http.post(path, {"despite_unknown": True, "reason": "He phoned: nothing came."}))["id"])


def test_while_messages_rest_only_people_write_and_afterwards_the_rest_goes_out(own):
    patient = own.register()
    messaging = own.at("notify", "/messaging")
    ok(own.http.post(f"{messaging}/pause", {"reason": "the storm"}))
    problem(own.http.post(f"{messaging}/pause", {"reason": "again"}), 409, "messaging.paused")
    series = own.book(patient["id"], [own.soon(hour=12)], ONE)
    about = f"series/{series['id']}"
    eventually(lambda: own.messages(about=about), "planning the confirmation")
    own.town.move_to(own.town.clock() + timedelta(minutes=5))
    path = own.at("notify", f"/patients/{patient['id']}/messages")
    by_hand = ok(own.http.post(path, {"text": "We are closed today."}))
    sent(own, by_hand["id"])
    assert {row["status"] for row in own.messages(about=about)} <= {"queued", "suppressed"}

    ok(own.http.post(f"{messaging}/resume"))
    own.town.move_to(own.town.clock() + timedelta(minutes=2))
    eventually(lambda: [row for row in own.messages(about=about) if row["status"] == "sent"], "going on")


def test_visits_that_nobody_confirmed_are_listed_in_time(own):
    patient = own.register()
    series = own.book(patient["id"], [own.soon(hour=12)], ONE)
    path = own.at("notify", "/visits/unconfirmed")
    eventually(lambda: own.messages(about=f"series/{series['id']}"), "hearing of the booking")
    assert ok(own.http.get(path))["items"] == []
    own.town.move_to(datetime.fromisoformat(series["sessions"][0]["starts_at"]) - timedelta(hours=30))
    [visit] = ok(own.http.get(path))["items"]
    assert (visit["about"], visit["patient_id"]) == (f"series/{series['id']}/sessions/1", patient["id"])
    ok(own.http.post(own.at("booking", f"/series/{series['id']}/sessions/1/confirm")))
    eventually(lambda: ok(own.http.get(path))["items"] == [], "hearing of the confirmation")


BAD: tuple[Any, ...] = (
    {},
    {"text": ""},
    {"text": "a\u0000b"},
    {"text": "x" * 401},
    {"text": "x", "channel": "desk"},
    {"text": 7},
    [],
)


def test_a_text_that_cannot_be_sent_is_refused(own):
    path = own.at("notify", f"/patients/{known_to_notify(own)}/messages")
    for body in BAD:
        problem(own.http.post(path, body), 422)
    assert own.messages() == []
    assert Http(own.town.url, None).get(own.at("notify", "/calls")).status_code == 401


def test_who_takes_the_patient_home_is_known_to_notify_and_readable_to_nobody(own):
    patient = own.register(escort_phone="+12125550177")
    path = own.at("booking", f"/patients/{patient['id']}")
    assert ok(own.http.get(path))["escort_phone"] == "+12125550177"

    def escort() -> str:
        recipients = own.town.databases()[SERVICES.index("notify")]["recipients"]
        return str((recipients.find_one({"_id": patient["id"]}) or {}).get("escort_phone") or "")

    assert eventually(escort, "hearing of the escort").startswith("sealed:")
    problem(own.http.patch(path, {"escort_phone": "tomorrow"}, patient["version"]), 422)
    assert ok(own.http.patch(path, {"escort_phone": None}, patient["version"]))["escort_phone"] is None
    eventually(lambda: not escort(), "hearing that there is none")
