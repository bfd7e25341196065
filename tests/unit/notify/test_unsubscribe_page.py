"""The page behind the link in every e-mail."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from services.notify.domain.contact_point import ConsentStatus, ContactPoint
from services.notify.domain.message import Channel
from services.notify.operations.clinics import hear_clinic
from services.notify.operations.patients import hear_patient
from services.notify.pages.unsubscribe import TEXTS, unsubscribe_pages
from shared.http.fields import LOCALES
from shared.http.page_texts import load_texts
from shared.http.pages import HEADERS
from tests.support.notify_builders import BOOKED_AT, CLINIC, PATIENT, clinic_heard, patient_heard
from tests.support.notify_fakes import FakeNotify
from tests.support.pages_app import pages_app

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
SAYS = load_texts(TEXTS)


@pytest.fixture
def world() -> FakeNotify:
    world = FakeNotify(BOOKED_AT)
    world.run(CLINIC, hear_clinic, clinic_heard())
    register(world, "en")
    return world


@pytest.fixture
def browser(world: FakeNotify) -> FlaskClient:
    return pages_app(unsubscribe_pages(world.run)).test_client()


def register(world: FakeNotify, locale: str) -> None:
    heard = patient_heard(
        patient_id=PATIENT, locale=locale, phone="sealed:+12125550123", email="sealed:ada@example.com"
    )
    world.run(CLINIC, hear_patient, heard)


def point(world: FakeNotify) -> ContactPoint:
    found: ContactPoint
    [found] = [one for one in world.rows[ContactPoint].values() if one.channel is Channel.EMAIL]
    return found


def link(world: FakeNotify) -> str:
    return f"/notify/u/unsubscribe-{point(world).id}"


def test_reading_changes_nothing_and_shows_one_button(world, browser):
    for _ in range(3):
        page = browser.get(link(world))
        browser.head(link(world))

    assert page.status_code == 200
    assert re.findall(r'name="(\w+)" value="(\w+)"', page.text) == [("do", "stop")]
    assert "Riverside Clinic will send no more e-mails to this address" in page.text
    assert point(world).status is ConsentStatus.OPTED_IN


def test_the_page_tells_nothing_but_the_clinics_alias(world, browser):
    for text in (browser.get(link(world)).text, browser.post(link(world), data=ONE_CLICK).text):
        assert "Riverside Clinic" in text
        assert not re.search(r"ada@|example\.com|Ada|Byron|Infusion|2125550|patient-1", text)


def test_one_click_stops_at_once_without_cookie_or_redirect(world, browser):
    for _ in range(2):
        answer = browser.post(link(world), data=ONE_CLICK)
        assert (answer.status_code, "Location" in answer.headers, "Set-Cookie" in answer.headers) == (200, False, False)

    assert point(world).history[-1].wording == "List-Unsubscribe=One-Click"
    assert len(world.told) == 1


def test_one_click_may_come_as_a_form_of_parts(world, browser):
    browser.post(link(world), data=ONE_CLICK, content_type="multipart/form-data")
    assert point(world).is_stopped


def test_the_button_stops_keeps_the_words_that_were_shown_and_leads_back_to_reading(world, browser):
    answer = browser.post(link(world), data={"do": "stop"})

    assert (answer.status_code, answer.headers["Location"]) == (303, link(world))
    assert point(world).history[-1].wording == SAYS["en"]("stop_text", alias="Riverside Clinic")


def test_there_is_a_way_back(world, browser):
    browser.post(link(world), data={"do": "stop"})
    page = browser.get(link(world)).text
    world.now += timedelta(minutes=1)
    browser.post(link(world), data={"do": "restore"})

    assert 'name="do" value="restore"' in page
    assert point(world).status is ConsentStatus.OPTED_IN


@pytest.mark.parametrize(
    "data", [{}, {"do": "burn"}, {"List-Unsubscribe": "one click"}, {"do": "restore"}, {"List-Unsubscribe": ""}]
)
def test_what_nobody_offers_changes_nothing(world, browser, data):
    before = point(world)
    assert browser.post(link(world), data=data).status_code == 303
    assert point(world) == before


@pytest.mark.parametrize("path", ["made-up", "", "a/b", "x" * 3000, "%00", "%F0%9F%92%A9"])
def test_a_link_of_nobodys_is_explained(world, browser, path):
    for answer in (browser.get(f"/notify/u/{path}"), browser.post(f"/notify/u/{path}", data=ONE_CLICK)):
        assert answer.status_code == 404
        assert "This link does not work" in answer.text
    assert not point(world).is_stopped


@pytest.mark.parametrize("language", ["en", "es", "de"])
def test_the_page_speaks_the_patients_language(world, browser, language):
    register(world, language)
    page = browser.get(link(world)).text
    assert f'<html lang="{language}">' in page
    assert SAYS[language]("stop_button") in page


def test_a_page_for_nobody_speaks_the_browsers_language(browser):
    answer = browser.get("/notify/u/made-up", headers={"Accept-Language": "fr, de-AT;q=0.8, en;q=0.5"})
    assert SAYS["de"]("unknown_title") in answer.text


def test_the_page_is_there_in_every_language():
    assert sorted(SAYS) == sorted(LOCALES)


def test_nothing_is_kept_by_browsers_or_told_to_others(world, browser):
    answer = browser.get(link(world))
    assert {name: answer.headers[name] for name in HEADERS} == dict(HEADERS)
    assert "<script" not in answer.text
