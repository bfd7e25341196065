"""Every text that ships, whatever the patient can do and has done, in every language, country and level of privacy."""

from dataclasses import replace
from itertools import product

import pytest

from services.notify.domain.message import Channel
from services.notify.domain.recipient import Privacy
from tests.support.notify_wording import (
    CONTENT,
    FORMS,
    KINDS,
    PAGE,
    require_confirmed_is_not_asked,
    require_discretion,
    require_link_where_allowed,
    require_short,
)

WAYS = [
    replace(CONTENT, link=link, can_reply=can_reply, is_confirmed=confirmed)
    for link, can_reply, confirmed in product(("", PAGE), (False, True), (False, True))
]
"""What a patient can do, and has done."""


@pytest.mark.parametrize("key", KINDS)
def test_nobody_is_asked_to_confirm_who_has_confirmed(key: str):
    for content in WAYS:
        require_confirmed_is_not_asked(key, content)


@pytest.mark.parametrize("key", sorted(KINDS.keys() - FORMS - {"home-safe"}))
def test_a_link_is_given_only_where_there_is_one_and_privacy_allows_it(key: str):
    for content in WAYS:
        require_link_where_allowed(key, content)


@pytest.mark.parametrize("language", ["en", "es", "de"])
@pytest.mark.parametrize("key", KINDS)
def test_an_sms_is_one_part_of_gsm_7_at_usual_lengths_and_two_with_a_link(key: str, language: str):
    for content, country in product(WAYS, ("US", "CA", "GB", "DE", "AU", "FR")):
        require_short(key, content, language=language, country=country)


@pytest.mark.parametrize("key", KINDS)
def test_no_message_discloses_anything(key: str):
    for privacy, channel in product(Privacy, Channel):
        require_discretion(key, privacy, channel)
