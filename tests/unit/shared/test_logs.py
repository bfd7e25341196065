"""Logs are one JSON line each, for our code and for libraries, and hold no personal field."""

import json
import logging
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

import pytest
import structlog

from shared.telemetry import logs
from tests.support.lazy_service import undisturbed_logs


def lines(act: Callable[[Any], object], level: str = "info") -> list[dict[str, Any]]:
    """What a process of the bakery writes when `act` logs something."""
    out = StringIO()
    with undisturbed_logs(), redirect_stdout(out):
        logs.configure("bakery", level)
        act(structlog.get_logger())
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_one_line_of_json_per_event_with_its_service():
    (line,) = lines(lambda log: log.info("baked", cake="cake-1", ms=1.5))
    assert (line["event"], line["service"], line["level"]) == ("baked", "bakery", "info")
    assert (line["cake"], line["ms"]) == ("cake-1", 1.5)
    assert line["timestamp"].endswith("Z")


def test_libraries_log_the_same_way():
    (line,) = lines(lambda _: logging.getLogger("oven").warning("hot: %s degrees", 200))
    assert (line["event"], line["level"], line["service"]) == ("hot: 200 degrees", "warning", "bakery")


def test_addresses_that_are_called_are_logged_at_no_level():
    call = "https://sms.example:443 GET /Messages.json?To=%2B12125550100"
    assert lines(lambda _: logging.getLogger("urllib3.connectionpool").debug(call), "debug") == []


@pytest.mark.parametrize(
    "field", ["name", "phone", "email", "birth_date", "link", "token", "secret", "body", "text", "address"]
)
def test_a_personal_field_is_not_logged(field):
    (line,) = lines(lambda log: log.info("came", **{field: "Ada Lovelace"}))
    assert line[field] == "(not logged)"
    assert "Ada" not in json.dumps(line)


def test_a_personal_field_inside_of_another_one_is_not_logged_either():
    (line,) = lines(lambda log: log.info("came", patient={"id": "p", "contacts": [{"phone": "+12125550100"}]}))
    assert line["patient"] == {"id": "p", "contacts": [{"phone": "(not logged)"}]}


def test_a_personal_field_bound_to_the_context_is_not_logged_either():
    def act(log: Any) -> None:
        with structlog.contextvars.bound_contextvars(email="ada@example.com", request="r"):
            log.info("came")

    (line,) = lines(act)
    assert (line["email"], line["request"]) == ("(not logged)", "r")


def test_a_failure_carries_its_trace_in_the_same_line():
    (line,) = lines(lambda log: log.error("burnt", exc_info=ValueError("too hot")))
    assert "ValueError: too hot" in line["exception"]


def test_what_is_below_the_level_is_not_logged():
    assert lines(lambda log: log.debug("kneading")) == []
    assert lines(lambda _: logging.getLogger("oven").debug("warming up")) == []


@pytest.mark.parametrize("library", ["kafka", "pymongo", "apscheduler"])
def test_chatty_libraries_speak_of_trouble_only(library):
    def act(_: Any) -> None:
        logging.getLogger(f"{library}.inside").info("polling")
        logging.getLogger(f"{library}.inside").warning("gone")

    assert [line["event"] for line in lines(act)] == ["gone"]


def test_what_cannot_be_written_as_json_does_no_harm():
    (line,) = lines(lambda log: log.info("baked", cake=object(), tiers={1, 2}))
    assert line["event"] == "baked"
