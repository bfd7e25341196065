"""Followup's page and notify's messages send people in need to the same lines, though neither knows the other."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from services.followup.domain.crisis import LINES as ON_PAGES
from services.followup.domain.crisis import Help, Line, Way
from services.notify.domain.crisis_lines import LINES as IN_MESSAGES
from services.notify.domain.crisis_lines import CrisisLine

NUMBER = re.compile(r"\d(?:[\d ]*\d)?")
ALWAYS = "24/7"


def faults_of(texts: Mapping[str, CrisisLine], help: Help) -> Iterator[str]:
    """What the messages of a country say otherwise than its page."""
    known = {text for line in (*help.lines, *help.emergency) for text in (line.number, line.word)}
    for language, told in texts.items():
        said = NUMBER.findall(f"{told.brief}; {told.full}".replace(ALWAYS, ""))
        yield from (f"{language}: {number} is on no page" for number in said if number not in known)
        if told.number != help.emergency[0].number:
            yield f"{language}: {told.number} is not the emergency number"


def test_pages_and_messages_know_the_same_countries():
    assert set(IN_MESSAGES) == set(ON_PAGES)


@pytest.mark.parametrize("country", ON_PAGES)
def test_pages_and_messages_name_the_same_numbers(country):
    assert list(faults_of(IN_MESSAGES[country], ON_PAGES[country])) == []


# --- negative proofs ------------------------------------------------------------------------------------------------

BAKERS = Help((Line(Way.CALL, "116 123"), Line(Way.PRESS, "116 123", "2")), (Line(Way.EMERGENCY, "112"),))
RIGHT = CrisisLine("call 116 123 (24/7), or 112", "call 116 123 and press 2, or call 112", "112")


def test_a_number_that_is_on_no_page_is_found():
    wrong = replace(RIGHT, full="call 116 132, press 3")
    assert list(faults_of({"en": RIGHT, "de": wrong}, BAKERS)) == [
        "de: 116 132 is on no page",
        "de: 3 is on no page",
    ]


def test_another_emergency_number_is_found():
    assert list(faults_of({"en": replace(RIGHT, number="911")}, BAKERS)) == ["en: 911 is not the emergency number"]
