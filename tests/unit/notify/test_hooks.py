"""The hooks: what is signed is taken once, all else is refused and leaves nothing behind."""

import json
from collections.abc import Iterator
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest

from services.notify.domain.contact_point import ContactPoint
from services.notify.domain.hook_event import HookEvent
from services.notify.domain.message import Channel, Kind, Message, Status
from services.notify.domain.reply import Answer, Reply
from services.notify.hooks.signatures import sign
from services.notify.operations.clinics import hear_clinic
from shared.errors import TransientFailure
from tests.support.notify_builders import CLINIC, PATIENT, a_world, at, clinic_heard
from tests.support.notify_fakes import FakeNotify, providers
from tests.support.notify_hooks import FORM, SECRET, Providers, a_receipt, a_text

RECEIPT = "receipts?message="


@pytest.fixture
def world() -> FakeNotify:
    """The reminder of three days ahead went out by SMS."""
    world = a_world("2026-03-16 10:00")
    world.drain(providers())
    world.now = at("2026-03-13 10:00")
    world.drain(providers())
    return world


@pytest.fixture
def there(world: FakeNotify) -> Providers:
    return Providers(world)


@pytest.fixture
def unchanged(world: FakeNotify) -> Iterator[None]:
    before = deepcopy(world.rows), list(world.told)
    yield
    assert (world.rows, world.told) == before


def reminder(world: FakeNotify) -> Message:
    return world.message(kind=Kind.REMINDER, offset="P3D", channel=Channel.SMS)


# --- what is taken ----------------------------------------------------------------------------------------------------


def test_the_gateways_receipt_moves_the_message(world, there):
    answer = there.gateway("receipts", a_receipt(reminder(world).id))
    assert (answer.status_code, answer.data) == (200, b"{}")
    assert reminder(world).status is Status.DELIVERED


def test_the_gateways_text_is_a_reply(world, there):
    assert there.gateway("inbound", a_text("STOP")).status_code == 200
    [reply] = world.rows[Reply].values()
    assert (reply.answer, reply.patient_id, reply.received_at) == (Answer.OPT_OUT, PATIENT, world.now)


def test_the_gateway_may_say_when_a_text_came_and_more_than_we_know(world, there):
    came = (world.now - timedelta(minutes=3)).isoformat()
    assert there.gateway("inbound", a_text(received_at=came, carrier={"name": "x"})).status_code == 200
    [reply] = world.rows[Reply].values()
    assert reply.received_at == world.now - timedelta(minutes=3)


def test_twilios_callback_moves_the_message(world, there):
    form = {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "21610", "To": "+12125550123"}
    answer = there.twilio(RECEIPT + reminder(world).id, form)
    assert (answer.status_code, answer.data) == (200, b"<Response/>")
    assert reminder(world).history[-1].cause == "21610"
    assert any(point.is_stopped for point in world.rows[ContactPoint].values())


@pytest.mark.parametrize("body", ["STOP", "\u00a1Ayuda! \U0001f600 & = +", ""])
def test_twilios_text_is_a_reply(world, there, body):
    assert there.twilio("inbound", {"MessageSid": "SM1", "From": "+12125550123", "Body": body}).status_code == 200
    [reply] = world.rows[Reply].values()
    assert reply.text == f"sealed:{body}"


def test_a_receipt_of_a_message_that_nobody_knows_is_taken(there):
    assert there.gateway("receipts", a_receipt("nobody")).status_code == 200
    assert there.twilio(f"{RECEIPT}nobody", {"MessageSid": "SM1", "MessageStatus": "sent"}).status_code == 200


def test_told_again_it_is_answered_alike_and_changes_nothing(world, there):
    for _ in range(3):
        assert there.gateway("inbound", a_text("STOP")).status_code == 200
        assert there.twilio("inbound", {"MessageSid": "S", "From": "+12125550199", "Body": "HELP"}).status_code == 200
    assert len(world.rows[Reply]) == len(world.rows[HookEvent]) == 2
    events = deepcopy(world.rows), list(world.told)
    there.gateway("inbound", a_text("START"))
    assert (world.rows, world.told) == events


def test_what_was_signed_for_one_clinic_is_not_taken_for_another(world, there):
    world.run("clinic-2", hear_clinic, clinic_heard())
    assert there.gateway("inbound", a_text("STOP")).status_code == 200
    assert there.gateway("inbound", a_text("STOP"), clinic="clinic-2").status_code == 200
    assert [clinic for clinic, _ in world.rows[Reply]] == [CLINIC]


def test_what_could_not_be_kept_is_told_again(world, there):
    run = world.run

    def broken(*_: Any) -> Any:
        raise TransientFailure("the database does not answer")

    world.run = broken
    later = Providers(world).gateway("inbound", a_text("STOP"))
    world.run = run
    assert (later.status_code, later.headers["Retry-After"]) == (503, "2")
    assert there.gateway("inbound", a_text("STOP")).status_code == 200
    assert len(world.rows[Reply]) == 1


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("what", ["receipts", "inbound"])
@pytest.mark.parametrize("signature", ["", "t=1,v1=" + "0" * 64, "nonsense", "\u00ff" * 10])
def test_what_the_gateway_did_not_sign_is_refused(world, there, what, signature):
    content = a_receipt(reminder(world).id) | a_text("STOP")
    answer = there.gateway(what, content, signature=signature)
    assert (answer.status_code, answer.get_json()["code"]) == (401, "hook.not-signed")


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("minutes", [-6, 6])
def test_an_old_signature_and_one_of_the_future_are_refused(world, there, minutes):
    body = json.dumps(a_text("STOP")).encode()
    at_ = int((world.now + timedelta(minutes=minutes)).timestamp())
    assert there.gateway("inbound", body, signature=sign(body, secret=SECRET, at=at_)).status_code == 401


