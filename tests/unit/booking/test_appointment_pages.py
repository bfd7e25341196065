"""The patient's page of their appointments: what is shown to whom, and what a tap does."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from html.parser import HTMLParser

import pytest
from structlog.testing import capture_logs

from services.booking.domain.clinic.task import Task, TaskKind
from services.booking.domain.events import SessionConfirmed
from services.booking.domain.page.private_link import Visitors
from services.booking.domain.page.wish_to_change import LONGEST_WORDS, MOST_OPEN
from services.booking.domain.protocol.care import Care
from services.booking.domain.protocol.protocol import an_edition
from services.booking.domain.protocol.templates import TEMPLATES
from services.booking.domain.series.series import Series, SeriesStatus
from services.booking.domain.series.session import SessionStatus
from shared.errors import TransientFailure
from shared.private_link import WRONG_YEARS_ALLOWED
from tests.support.booking_builders import CLINIC, a_clinic, a_patient
from tests.support.booking_fakes import PUBLIC_URL, FakeBooking
from tests.support.booking_pages import BORN, TOKEN, Phone, a_town_with_a_link, a_visit, calendar_of

SECRET = ("Lakeside Ketamine Center", "Ada", "1980", "patient-1", "series-1", "mood", "depression", "induction")
DISCLOSING = re.compile(r"ketami|infusi|dosis|\bdose|depress|phq|treatment|behandl|tratami|therap|terap", re.IGNORECASE)


@pytest.fixture
def town() -> FakeBooking:
    return a_town_with_a_link()


def the_series(town: FakeBooking) -> Series:
    [series] = town.all(Series)
    return series


def words_of(page) -> str:
    """What is read of a page, white space like a reader sees it."""
    text = re.sub(r"<(style|title).*?</\1>|<[^>]+>", " ", page.text, flags=re.DOTALL)
    return " ".join(unescape(text).replace("\u202f", " ").replace("\xa0", " ").split())


# --- before and after the year of birth


def test_the_list_shows_date_time_zone_and_nothing_else_before_the_year_of_birth(town):
    said = words_of(Phone(town).read())

    assert "Wednesday, March 4, 2026 9:00 AM Eastern Standard Time" in said
    assert "Monday, March 9, 2026 9:00 AM Eastern Daylight Time" in said
    assert "In which year were you born?" in said
    for hidden in ("Confirmed", "confirmed", "calendar", "food", "another time is"):
        assert hidden not in said


def test_one_appointment_shows_time_and_alias_before_the_year_of_birth(town):
    page = Phone(town).read("/3")

    assert "Monday, March 9, 2026 9:00 AM Eastern Daylight Time Where: Lakeside Clinic" in words_of(page)
    assert "In which year were you born?" in page.text
    for hidden in ("Last food", "Yes, I will come", "Running late", "take you home", "3 of 6"):
        assert hidden not in page.text


def test_the_right_year_opens_preparation_as_clock_times(town):
    phone = Phone(town)

    said = words_of(phone.send("/3", year=BORN))

    for line in (
        "Last food Monday, 3:00 AM",
        "Last drink Monday, 7:00 AM",
        "Come to the clinic Monday, 8:45 AM",
        "home at about Monday, 11:10 AM",
        "until Tuesday, 11:10 AM",
        "Appointment 3 of 6",
    ):
        assert line in said


def test_preparation_keeps_to_the_figures_of_the_protocol_that_was_booked(town):
    unit = town.unit(CLINIC)
    care = Care(solids_hours=3, fluids_minutes=45, no_driving_hours=36)
    unit.protocols.save(an_edition("mood-iv-6x2w", 7, replace(TEMPLATES["mood-iv-6x2w"], care=care)))
    unit.series.save(replace(the_series(town), edition=7))
    unit.commit()

    said = words_of(Phone(town).send("/3", year=BORN))

    for line in ("Last food Monday, 6:00 AM", "Last drink Monday, 8:15 AM", "until Tuesday, 11:10 PM"):
        assert line in said


def test_a_talk_needs_no_empty_stomach_and_no_driver():
    phone = Phone(a_town_with_a_link(a_visit(1, doses=False))).admitted()

    said = words_of(phone.read("/1"))

    assert "You can eat and drink as usual" in said
    assert "Last food" not in said
    assert "drive" not in said


@pytest.mark.parametrize(
    ("year", "said"),
    [("1984", "not the year we have"), ("85", "four digits"), ("", "four digits"), ("²²²²", "four digits")],
)
def test_another_year_is_explained_and_opens_nothing(town, year, said):
    page = Phone(town).send("/1", year=year)

    assert page.status_code == 422
    assert said in page.text
    assert "<title>Error: " in page.text
    assert "Last food" not in page.text


def test_wrong_years_lock_the_details_and_are_logged_but_date_and_time_stay(town):
    phone = Phone(town)
    with capture_logs() as logs:
        for year in range(1960, 1960 + WRONG_YEARS_ALLOWED):
            phone.send("/1", year=str(year))

    page = words_of(phone.send("/1", year=BORN))
    assert "More is not shown here" in page
    assert "Wednesday, March 4, 2026" in page
    assert "Last food" not in page
    assert [one["wrong"] for one in logs] == [1, 2, 3, 4, 5]
    assert TOKEN not in str(logs)


def test_guessing_does_not_get_into_the_way_of_the_desk(town):
    before = the_series(town).version
    Phone(town).send(year="1970")
    assert the_series(town).version == before


def test_the_pass_opens_this_link_only_and_is_out_of_reach_for_scripts(town):
    phone = Phone(town)
    answer = phone.client.post(f"{phone.address}/2", data={"year": BORN}, base_url=PUBLIC_URL)
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"{phone.address}/2"
    for part in (f"Path={phone.address};", "HttpOnly", "Secure", "SameSite=Lax", "Max-Age="):
        assert part in answer.headers["Set-Cookie"] + ";"


# --- confirming


def test_confirming_twice_tells_it_once(town):
    phone = Phone(town).admitted()

    pages = [phone.send("/2", do="confirm") for _ in range(2)]

    assert [page.status_code for page in pages] == [200, 200]
    assert all("You have told us that you will come" in page.text for page in pages)
    assert the_series(town).session(2).confirmed_at == town.now
    assert town.events(SessionConfirmed) == [SessionConfirmed("patient-1", 2, town.now, "patient")]


def test_nothing_is_confirmed_without_the_year_of_birth(town):
    page = Phone(town).send("/2", do="confirm")

    assert page.status_code == 403
    assert "In which year were you born?" in page.text
    assert the_series(town).session(2).confirmed_at is None


def test_the_list_marks_what_is_confirmed_for_the_patient_only(town):
    phone = Phone(town).admitted()
    phone.send("/2", do="confirm")

    assert words_of(phone.read()).count("✓ Confirmed") == 1
    assert words_of(phone.read()).count("Not confirmed yet") == 5
    assert "onfirmed" not in words_of(Phone(town).read())


def test_reading_changes_nothing(town):
    phone = Phone(town).admitted()
    before, told = dict(town.rows[Series]), list(town.told)
    for address in ("", "/1", "/1/calendar.ics", "/calendar.ics", "/9"):
        phone.read(address)
    assert (dict(town.rows[Series]), list(town.told)) == (before, told)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (SessionStatus.CANCELLED, "does not take place"),
        (SessionStatus.NOSHOW, "does not take place"),
        (SessionStatus.PROPOSED, "has no time at the moment"),
        (SessionStatus.CHECKED_IN, "You are at the clinic"),
        (SessionStatus.FULFILLED, "is over"),
    ],
)
def test_what_cannot_be_confirmed_says_why_and_offers_nothing(status, said):
    town = a_town_with_a_link(a_visit(1, status=status), a_visit(2))
    phone = Phone(town).admitted()

    answer = phone.send("/1", do="confirm")

    assert answer.status_code == 409
    assert "not possible any more" in answer.text
    page = phone.read("/1")
    assert said in page.text
    assert 'value="confirm"' not in page.text
    assert 'value="change"' not in page.text
    assert the_series(town).session(1).confirmed_at is None


# --- asking for another time, coming late


def test_a_wish_becomes_one_task_however_often_it_is_sent(town):
    phone = Phone(town).admitted()
    for _ in range(2):
        page = phone.send("/3", do="change", mornings="yes", words=" Tuesdays,\r\nplease <b> ")

    [task] = town.all(Task)
    assert (task.kind, task.patient_id, task.series_id, task.number) == (
        TaskKind.CHANGE_REQUESTED,
        "patient-1",
        "series-1",
        3,
    )
    assert task.detail == "The patient asks to change session 3 (mornings suit better)."
    assert task.words == "Tuesdays,\nplease <b>"
    assert task.due_at == town.now + timedelta(days=1)
    assert "has your wish and will contact you" in page.text


def test_an_empty_wish_is_a_wish(town):
    Phone(town).admitted().send("/3", do="change")
    assert [task.words for task in town.all(Task)] == [None]


def test_too_long_a_wish_is_shown_again_with_what_was_written(town):
    page = Phone(town).admitted().send("/3", do="change", afternoons="yes", words="<i>" + "w" * LONGEST_WORDS)

    assert page.status_code == 422
    assert f"at most {LONGEST_WORDS} characters" in page.text
    assert "&lt;i&gt;www" in page.text
    assert 'name="afternoons" value="yes" checked' in page.text
    assert town.all(Task) == []


def test_after_several_wishes_the_patient_is_asked_to_call(town):
    phone = Phone(town).admitted()
    pages = [phone.send("/3", do="change", words=str(number)) for number in range(MOST_OPEN + 1)]

    assert len(town.all(Task)) == MOST_OPEN
    assert pages[-1].status_code == 409
    assert "Please call if you want to add something" in pages[-1].text


def on_the_way(minutes: int = -30) -> FakeBooking:
    """So many minutes after the first session's start."""
    return a_town_with_a_link(now=a_visit(1).starts_at + timedelta(minutes=minutes))


