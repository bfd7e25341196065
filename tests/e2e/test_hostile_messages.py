"""What comes in to do harm: refused clearly, nothing of it sent, and nothing else lost."""

import json
from collections.abc import Mapping
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Final

import pytest
import requests

from deploy.local.mail_catcher import caught
from services.notify.hooks.signatures import sign
from shared.ids import new_id
from tests.e2e.described import BODIES, operations
from tests.e2e.practice import AWAKE, NOBODY, ONE, Practice, open_practice
from tests.e2e.refusals import WITHIN, refused
from tests.e2e.spoiled import spoiled
from tests.e2e.town import SERVICES, Http, Town, a_phone, eventually, ok
from tests.e2e.world import known_to_notify, leave_message, leave_reply

pytestmark = pytest.mark.timeout(180)

SECRET: Final = "what the gateway signs with"
TEN_MEGABYTES: Final = b'{"text": "' + b"x" * 10_000_000 + b'"}'
TAKEN_AS_WRITTEN: Final = {("receive_reply", "/text is text that turns around")}
"""What a patient writes is kept as it is, with all its odd signs."""


@pytest.fixture(scope="module")
def signed_town(town: Town) -> Town:
    """A town whose notify knows what the gateway signs with."""
    town.platform.restart("notify.web", {"KADENCE_SMS_GATEWAY_SECRET": SECRET})
    return town


@pytest.fixture
def own(signed_town: Town) -> Practice:
    """A clinic whose messages go out at any hour."""
    return open_practice(signed_town, **AWAKE)


def kept(practice: Practice) -> Mapping[str, Any]:
    """What people wrote, said or want at a clinic, and what is going out because of it."""
    database = practice.town.databases()[SERVICES.index("notify")]
    names = ("templates", "policies", "replies", "contact_points", "calls", "pages", "hook_events")
    found = {name: database[name].count_documents({"clinic_id": practice.id}) for name in names}
    rows = database["messages"].find({"clinic_id": practice.id}, {"status": 1})
    return {**found, "messages": {row["_id"]: row["status"] for row in rows}}


def nothing_waits(practice: Practice) -> None:
    """All that there is to say was said."""
    eventually(lambda: not {"queued", "sending"} & set(kept(practice)["messages"].values()), "saying what there is")


def test_no_route_takes_one_value_for_another_or_ten_megabytes(own: Practice):
    patient_id = known_to_notify(own)
    ids = {"patient_id": patient_id, "message_id": leave_message(own, patient_id), "reply_id": leave_reply(own)}
    found = [route for route in operations(own.town) if route.service == "notify" and route.name in BODIES]
    routes = [route for route in found if route.is_of_clinic]
    assert len(routes) > 8
    nothing_waits(own)
    before, wrong = kept(own), []
    for route in routes:
        path = route.filled(clinic_id=own.id, **{name: ids.get(name, NOBODY) for name in route.parameters})
        bodies = {str(one): one.raw for one in spoiled(BODIES[route.name](own, patient_id))}
        for how, raw in {**bodies, "ten megabytes": TEN_MEGABYTES}.items():
            if (route.name, how) not in TAKEN_AS_WRITTEN:
                headers = {"Idempotency-Key": new_id(), "If-Match": '"1"', "Content-Type": "application/json"}
                answer = own.http.send(route.method, path, headers=headers, data=raw)
                wrong += [f"{route.name}: {how}: {fault}" for fault in amiss(answer)]
    assert wrong == []
    assert kept(own) == before


def amiss(answer: requests.Response) -> list[str]:
    """What is wrong with the answer to a body that is wrong."""
    if answer.status_code not in {400, 413, 422} or answer.headers["Content-Type"] != "application/problem+json":
        return [f"{answer.status_code} {answer.text[:300]}"]
    return [f"took {answer.elapsed}"] if answer.elapsed > timedelta(seconds=WITHIN) else []


# --- replayed ---------------------------------------------------------------------------------------------------------


def told(practice: Practice, what: str, body: bytes, *, signature: str) -> requests.Response:
    headers = {"Content-Type": "application/json", "Kadence-Signature": signature}
    return practice.http.send("POST", f"/notify/hooks/gateway/{practice.id}/{what}", data=body, headers=headers)


def written(practice: Practice) -> str:
    """A text by hand that went out; its id."""
    path = practice.at("notify", f"/patients/{known_to_notify(practice)}/messages")
    message_id = str(ok(practice.http.post(path, {"text": "Please bring your card."}))["id"])
    eventually(lambda: kept(practice)["messages"][message_id] == "sent", "sending the text")
    return message_id