@pytest.mark.usefixtures("unchanged")
def test_without_a_secret_every_call_is_refused(world):
    closed = Providers(world, secret="", token="")
    body = json.dumps(a_text("STOP")).encode()
    own = sign(body, secret="", at=int(world.now.timestamp()))
    assert closed.gateway("inbound", body, signature=own).status_code == 401
    assert closed.twilio("inbound", {"MessageSid": "S", "From": "+12125550123", "Body": "STOP"}).status_code == 401


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("signature", ["", "RSOYDt4T1cUTdK1PDd93/VVr8B8=", "\u00ff"])
def test_what_twilio_did_not_sign_is_refused(world, there, signature):
    form = {"MessageSid": "S", "From": "+12125550123", "Body": "STOP", "MessageStatus": "failed"}
    assert there.twilio("inbound", form, signature=signature).status_code == 401
    assert there.twilio(RECEIPT + reminder(world).id, form, signature=signature).status_code == 401


@pytest.mark.usefixtures("unchanged")
def test_twilios_signature_is_of_our_own_address_and_of_its_query(world, there):
    form = {"MessageSid": "S", "MessageStatus": "failed"}
    good = there.twilio(f"{RECEIPT}nobody", form).request.headers["X-Twilio-Signature"]
    world.rows[HookEvent].clear()
    assert there.twilio(RECEIPT + reminder(world).id, form, signature=good).status_code == 401
    assert there.twilio(f"{RECEIPT}nobody", form, signature=good, clinic="clinic-2").status_code == 401


@pytest.mark.parametrize("host", ["https://evil.example", "http://127.0.0.1:1"])
def test_the_host_that_the_caller_names_makes_no_difference(there, host):
    form = {"MessageSid": "S", "MessageStatus": "failed"}
    assert there.twilio(f"{RECEIPT}nobody", form, host=host).status_code == 200


@pytest.mark.usefixtures("unchanged")
def test_a_clinic_that_is_not_there(there):
    assert there.gateway("inbound", a_text(), clinic="nobody").status_code == 404


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"\xff\xfe", 400),
        (b"{", 400),
        (b"[" * 60_000, 400),
        (b'{"event_id": ' * 4_000, 400),
        (b"null", 422),
        (b"[]", 422),
        (b'"STOP"', 422),
        (b"1" * 60_000, 400),
        (json.dumps(a_text(event_id="")).encode(), 422),
        (json.dumps(a_text(event_id="a\u0000b")).encode(), 422),
        (json.dumps(a_text(event_id=5)).encode(), 422),
        (json.dumps(a_text("\ud800")).encode(), 422),
        (json.dumps(a_text("x" * 20_001)).encode(), 422),
        (json.dumps(a_text() | {"text": None}).encode(), 422),
        (json.dumps(a_text(**{"from": "12345"})).encode(), 422),
        (json.dumps(a_text(**{"from": "STOP"})).encode(), 422),
        (json.dumps(a_text(received_at="yesterday")).encode(), 422),
        (json.dumps(a_text(received_at="2026-03-13T10:00:00")).encode(), 422),
        (json.dumps(a_text(received_at="0001-01-01T00:00:00+14:00")).encode(), 422),
        (json.dumps(a_text(received_at="9999-12-31T23:59:59-14:00")).encode(), 422),
    ],
)
def test_signed_nonsense_of_the_gateway_is_refused(there, body, status):
    answer = there.gateway("inbound", body)
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")


def test_a_text_with_odd_signs_is_kept_as_it_is(world, there):
    odd = "\u0000\u202e\u200b\U0001f600\ufffd <script>"
    assert there.gateway("inbound", a_text(odd)).status_code == 200
    [reply] = world.rows[Reply].values()
    assert reply.text == f"sealed:{odd}"


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    "content",
    [{"status": "read-aloud"}, {"status": None}, {"message_id": ""}, {"message_id": "x" * 101}, {"code": "\u0000"}],
)
def test_a_receipt_that_nobody_can_mean_is_refused(there, content):
    assert there.gateway("receipts", a_receipt("nobody") | content).status_code == 422


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 422),
        (b"\xff=1", 400),
        (b"a=%ff", 400),
        (b"&".join(b"a%d=1" % number for number in range(5000)), 400),
        ({"MessageSid": "S"}, 422),
        ({"MessageSid": "S", "From": "anonymous", "Body": "x"}, 422),
        ({"MessageSid": "S", "From": "+12125550123", "Body": "x" * 20_001}, 422),
    ],
)
def test_nonsense_of_twilio_is_refused(there, content, status):
    assert there.twilio("inbound", content).status_code == status
    assert there.twilio("receipts", content).status_code in {400, 401, 422}


@pytest.mark.usefixtures("unchanged")
def test_another_content_type_is_refused(there):
    assert there.gateway("inbound", a_text(), content_type="text/plain").status_code == 415
    assert there.gateway("inbound", a_text(), content_type=FORM).status_code == 415
    assert there.twilio("inbound", {"a": "b"}, content_type="application/json").status_code == 415


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("size", [64 * 1024 + 1, 10_000_000])
def test_a_body_that_is_too_long_is_refused(there, size):
    assert there.gateway("inbound", b" " * size).status_code == 413
    assert there.twilio("inbound", b"a" * size).status_code == 413


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_hooks_are_only_told(there, method):
    assert getattr(there.client, method)(f"/notify/hooks/gateway/{CLINIC}/inbound").status_code == 405
