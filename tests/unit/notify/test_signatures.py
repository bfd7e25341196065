"""Signatures of hooks: what is accepted, to the second, and everything that is not."""

from datetime import UTC, datetime, timedelta
from importlib import import_module, util

import pytest
from werkzeug.datastructures import MultiDict

from services.notify.hooks.signatures import is_signed, is_twilios, sign, twilio_signature

NOW = datetime(2026, 3, 14, 7, 0, tzinfo=UTC)
SECRET = "the gateway's secret"
BODY = b'{"event_id": "1"}'


def at(**shift: int) -> int:
    return int((NOW + timedelta(**shift)).timestamp())


@pytest.mark.parametrize("seconds", [0, -300, 300, -1, 299])
def test_a_signature_is_good_for_five_minutes_around_our_time(seconds):
    assert is_signed(sign(BODY, secret=SECRET, at=at(seconds=seconds)), BODY, secret=SECRET, now=NOW)


@pytest.mark.parametrize("seconds", [-301, 301, -86400, 10**9])
def test_older_and_newer_ones_are_not(seconds):
    assert not is_signed(sign(BODY, secret=SECRET, at=at(seconds=seconds)), BODY, secret=SECRET, now=NOW)


GOOD = sign(BODY, secret=SECRET, at=at())


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=,v1=",
        GOOD.replace("v1=", "v0="),
        GOOD.upper(),
        GOOD[:-1],
        GOOD + "0",
        GOOD + "\n",
        " " + GOOD,
        GOOD.partition(",")[2],
        GOOD.replace(f"t={at()}", f"t={at(seconds=1)}"),
        GOOD.replace(f"t={at()}", f"t=0{at()}"),
        GOOD.replace(f"t={at()}", "t=999999999999999999999"),
        GOOD.replace(f"t={at()}", "t=999999999999"),
        GOOD.replace(f"t={at()}", "t=-1"),
        GOOD.replace(f"t={at()}", "t=\u0661\u0662"),
        sign(BODY, secret="another", at=at()),
        sign(BODY, secret="", at=at()),
        sign(BODY + b" ", secret=SECRET, at=at()),
    ],
)
def test_nothing_else_is_a_signature(header):
    assert is_signed(GOOD, BODY, secret=SECRET, now=NOW)
    assert not is_signed(header, BODY, secret=SECRET, now=NOW)


def test_without_a_secret_nothing_is_signed():
    assert not is_signed(sign(BODY, secret="", at=at()), BODY, secret="", now=NOW)
    assert not is_twilios(twilio_signature("u", {}, token=""), "u", {}, token="")


URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
FORM = {
    "CallSid": ["CA1234567890ABCDE"],
    "Caller": ["+14158675309"],
    "Digits": ["1234"],
    "From": ["+14158675309"],
    "To": ["+18005551212"],
}
TOKEN = "12345"
DOCUMENTED = "RSOYDt4T1cUTdK1PDd93/VVr8B8="
"""Of Twilio's page on webhooks security."""


def test_twilios_documented_example():
    assert twilio_signature(URL, FORM, token=TOKEN) == DOCUMENTED
    assert is_twilios(DOCUMENTED, URL, FORM, token=TOKEN)


@pytest.mark.parametrize(
    ("signature", "url", "form", "token"),
    [
        ("", URL, FORM, TOKEN),
        (DOCUMENTED[:-1], URL, FORM, TOKEN),
        ("\u00e9", URL, FORM, TOKEN),
        (DOCUMENTED, URL + "&c=3", FORM, TOKEN),
        (DOCUMENTED, URL.replace("https", "http"), FORM, TOKEN),
        (DOCUMENTED, URL, FORM | {"Digits": ["1235"]}, TOKEN),
        (DOCUMENTED, URL, FORM | {"More": ["1"]}, TOKEN),
        (DOCUMENTED, URL, FORM | {"Digits": ["1234", "5"]}, TOKEN),
        (DOCUMENTED, URL, FORM, "12346"),
    ],
)
def test_what_is_not_twilios(signature, url, form, token):
    assert not is_twilios(signature, url, form, token=token)


@pytest.mark.skipif(util.find_spec("twilio") is None, reason="Twilio's library is an optional extra")
@pytest.mark.parametrize("form", [FORM, {}, {"Body": ["\u00e4\u20ac\U0001f600 +&="], "A": ["2", "1", "1"], "a": [""]}])
def test_twilios_own_library_signs_alike(form):
    validator = import_module("twilio.request_validator").RequestValidator(TOKEN)
    fields = MultiDict((name, value) for name, values in form.items() for value in values)
    assert validator.compute_signature(URL, fields) == twilio_signature(URL, form, token=TOKEN)
