"""The channels for SMS against a provider over HTTP that does everything wrong that providers do."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from deploy.local.ports import HOST, free_port
from services.notify.channels import exchange
from services.notify.channels.gateway import GatewayChannel
from services.notify.channels.twilio import TwilioChannel, twilio_client
from services.notify.domain.message import Channel, Letter
from services.notify.operations.ports import (
    Accepted,
    NotDelivered,
    OptedOut,
    PermanentFailure,
    TemporaryFailure,
    Throttled,
    UnknownOutcome,
    Unreachable,
)
from shared.clock import system_clock
from tests.support.sms_provider import ACCOUNT, GATEWAY, RETRY_AFTER, STOPPED, TOKEN, SmsDouble, SmsServer, running

US = "https://clinic.example/"
LETTER = Letter("m-1", "clinic-1", Channel.SMS, "Riverside", "+12025550123", "", "See you at 9:00 ✓")
CASES: tuple[tuple[str, type[NotDelivered], str, int], ...] = (
    ("drop-before", UnknownOutcome, "no-answer", 0),
    ("drop-after", UnknownOutcome, "no-answer", 1),
    ("die", UnknownOutcome, "no-answer", 1),
    ("slow", UnknownOutcome, "no-answer", 1),
    ("500", UnknownOutcome, "500", 0),
    ("500-after", UnknownOutcome, "500", 1),
    ("429", Throttled, "429", 0),
)
"""What the provider does, what that means, its cause, and whether the patient has got it."""


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "ANSWER_SECONDS", 0.3)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SmsServer]:
    with running(SmsDouble(tmp_path)) as server:
        yield server


def gateway(url: str, token: str = TOKEN, sender: str = "") -> GatewayChannel:
    return GatewayChannel(f"{url}{GATEWAY}", token, sender=sender, public_url=US)


def twilio(url: str, token: str = TOKEN, sender: str = "+12025550100") -> TwilioChannel:
    return TwilioChannel(twilio_client(ACCOUNT, token, url), sender=sender, public_url=US)


def failure(channel: Any, letter: Letter = LETTER) -> NotDelivered:
    with pytest.raises(NotDelivered) as caught:
        channel.send(letter)
    return caught.value


def test_a_gateway_gets_the_letter_its_key_and_where_to_send_receipts(server: SmsServer):
    accepted = gateway(server.url).send(LETTER)
    [taken] = server.double.delivered
    assert accepted == Accepted(taken.sid)
    assert (taken.key, taken.to, taken.sender, taken.text) == ("m-1", LETTER.to, "Riverside", LETTER.text)
    assert taken.callback == "https://clinic.example/notify/hooks/gateway/clinic-1/receipts"


def test_a_clinics_own_number_comes_before_the_installations_and_that_before_the_alias(server: SmsServer):
    channel = gateway(server.url, sender="70700")
    channel.send(LETTER)
    channel.send(replace(LETTER, message_id="m-2", from_number="+12025550111"))
    assert [taken.sender for taken in server.double.delivered] == ["70700", "+12025550111"]


@pytest.mark.parametrize(("trouble", "kind", "cause", "arrived"), CASES)
def test_where_a_call_to_the_gateway_breaks_says_whether_it_went_out(
    server: SmsServer, trouble: str, kind: type[NotDelivered], cause: str, arrived: int
):
    server.double.next = [trouble]
    failed = failure(gateway(server.url))
    assert (type(failed), failed.cause) == (kind, f"gateway-{cause}")
    assert len(server.double.delivered) == arrived
    assert gateway(server.url).send(LETTER)
    assert len(server.double.delivered) == 1


def test_what_a_gateway_asks_to_wait_is_kept(server: SmsServer):
    server.double.next = ["429"]
    failed = failure(gateway(server.url))
    assert isinstance(failed, Throttled)
    assert failed.retry_after == RETRY_AFTER


def test_a_refused_number_is_refused_for_good_and_a_wrong_token_only_until_it_is_mended(server: SmsServer):
    refused = failure(gateway(server.url), replace(LETTER, to=STOPPED))
    assert (type(refused), refused.cause) == (PermanentFailure, "gateway-400")
    assert type(failure(gateway(server.url, "wrong"))) is TemporaryFailure
    gateway(server.url).send(LETTER)
    assert failure(gateway(server.url), replace(LETTER, text="another text")).cause == "gateway-422"
    assert len(server.double.delivered) == 1


@pytest.mark.parametrize("make", [gateway, twilio])
def test_who_is_not_there_got_nothing(make: Any):
    assert type(failure(make(f"http://{HOST}:{free_port()}"))) is Unreachable
    assert type(failure(make("http://no-such-host.invalid"))) is Unreachable


def test_a_server_whose_certificate_is_not_trusted_got_nothing():
    with tls_server() as (port, heard):
        failed = failure(gateway(f"https://localhost:{port}"))
    assert (type(failed), failed.cause) == (Unreachable, "gateway-unreachable")
    assert heard == []


def test_twilio_gets_the_letter_and_the_messages_id_in_the_callback(server: SmsServer):
    accepted = twilio(server.url).send(LETTER)
    [taken] = server.double.delivered
    assert accepted == Accepted(taken.sid)
    assert (taken.to, taken.sender, taken.text) == (LETTER.to, "+12025550100", LETTER.text)
    assert taken.callback == "https://clinic.example/notify/hooks/twilio/clinic-1/receipts?message=m-1"


@pytest.mark.parametrize(("trouble", "kind", "cause", "arrived"), CASES)
def test_where_a_call_to_twilio_breaks_says_whether_it_went_out(
    server: SmsServer, trouble: str, kind: type[NotDelivered], cause: str, arrived: int
):
    server.double.next = [trouble]
    failed = failure(twilio(server.url))
    assert (type(failed), failed.cause) == (kind, f"twilio-{cause}")
    assert len(server.double.delivered) == arrived


@pytest.mark.parametrize(
    ("to", "token", "kind", "cause"),
    [
        (STOPPED, TOKEN, OptedOut, "twilio-21610"),
        ("+1x", TOKEN, PermanentFailure, "twilio-21211"),
        (LETTER.to, "wrong", TemporaryFailure, "twilio-20003"),
    ],
)
def test_twilios_refusals_keep_their_code(server: SmsServer, to: str, token: str, kind: type[NotDelivered], cause: str):
    refused = failure(twilio(server.url, token), replace(LETTER, to=to))
    assert (type(refused), refused.cause) == (kind, cause)
    assert server.double.delivered == []


def test_twilio_is_asked_for_the_text_that_went_to_a_number_at_a_time(server: SmsServer):
    channel, sent_at = twilio(server.url), system_clock()
    assert channel.ask(LETTER, sent_at) is None
    server.double.next = ["drop-after"]
    assert type(failure(channel)) is UnknownOutcome
    assert channel.ask(LETTER, sent_at) == Accepted(server.double.delivered[0].sid)
    assert channel.ask(replace(LETTER, text="another"), sent_at) is None
    assert channel.ask(replace(LETTER, to="+12025550124"), sent_at) is None
    assert channel.ask(LETTER, sent_at - timedelta(hours=1)) is None


def test_what_twilio_took_and_gave_up_has_failed(server: SmsServer):
    channel, sent_at = twilio(server.url), system_clock()
    channel.send(LETTER)
    server.double.given_up = 30003
    with pytest.raises(PermanentFailure, match="twilio-30003"):
        channel.ask(LETTER, sent_at)


def test_a_question_that_twilio_does_not_answer_says_nothing_of_the_letter(server: SmsServer):
    with pytest.raises(TemporaryFailure, match="twilio-20003"):
        twilio(server.url, "wrong").ask(LETTER, system_clock())


@contextmanager
def tls_server() -> Iterator[tuple[int, list[bytes]]]:
    """A server with a certificate that nobody trusts, and what it was told."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    heard: list[bytes] = []
    with socket.create_server((HOST, 0)) as listening:

        def answer() -> None:
            with listening.accept()[0] as plain:
                try:
                    heard.append(context.wrap_socket(plain, server_side=True).recv(1))
                except OSError:
                    return

        thread = threading.Thread(target=answer)
        thread.start()
        yield listening.getsockname()[1], heard
        thread.join()
