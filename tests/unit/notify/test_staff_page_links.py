"""The page behind a link to the staff: what it shows to whom, and that reading it changes nothing."""

from datetime import timedelta

import pytest

from services.notify.domain.page import LINK_GOOD_FOR, PageStatus, StaffPage
from services.notify.operations.clinics import hear_clinic
from services.notify.operations.pages import ByLink, EscalatePage, escalate_page, read_page
from services.notify.pages.acknowledge import TEXTS
from shared.http.fields import LOCALES
from shared.http.page_texts import load_texts
from tests.support.notify_builders import CLINIC, clinic_heard
from tests.support.notify_fakes import PUBLIC_URL
from tests.support.notify_staff import Browser, a_staffed_world, letters, link_of, raised

PRIVATE = ("Ada", "Byron", "+1 212-555-0123", "+12125550123", "crisis", "suicid")
FIVE = timedelta(minutes=5)


@pytest.fixture
def world():
    return a_staffed_world()


@pytest.fixture
def page(world):
    return raised(world)


@pytest.fixture
def browser(world):
    return Browser(world)


def stored(world) -> StaffPage:
    found: StaffPage
    [found] = world.rows[StaffPage].values()
    return found


def links(world, page):
    return [link_of(row) for row in letters(world, page)]


def test_reading_says_since_when_and_nothing_private_and_changes_nothing(world, page, browser):
    before = stored(world)
    for _ in range(3):
        answer = browser.read(links(world, page)[0])
    assert answer.status_code == 200
    assert "Riverside Clinic" in answer.text
    assert "Somebody needs a call now" in answer.text
    assert "02:00" in answer.text
    assert not any(word in answer.text for word in PRIVATE)
    assert stored(world) == before


def test_the_button_takes_it_on_and_shows_whom_to_phone(world, page, browser):
    link = links(world, page)[0]

    answer = browser.press(link, "acknowledge")

    assert stored(world).status is PageStatus.ACKNOWLEDGED
    assert stored(world).acknowledged_by.startswith("staff/")
    assert "Ada Byron" in answer.text
    assert 'href="tel:+12125550123"' in answer.text
    assert "Ada Byron" in browser.read(link).text


def test_pressing_it_again_changes_nothing(world, page, browser):
    link = links(world, page)[0]
    browser.press(link, "acknowledge")
    taken = stored(world)
    world.now += FIVE
    assert "Ada Byron" in browser.press(link, "acknowledge").text
    assert stored(world) == taken


def test_the_second_button_notes_that_the_patient_was_reached_and_the_page_forgets_them(world, page, browser):
    link = links(world, page)[0]
    browser.press(link, "acknowledge")
    world.now += FIVE

    answer = browser.press(link, "reach")

    assert stored(world).status is PageStatus.CONTACTED
    assert "02:05" in answer.text
    assert not any(word in answer.text for word in PRIVATE)


def test_who_has_not_taken_it_on_cannot_note_that_the_patient_was_reached(world, page, browser):
    browser.press(links(world, page)[0], "reach")
    assert stored(world).status is PageStatus.OPEN


def test_another_of_the_staff_sees_that_it_is_taken_on_and_not_whom_it_is_about(world, page, browser):
    world.now += FIVE
    world.run(CLINIC, escalate_page, EscalatePage(page.id))
    *_, first, backup = links(world, page)
    browser.press(first, "acknowledge")

    for answer in (browser.read(backup), browser.press(backup, "acknowledge"), browser.press(backup, "reach")):
        assert "Somebody else has taken this on" in answer.text
        assert not any(word in answer.text for word in PRIVATE)
    assert stored(world).status is PageStatus.ACKNOWLEDGED


def test_whom_it_is_about_is_not_even_opened_for_who_has_not_taken_it_on(world, page):
    token = links(world, page)[0].rpartition("/")[2]
    opened = world.run(CLINIC, read_page, ByLink(token))
    assert (opened.name, opened.phones) == ("", ())


def test_a_strangers_number_is_shown_to_who_takes_it_on(world, browser):
    page = raised(world, patient_id="", phone="+12125550199")
    answer = browser.press(links(world, page)[0], "acknowledge")
    assert "no patient has" in answer.text
    assert 'href="tel:+12125550199"' in answer.text


@pytest.mark.parametrize("button", ["", "accept", "acknowledge\x00", "x" * 10_000])
def test_a_button_that_is_none_of_ours_does_nothing(world, page, browser, button):
    before = stored(world)
    assert browser.press(links(world, page)[0], button).status_code == 200
    assert stored(world) == before


@pytest.mark.parametrize(
    "token", ["", "page-token-x", "a/b", "..%2f..%2fetc", "%00", "x" * 2000, "{{7*7}}", "🂡", "' or 1=1"]
)
@pytest.mark.usefixtures("page")
def test_a_link_that_nobody_made_is_explained(world, browser, token):
    for answer in (
        browser.read(f"{PUBLIC_URL}/notify/p/{token}"),
        browser.press(f"{PUBLIC_URL}/notify/p/{token}", "acknowledge"),
    ):
        assert answer.status_code == 404
        assert "This link does not work" in answer.text
        assert token not in answer.text or not token
    assert stored(world).status is PageStatus.OPEN


def test_a_link_that_is_too_old_reads_like_one_that_nobody_made(world, page, browser):
    link = links(world, page)[0]
    world.now += LINK_GOOD_FOR
    foreign = browser.read(f"{PUBLIC_URL}/notify/p/nobodys").text
    assert browser.read(link).text == foreign
    assert browser.press(link, "acknowledge").text == foreign
    assert stored(world).status is PageStatus.OPEN


def test_the_page_is_not_kept_by_browsers_and_runs_no_scripts(world, page, browser):
    answer = browser.read(links(world, page)[0])
    assert answer.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "<script" not in answer.text


def test_the_page_speaks_the_clinics_language():
    world = a_staffed_world()
    world.run(CLINIC, hear_clinic, clinic_heard(locale="de"))
    page = raised(world)
    assert "Jemand braucht jetzt einen Anruf" in Browser(world).read(links(world, page)[0]).text


def test_the_page_is_there_in_every_language():
    assert sorted(load_texts(TEXTS)) == sorted(LOCALES)
