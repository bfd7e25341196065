"""Which provider the settings choose, and what they cannot do without."""

import sys
from dataclasses import replace
from typing import Any

import pytest

from services.notify.channels.exchange import LONGEST_RETRY_AFTER, RETRY_AFTER, seconds_of
from services.notify.channels.gateway import GatewayChannel
from services.notify.channels.table import NEEDED, providers
from services.notify.channels.twilio import TwilioChannel
from services.notify.domain.message import Channel
from services.notify.operations.ports import Askable, Gate
from services.notify.settings import Settings
from shared.clock import system_clock
from shared.settings import SettingsFault, load

ENVIRONMENT = {
    "KADENCE_ENV": "development",
    "KADENCE_MONGO_URL": "mongodb://unused",
    "KADENCE_KAFKA_BOOTSTRAP": "unused:9092",
    "KADENCE_KEY": "key",
    "KADENCE_PLATFORM_KEY": "operator",
    "KADENCE_SMS_PER_SECOND": "0",
    "KADENCE_SMS_GATEWAY_URL": "https://gateway.example/messages",
    "KADENCE_SMS_GATEWAY_TOKEN": "token",
    "KADENCE_SMS_GATEWAY_SECRET": "secret",
    "KADENCE_TWILIO_ACCOUNT_SID": "AC1",
    "KADENCE_TWILIO_AUTH_TOKEN": "token",
}
NOTHING: Any = None


def settings(provider: str) -> Settings:
    return load(Settings, {**ENVIRONMENT, "KADENCE_SMS_PROVIDER": provider})


def chosen(given: Settings) -> Any:
    return providers(given, NOTHING, NOTHING, system_clock)[Channel.SMS]


@pytest.mark.parametrize(
    ("provider", "kind", "repeatable", "askable"),
    [("gateway", GatewayChannel, True, False), ("twilio", TwilioChannel, False, True)],
)
def test_the_settings_choose_who_takes_sms(provider: str, kind: type, *, repeatable: bool, askable: bool):
    found = chosen(settings(provider))
    assert isinstance(found.provider, kind)
    assert (found.repeatable, isinstance(found, Askable), isinstance(found, Gate)) == (repeatable, askable, True)


def test_every_choice_has_its_needs_written_down():
    choices = Settings.__dataclass_fields__["sms_provider"].metadata["choices"]
    assert set(NEEDED) == set(choices)


@pytest.mark.parametrize(("provider", "name"), [(provider, name) for provider in NEEDED for name in NEEDED[provider]])
def test_a_provider_without_what_it_needs_does_not_start(provider: str, name: str):
    nothing: Any = {name: ""}
    without = replace(settings(provider), **nothing)
    with pytest.raises(SettingsFault, match=f"KADENCE_SMS_PROVIDER={provider} needs KADENCE_{name.upper()}"):
        chosen(without)


def test_twilio_without_its_library_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "twilio.rest", None)
    with pytest.raises(SettingsFault, match=r"pip install --require-hashes -r requirements/twilio\.txt"):
        chosen(settings("twilio"))


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("", RETRY_AFTER),
        ("soon", RETRY_AFTER),
        ("86400", LONGEST_RETRY_AFTER),
        ("-1", RETRY_AFTER),
    ],
)
def test_retry_after_is_read_and_kept_within_bounds(said: str, seconds: float):
    assert seconds_of(said) == seconds


def test_retry_after_may_be_a_date():
    assert seconds_of("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0
    assert seconds_of("Fri, 21 Oct 2122 07:28:00 GMT") == LONGEST_RETRY_AFTER