@pytest.mark.parametrize("minutes", [-300, -30, 10])
def test_late_is_said_on_the_day_and_becomes_a_task(minutes):
    town = on_the_way(minutes)
    phone = Phone(town).admitted()

    page = phone.send("/1", do="late", delay="30")

    [task] = town.all(Task)
    assert (task.kind, task.number, task.due_at) == (TaskKind.RUNNING_LATE, 1, town.now)
    assert task.detail == "The patient will be late by 15 to 30 minutes for session 1."
    assert "knows that you are running late" in page.text


@pytest.mark.parametrize("minutes", [-24 * 60, 131])
def test_late_is_not_asked_on_another_day_or_when_all_is_over(minutes):
    phone = Phone(on_the_way(minutes)).admitted()
    assert "Running late?" not in phone.read("/1").text
    assert phone.send("/1", do="late", delay="15").status_code == 409


@pytest.mark.parametrize("delay", [{}, {"delay": ""}, {"delay": "forever"}])
def test_a_delay_has_to_be_chosen(delay):
    town = on_the_way()
    page = Phone(town).admitted().send("/1", do="late", **delay)
    assert page.status_code == 422
    assert "Choose how late" in page.text
    assert town.all(Task) == []


def test_a_button_of_nobodys_does_nothing(town):
    assert Phone(town).admitted().send("/1", do="delete").status_code == 200


