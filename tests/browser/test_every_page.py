"""Every page of all three services, looked at by axe; `make screenshots` keeps a picture of each."""

from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PHONE
from tests.browser.looking import Looking
from tests.e2e.mailbox import BORN, Mailbox
from tests.e2e.town import ok


def sends(page: Page, button: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=button).click()


def says_born(page: Page, year: str = BORN) -> None:
    page.locator("#year").fill(year)
    with page.expect_navigation():
        page.locator("form button").first.click()


def choose(page: Page, *items: int) -> None:
    for item in items:
        page.locator(f'label[for="phq-9.{item}-1"]').click()


def test_the_pages_of_a_check_in(page, mailbox, look):
    page.goto(mailbox.check_in("phq-9").link)
    look(page, "check-in-1-year")
    says_born(page, "1911")
    look(page, "check-in-2-wrong-year")
    says_born(page)
    look(page, "check-in-3-questions")
    page.locator('label[for="phq-9.9-2"]').click()
    page.locator(".at-once").scroll_into_view_if_needed()
    look(page, "check-in-4-help-at-once")
    sends(page, "Save and finish later")
    page.locator(".saved").evaluate("one => one.scrollIntoView()")
    look(page, "check-in-5-saved")
    choose(page, 1, 2, 4, 5, 6, 8)
    sends(page, "Send my answers")
    page.get_by_role("alert").evaluate("one => one.scrollIntoView()")
    look(page, "check-in-6-blank")
    choose(page, 3, 7)
    sends(page, "Send my answers")
    look(page, "check-in-7-answered")


def test_a_check_in_one_group_after_the_other(page, mailbox, look):
    page.goto(mailbox.check_in("pc-ptsd-5").link)
    says_born(page)
    look(page, "check-in-one-question")
    page.locator("fieldset label").last.click()
    sends(page, "Continue")
    expect(page.locator("fieldset")).to_have_count(5)
    look(page, "check-in-group")


def test_a_sign_of_an_emergency(page, mailbox, look):
    page.goto(mailbox.check_in("day-after").link)
    says_born(page)
    page.locator('label[for="day-after.chest-pain-1"]').click()
    page.locator(".at-once:visible").first.scroll_into_view_if_needed()
    look(page, "check-in-emergency")


def test_links_that_are_locked_cancelled_closed_or_nobodys(page, mailbox, practice, look):
    page.goto(mailbox.check_in("phq-9").link)
    for year in range(1911, 1917):
        if page.locator("#year").count():
            says_born(page, str(year))
    look(page, "check-in-locked")
    cancelled = mailbox.check_in("phq-9")
    cancel = practice.at("followup", f"/check-ins/{cancelled.check_in_id}/cancel")
    ok(practice.http.post(cancel, {"reason": "mistake"}))
    page.goto(cancelled.link)
    look(page, "check-in-cancelled")
    closed = mailbox.check_in("phq-9", open_hours=24)
    practice.town.move_to(practice.town.clock() + timedelta(hours=25))
    page.goto(closed.link)
    look(page, "check-in-closed")
    page.goto(closed.link[:-1])
    look(page, "check-in-unknown")


@pytest.mark.parametrize(
    ("locale", "born"), [("es", "¿En qué año nació usted?"), ("de", "In welchem Jahr sind Sie geboren?")]
)
def test_a_check_in_in_another_language(
    chromium: Browser, mailbox: Mailbox, look: Looking, locale: str, born: str
) -> None:
    with chromium.new_context(**{**PHONE, "locale": locale}) as context:
        page = context.new_page()
        page.goto(mailbox.check_in("phq-9", locale=locale).link)
        expect(page.get_by_label(born)).to_be_visible()
        says_born(page)
        look(page, f"check-in-{locale}")


def test_the_pages_of_appointments_and_the_end_of_mail(page, mailbox, look):
    appointments, stop = mailbox.appointments()
    page.goto(appointments)
    look(page, "appointments-1-year")
    says_born(page)
    look(page, "appointments-2-list")
    page.goto(f"{appointments}/1")
    look(page, "appointments-3-one")
    for summary in page.locator("summary").all():
        summary.click()
    look(page, "appointments-4-change")
    page.goto(appointments[:-1])
    look(page, "appointments-unknown")
    page.goto(stop)
    look(page, "mail-1-stop")
    sends(page, "Stop e-mails")
    look(page, "mail-2-stopped")
    page.goto(stop[:-1])
    look(page, "mail-unknown")


def test_what_patients_can_read(page, mailbox, practice, look):
    appointments, _ = mailbox.appointments()
    page.goto(f"{appointments}/questions")
    look(page, "questions-1-year")
    says_born(page)
    look(page, "questions-2-none")
    review = {"version": 1, "review_due": f"{practice.town.today(practice.zone) + timedelta(days=90)}"}
    for topic in ("what", "how", "conditions", "session", "side-effects"):
        ok(practice.http.post(practice.at("booking", f"/education/faq.{topic}/review"), review))
    page.goto(appointments)
    page.get_by_role("link", name="Questions and answers").click()
    look(page, "questions-3-all")
    with page.expect_navigation():
        page.get_by_role("button", name="I have read this").first.click()
    expect(page.get_by_role("button", name="I have read this")).to_have_count(4)
    page.locator(".saved").evaluate("one => one.scrollIntoView({block: 'center'})")
    look(page, "questions-4-read")


def test_the_pages_of_the_staff(page, mailbox, look):
    link = mailbox.paged()
    page.goto(link)
    look(page, "staff-1-open")
    sends(page, "I take it on")
    look(page, "staff-2-mine")
    sends(page, "I have reached them")
    look(page, "staff-3-done")
    page.goto(link[:-1])
    look(page, "staff-unknown")
