"""A patient at a phone, in a real browser: by keyboard alone, without scripts, with two left thumbs."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.mailbox import BORN, Invited, Mailbox
from tests.e2e.town import ok

THANKS = "Thank you, we have your answers"
TOLD = "Thank you for telling us"


@pytest.fixture
def invited(mailbox: Mailbox) -> Invited:
    return mailbox.check_in("phq-9")


@pytest.fixture
def link(invited: Invited) -> str:
    return invited.link


def enter(page: Page, link: str) -> None:
    """The questions, after the year of birth."""
    page.goto(link)
    page.get_by_label("In which year were you born?").fill(BORN)
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("fieldset")).to_have_count(9)


def choose(page: Page, item: int, value: int) -> None:
    page.locator(f'label[for="phq-9.{item}-{value}"]').click()


def choose_all(page: Page, value: int) -> None:
    for item in range(1, 10):
        choose(page, item, value)


def test_the_phq_9_is_answered_by_keyboard_alone_where_no_script_runs(plain_page, link):
    page = plain_page
    page.goto(link)
    page.keyboard.press("Tab")
    page.keyboard.type(BORN)
    page.keyboard.press("Enter")
    expect(page.locator("fieldset")).to_have_count(9)
    page.keyboard.press("Tab")  # the way to help comes first
    assert page.locator(":focus").get_attribute("href") == "#help-title"
    for item in range(1, 10):
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        for _ in range(item % 3):
            page.keyboard.press("ArrowDown")
        expect(page.locator(f'[id="phq-9.{item}-{item % 3}"]')).to_be_checked()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Send my answers")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(THANKS)


def test_item_9_shows_the_crisis_lines_as_soon_as_it_is_chosen_and_first_of_all_once_it_is_sent(page, link):
    enter(page, link)
    lines = page.locator(".at-once")
    for value in (1, 2, 3):
        choose_all(page, 0)
        expect(lines).to_be_hidden()
        choose(page, 9, value)
        expect(lines).to_be_visible()
    expect(lines.get_by_role("link", name="Call 988, any time")).to_have_attribute("href", "tel:988")
    page.get_by_role("button", name="Send my answers").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(THANKS)
    expect(page.get_by_role("heading").first).to_have_text(TOLD)
    expect(page.get_by_role("heading").first).to_be_in_viewport()


def test_what_was_saved_is_there_again_and_a_blank_answer_is_found_by_its_link(page, link):
    enter(page, link)
    choose(page, 2, 3)
    page.get_by_role("button", name="Save and finish later").click()
    expect(page.get_by_role("status").first).to_contain_text("Your answers so far are saved")
    page.goto(link)
    expect(page.locator('[id="phq-9.2-3"]')).to_be_checked()
    page.get_by_role("button", name="Send my answers").click()
    expect(page.get_by_role("alert").get_by_role("link")).to_have_count(8)
    page.get_by_role("link", name="Question 3 of 9: choose one answer").click()
    expect(page.locator('[id="phq-9.3-0"]')).to_be_in_viewport()


def test_a_double_tap_and_the_back_button_change_nothing(page, invited, practice):
    enter(page, invited.link)
    choose_all(page, 1)
    page.get_by_role("button", name="Send my answers").dblclick()
    expect(page.get_by_role("heading", level=1)).to_have_text(THANKS)
    page.go_back()
    page.go_forward()
    page.goto(invited.link)
    expect(page.get_by_role("heading", level=1)).to_have_text(THANKS)
    expect(page.locator("fieldset")).to_have_count(0)
    measures = practice.at("followup", f"/patients/{invited.patient_id}/measures")
    assert [one["total"] for one in ok(practice.http.get(measures))["items"]] == [9]


def test_a_form_that_lay_open_too_long_keeps_its_answers(page, link):
    enter(page, link)
    choose_all(page, 2)
    page.context.clear_cookies()
    page.get_by_role("button", name="Send my answers").click()
    expect(page.get_by_role("heading").first).to_have_text(TOLD)
    page.get_by_label("In which year were you born?").fill(BORN)
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("input:checked")).to_have_count(9)
    page.get_by_role("button", name="Send my answers").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(THANKS)