# --- calendar files


def test_the_file_of_one_appointment_holds_time_and_alias_only(town):
    answer = Phone(town).read("/3/calendar.ics")

    [event] = calendar_of(answer).events
    assert answer.mimetype == "text/calendar"
    assert event["DTSTART"].dt.astimezone(UTC) == a_visit(3).starts_at
    assert event["SUMMARY"] == "Lakeside Clinic"
    assert not [secret for secret in SECRET if secret in answer.text.replace("series-series-1-", "")]


def test_the_file_of_all_leaves_out_what_does_not_take_place():
    town = a_town_with_a_link(a_visit(1), a_visit(2, status=SessionStatus.CANCELLED), a_visit(3))
    assert len(calendar_of(Phone(town).read("/calendar.ics")).events) == 2


def test_the_file_of_a_cancelled_appointment_takes_it_out_of_the_calendar():
    town = a_town_with_a_link(a_visit(1), a_visit(2, status=SessionStatus.CANCELLED))
    calendar = calendar_of(Phone(town).read("/2/calendar.ics"))
    assert (calendar["METHOD"], calendar.events[0]["STATUS"]) == ("CANCEL", "CANCELLED")


# --- links that lead nowhere


@pytest.mark.parametrize("of", ["", "/1", "/1/calendar.ics", "/calendar.ics"])
def test_forged_and_cut_off_links_get_the_same_page(town, of):
    pages = {Phone(town, token).read(of).text for token in ("forged", TOKEN[:-1], TOKEN.upper(), f"{TOKEN}x")}
    pages |= {Phone(town).read(of).text for of in ("/7", "/1/more", "/x", "/", "/-1")}
    pages |= {Phone(town, "").read().text}

    assert len(pages) == 1
    assert "This link does not work" in pages.pop()
    assert Phone(town, "forged").read(of).status_code == 404
    assert Phone(town, "forged").send(year=BORN).status_code == 404


def test_a_page_for_nobody_speaks_the_browsers_language(town):
    german = Phone(town, "forged").read("", **{"Accept-Language": "fr, de-AT;q=0.8, en;q=0.5"})
    assert "Dieser Link funktioniert nicht" in german.text