def test_what_was_signed_once_is_taken_once_and_five_minutes_later_not_at_all(own: Practice):
    message_id = written(own)
    lost = {"event_id": new_id(), "message_id": message_id, "status": "undelivered", "code": "30003"}
    stop = {"event_id": new_id(), "from": a_phone(), "text": "STOP"}
    at = int(own.town.clock().timestamp())
    calls = [(what, json.dumps(content).encode()) for what, content in (("receipts", lost), ("inbound", stop))]
    signed = [(what, body, sign(body, secret=SECRET, at=at)) for what, body in calls]
    for what, body, signature in signed:
        assert told(own, what, body, signature=signature).status_code == 200
    assert kept(own)["messages"][message_id] == "undelivered"
    nothing_waits(own)
    before = kept(own)
    for what, body, signature in signed * 3:
        assert told(own, what, body, signature=signature).status_code == 200
    own.town.move_to(own.town.clock() + timedelta(minutes=6))
    for what, body, signature in signed:
        refused(told(own, what, body, signature=signature), 401)
    elsewhere = open_practice(own.town)
    for what, body, _ in signed:
        forged = sign(body, secret="another secret", at=int(own.town.clock().timestamp()))
        refused(told(own, what, body, signature=forged), 401)
        refused(told(elsewhere, what, body, signature=forged), 401)
    assert kept(own) == before


# --- odd signs --------------------------------------------------------------------------------------------------------

ODD: Final = (
    "\u202eSTOP\u202c or not",
    "nul \u0000 in the middle",
    "a\u0300" * 800,
    "\U0001f469\u200d\u2695\ufe0f " * 100,
    "\ufdfa" * 1600,
    "{{ ''.__class__.__mro__ }} {% for x in range(10**9) %}",
    "'; db.messages.drop(); $where: 1 //",
    "=HYPERLINK(1)\r\nBcc: everybody@example.com",
    "\u2028\u2029\ufeff\u00ad",
)


def test_odd_signs_in_a_text_are_kept_for_a_person_and_make_nothing_go_out(own: Practice):
    patient = own.register(preferred_channel="sms")
    eventually(lambda: own.http.get(own.at("notify", f"/patients/{patient['id']}/consents")).ok, "hearing of them")
    for text in ODD:
        body = json.dumps({"event_id": new_id(), "from": patient["phone"], "text": text}).encode()
        signature = sign(body, secret=SECRET, at=int(own.town.clock().timestamp()))
        assert told(own, "inbound", body, signature=signature).status_code == 200
    found = ok(own.http.get(own.at("notify", "/replies"), is_open="true", limit=200))["items"]
    assert sorted(reply["text"] for reply in found) == sorted(ODD)
    assert {reply["answer"] for reply in found} == {"other"}
    assert own.messages() == []


@pytest.mark.parametrize(
    "alias",
    [
        '"Eve" <eve@example.com>',
        "eve@example.com, Clinic",
        "{{phone}}{% if link %}",
        "<b onclick=1>Clinic</b>",
        "診所 🩺",
    ],
)
def test_a_clinics_odd_name_is_a_name_and_nothing_else(town: Town, mail_folder: Path, alias: str):
    own = open_practice(town, sender_alias=alias, name=alias, **AWAKE)
    address = f"{new_id()}@example.com"
    patient = own.register(email=address, preferred_channel="email", name=f"Ada {alias}")
    own.book(patient["id"], [own.soon(12)], ONE)
    [mail] = eventually(lambda: [one for one in caught(mail_folder) if address in one.recipients], "confirming")
    assert mail.recipients == (address,)
    assert addresses(mail.message, "From") == [(alias, mail.sender)]
    assert addresses(mail.message, "To") == [("", address)]
    assert not {"Bcc", "Cc", "Reply-To"} & set(mail.message.keys())
    assert mail.text.startswith(f"{alias}: booked.")
    page = mail.message.get_body(("html",))
    assert page is not None
    assert "<b onclick" not in page.get_content()


def addresses(mail: EmailMessage, header: str) -> list[tuple[str, str]]:
    """Names and addresses in a header of which there is one."""
    [found] = mail.get_all(header, [])
    return [(one.display_name, one.addr_spec) for one in found.addresses]


@pytest.mark.parametrize("odd", ["a\r\nBcc: eve@example.com", "a\u0000b", "a\u202eb", "a\ud800b", "x" * 31])
def test_no_clinic_is_called_what_breaks_a_line_or_turns_it_around(own: Practice, odd: str):
    version = ok(own.http.get(own.at("booking")))["version"]
    refused(own.http.patch(own.at("booking"), {"sender_alias": odd}, version), 422)
    body = {"name": f"Ada{odd}" * 4, "birth_date": "1980-05-17", "email": f"{odd}@example.com"}
    refused(own.http.post(own.at("booking", "/patients"), body), 422)


@pytest.mark.parametrize("path", ["/notify/u/nobody", "/notify/p/nobody", "/notify/hooks/gateway/nobody/inbound"])
def test_who_has_no_access_key_is_answered_after_ten_megabytes(signed_town: Town, path: str):
    http = Http(signed_town.url, None)
    for body in (TEN_MEGABYTES, iter([TEN_MEGABYTES[:100_000]] * 100)):  # the second without saying how long it is
        answer = http.send("POST", path, data=body, headers={"Content-Type": "application/json"})
        assert answer.status_code in {401, 404, 411, 413}, answer.text
        assert answer.elapsed < timedelta(seconds=WITHIN)