@pytest.mark.parametrize("status", [SeriesStatus.CANCELLED, SeriesStatus.COMPLETED])
@pytest.mark.parametrize("of", ["", "/1"])
def test_a_series_that_is_over_explains_itself_with_the_clinics_phone(status, of):
    page = Phone(a_town_with_a_link(status=status)).read(of)
    assert page.status_code == 410
    assert "There is nothing more to see here" in page.text
    assert 'href="tel:555-0100"' in page.text
    assert "March" not in page.text


def test_nothing_can_be_done_any_more_once_a_series_is_over(town):
    phone = Phone(town).admitted()
    over = replace(the_series(town), status=SeriesStatus.CANCELLED)
    town.run("clinic-1", lambda uow, _: uow.series.save(over), None)
    visitors = dict(town.rows[Visitors])

    answers = [phone.send("/1", do="confirm"), phone.send("/1", do="change"), phone.send("/1", year="1900")]

    assert [answer.status_code for answer in answers] == [410] * 3
    assert the_series(town).session(1).confirmed_at is None
    assert town.all(Task) == []
    assert town.rows[Visitors] == visitors


def test_the_link_ends_two_days_after_the_last_appointment():
    end = a_visit(6).ends_at + timedelta(days=2)
    assert Phone(a_town_with_a_link(now=end - timedelta(minutes=1))).read().status_code == 200
    closed = Phone(a_town_with_a_link(now=end))
    assert closed.read().status_code == 410
    assert "nothing more to see" in closed.send(year=BORN).text
    assert closed.read("/1/calendar.ics").status_code == 404


def test_a_series_without_times_says_so():
    resting = a_town_with_a_link(a_visit(1, status=SessionStatus.PROPOSED), status=SeriesStatus.PAUSED)
    assert "no appointment planned at the moment" in Phone(resting).read().text


@pytest.mark.parametrize(("failure", "status"), [(TransientFailure("away"), 503), (ValueError("bug"), 500)])
def test_a_failure_of_ours_is_explained(town, failure, status):
    def fail(*_):
        raise failure

    town.run = fail
    page = Phone(town).read()
    assert page.status_code == status
    assert "The fault is on our side" in page.text
    assert "away" not in page.text


# --- languages, clocks

LANGUAGES = {
    "en": ("Wednesday, March 4, 2026 9:00 AM Eastern Standard Time", "Last food Wednesday, 3:00 AM"),
    "es": ("miércoles, 4 de marzo de 2026 9:00 a.m. hora estándar oriental", "Última comida miércoles, 3:00 a.m."),
    "de": (
        "Mittwoch, 4. März 2026 09:00 Uhr Nordamerikanische Ostküsten-Normalzeit",
        "Zuletzt essen Mittwoch, 03:00 Uhr",
    ),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_speaks_the_patients_language(language):
    phone = Phone(a_town_with_a_link(patient=a_patient(locale=language))).admitted()

    page = phone.read("/1")

    for line in LANGUAGES[language]:
        assert line in words_of(page)
    assert f'<html lang="{language}">' in page.text


def test_a_country_keeps_its_way_of_writing_the_time():
    town = a_town_with_a_link(patient=a_patient(locale="en", country="GB"))
    assert "Wednesday, 4 March 2026 09:00" in words_of(Phone(town).read("/1"))


def test_a_patient_in_another_zone_sees_their_own_clock_too_but_nobody_else_does():
    town = a_town_with_a_link(patient=a_patient(zone="Europe/Berlin"))
    own = "On your clock at home: Wednesday, 3:00 PM (Central European Standard Time)"
    assert own in words_of(Phone(town).admitted().read("/1"))
    assert "at home" not in Phone(town).read("/1").text


FASTING = [
    ("America/New_York", "2026-03-08T12:00Z", "Sunday, 1:00 AM (Eastern Standard Time)", "Sunday, 6:00 AM"),
    ("America/New_York", "2026-11-01T13:00Z", "Sunday, 2:00 AM", "Sunday, 6:00 AM"),
    ("Europe/Berlin", "2026-03-29T06:00Z", "Sunday, 1:00 AM (Central European Standard Time)", "Sunday, 6:00 AM"),
    ("Australia/Lord_Howe", "2026-10-03T21:00Z", "Sunday, 1:30 AM (Lord Howe Standard Time)", "Sunday, 6:00 AM"),
]


@pytest.mark.parametrize(("zone", "starts_at", "solids", "fluids"), FASTING)
def test_hours_of_fasting_are_elapsed_hours_in_the_night_of_the_clock_change(zone, starts_at, solids, fluids):
    at = datetime.fromisoformat(starts_at)
    town = a_town_with_a_link(a_visit(1, at), now=at - timedelta(days=1), zone=zone, clinic=a_clinic(zone=zone))

    said = words_of(Phone(town).admitted().read("/1"))

    assert "8:00 AM" in said
    assert f"Last food {solids} Do not eat" in said
    assert f"Last drink {fluids} Until then" in said


# --- every page


def pages_of_all(language: str):
    """Every kind of page, by name."""
    town = a_town_with_a_link(
        a_visit(1, datetime(2026, 3, 1, 20, tzinfo=UTC)),
        a_visit(2, status=SessionStatus.CANCELLED),
        a_visit(3, status=SessionStatus.PROPOSED),
        a_visit(4, doses=False),
        patient=a_patient(locale=language, zone="Europe/Berlin"),
    )
    phone, stranger = Phone(town), Phone(town)
    yield "list, closed", phone.read().text
    yield "one, closed", phone.read("/1").text
    yield "no year", phone.send(year="x").text
    yield "wrong year", phone.send("/1", year="1900").text
    phone.admitted()
    for of in ("", "/1", "/2", "/3", "/4"):
        yield of, phone.read(of).text
    yield "too long", phone.send("/4", do="change", words="w" * 900).text
    yield "no delay", phone.send("/1", do="late").text
    yield "late", phone.send("/1", do="late", delay="more").text
    yield "confirmed", phone.send("/1", do="confirm").text
    yield "not done", phone.send("/2", do="confirm").text
    for number in range(MOST_OPEN):
        yield f"wish {number}", phone.send("/4", do="change", words=str(number)).text
    for _ in range(WRONG_YEARS_ALLOWED):
        stranger.send(year="1900")
    yield "locked", stranger.read("/1").text
    yield "unknown", Phone(town, "x").read("", **{"Accept-Language": language}).text
    town.pass_time(days=60)
    yield "ended", phone.read().text


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_says_who_the_patient_is_or_what_they_come_for(language):
    for name, page in pages_of_all(language):
        for word in SECRET:
            assert word not in page, (name, word)
        assert not DISCLOSING.search(page), (name, DISCLOSING.search(page))


class Outline(HTMLParser):
    """What a screen reader gets: every id, every reference to one, inputs and their labels."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.wanted: list[str] = []
        self.fields: list[str] = []
        self.labelled: list[str] = []
        self.headings: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.ids += [given["id"]] if "id" in given else []
        self.wanted += (given.get("aria-describedby") or given.get("aria-labelledby") or "").split()
        self.wanted += [given["href"][1:]] if given.get("href", "").startswith("#") else []
        self.fields += [given["id"]] if tag in {"input", "textarea"} and given.get("type") != "hidden" else []
        self.labelled += [given["for"]] if tag == "label" else []
        self.headings += [tag] if tag in {"h1", "h2"} else []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_can_be_read_aloud(language):
    for name, page in pages_of_all(language):
        outline = Outline(page)
        assert outline.headings.count("h1") == 1, name
        assert len(outline.ids) == len(set(outline.ids)), name
        assert set(outline.wanted) <= set(outline.ids), (name, set(outline.wanted) - set(outline.ids))
        assert outline.fields == outline.labelled, name
        assert "<script" not in page, name
        assert "style=" not in page, name


def test_every_answer_forbids_storing_indexing_framing_and_scripts(town):
    phone = Phone(town)
    for answer in (phone.read(), phone.send(year="1"), phone.read("/calendar.ics"), Phone(town, "x").read()):
        assert answer.headers["Cache-Control"] == "no-store"
        assert "noindex" in answer.headers["X-Robots-Tag"]
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'; ")


def test_the_style_sheet_is_where_the_page_looks_for_it(town):
    phone = Phone(town)
    [address] = re.findall(r'<link rel="stylesheet" href="([^"]+)"', phone.read().text)
    with phone.client.get(address, base_url=PUBLIC_URL) as style:
        assert style.mimetype == "text/css"


def test_a_moved_session_is_to_be_confirmed_anew(town):
    phone = Phone(town).admitted()
    phone.send("/2", do="confirm")
    moved, told = the_series(town).move(replace(a_visit(2), starts_at=a_visit(2).starts_at + timedelta(hours=1)), ())
    town.run("clinic-1", lambda uow, _: uow.series.save(moved, told), None)
    assert 'value="confirm"' in phone.read("/2").text
