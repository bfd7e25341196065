import re
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from services.followup.domain.check_in import CheckIn, Status
from services.followup.domain.events import CheckInAnswered
from services.followup.operations.check_in import CancelCheckIn, StaffReason, cancel_check_in
from shared.errors import TransientFailure
from tests.support.followup_builders import CLINIC, a_clinic, a_patient, a_world_with_an_open_check_in
from tests.support.followup_fakes import PUBLIC_URL, FakeFollowup
from tests.support.followup_pages import FIRST, Outline, Phone

FULL = {f"q{item}": "0" for item in range(1, 10)}
NOT_WATCHED = "not monitored for emergencies"


@pytest.fixture
def opened() -> tuple[FakeFollowup, Phone]:
    world, token = a_world_with_an_open_check_in()
    return world, Phone(world, token)


def the_check_in(world: FakeFollowup) -> CheckIn:
    [check_in] = world.all(CheckIn)
    return check_in


def kept(world: FakeFollowup) -> dict[str, int]:
    """The answers to the only instrument."""
    [part] = the_check_in(world).parts
    return dict(part.answers)


def test_the_link_asks_for_the_year_of_birth_first(opened):
    _, phone = opened
    page = phone.read()
    assert page.status_code == 200
    assert "In which year were you born?" in page.text
    assert "Little interest" not in page.text


def test_the_right_year_opens_the_questions(opened):
    _, phone = opened
    page = phone.send(year="1985")
    assert page.text.count("<fieldset") == page.text.count("<legend") == 9
    assert page.text.count('type="radio"') == 36
    assert "No permission required to reproduce" in page.text


@pytest.mark.parametrize(
    ("year", "said"),
    [("1984", "not the year we have"), ("85", "four digits"), ("", "four digits"), ("²²²²", "four digits")],
)
def test_another_year_is_explained_and_opens_nothing(opened, year, said):
    _, phone = opened
    page = phone.send(year=year)
    assert page.status_code == 422
    assert said in page.text
    assert "<title>Error: " in page.text
    assert "<fieldset" not in page.text


def test_after_five_wrong_years_the_link_is_locked_even_for_the_right_one(opened):
    _, phone = opened
    for year in range(1960, 1965):
        phone.send(year=str(year))
    assert "This link is locked" in phone.send(year="1985").text
    assert "This link is locked" in phone.read().text


def test_the_cookie_is_for_this_page_only_and_out_of_reach_for_scripts(opened):
    _, phone = opened
    answer = phone.client.post(phone.address, data={"year": "1985"}, base_url=PUBLIC_URL)
    assert answer.status_code == 303
    cookie = answer.headers["Set-Cookie"]
    for part in (f"Path={phone.address}", "HttpOnly", "Secure", "SameSite=Lax", "Max-Age="):
        assert part in cookie


def test_all_answers_are_scored_and_the_patient_is_thanked(opened):
    world, phone = opened
    page = phone.admitted().send(**FULL)
    assert "we have your answers" in page.text
    assert the_check_in(world).status is Status.ANSWERED


def test_a_double_tap_gives_the_same_page_and_one_event(opened):
    world, phone = opened
    phone.admitted()
    assert phone.send(**FULL).text == phone.send(**FULL).text
    assert len(world.events(CheckInAnswered)) == 1


def test_going_back_after_sending_shows_the_thanks_and_not_the_form(opened):
    _, phone = opened
    phone.admitted().send(**FULL)
    assert "<fieldset" not in phone.read().text


def test_blank_questions_are_named_and_the_answers_are_kept(opened):
    world, phone = opened
    some = {name: value for name, value in FULL.items() if name not in {"q3", "q7"}}
    page = phone.admitted().send(**some)
    assert page.status_code == 422
    assert re.findall(r'href="(#phq[^"]*)"', page.text) == ["#phq-9.3-0", "#phq-9.7-0"]
    assert "Question 7 of 9: choose one answer" in page.text
    assert 'id="phq-9.3-0"' in page.text
    assert 'id="phq-9.7-fault"' in page.text
    assert page.text.count(" checked") == 7
    assert the_check_in(world).status is Status.OPEN


def test_saved_answers_are_there_when_the_link_is_opened_again(opened):
    world, phone = opened
    saved = phone.admitted().send(q1="2", q2="3", save="yes")
    assert "Your answers so far are saved" in saved.text
    assert saved.text.count(" checked") == 2
    assert phone.read().text.count(" checked") == 2
    assert kept(world) == {"1": 2, "2": 3}


def test_saved_answers_are_not_shown_without_the_year_of_birth(opened):
    world, phone = opened
    phone.admitted().send(q9="3", save="yes")
    stranger = Phone(world, phone.address.rpartition("/")[2])
    page = stranger.read().text
    assert " checked" not in page
    assert FIRST not in page
    assert "In which year were you born?" in stranger.send(**FULL).text
    assert kept(world) == {"9": 3}


@pytest.mark.parametrize("value", ["1", "2", "3"])
@pytest.mark.parametrize("fields", [{}, {"save": "yes"}, {"q1": "0"}, FULL])
def test_help_stands_first_at_once_after_any_non_zero_answer_to_item_9(opened, value, fields):
    _, phone = opened
    page = phone.admitted().send(**{**fields, "q9": value}).text
    assert page.index(FIRST) < page.index("<h1>")
    assert page.index('href="tel:988"') < page.index("<h1>")
    assert "clinician will call" not in page


def test_help_stands_last_when_item_9_is_zero(opened):
    _, phone = opened
    page = phone.admitted().send(**FULL).text
    assert FIRST not in page
    assert page.index("<h1>") < page.index('href="tel:988"')


def test_help_appears_beside_the_question_as_soon_as_it_is_answered(opened):
    _, phone = opened
    page = phone.admitted().read().text
    assert re.findall(r'id="phq-9.(\d-\d)"[^>]* class="escalates"', page) == ["9-1", "9-2", "9-3"]
    assert page.count('class="at-once"') == 1


def test_a_changed_mind_after_sending_changes_nothing_but_a_cry_for_help_is_heard(opened):
    world, phone = opened
    phone.admitted().send(**FULL)
    page = phone.send(**{**FULL, "q9": "3"}).text
    assert FIRST in page
    assert "we have your answers" in page
    assert kept(world)["9"] == 0


@pytest.mark.parametrize("fields", [{"q1": "4"}, {"q1": "-1"}, {"q1": "x"}, {"q10": "0"}, {"q1": "9" * 5000}])
def test_answers_that_no_form_of_ours_sends_are_refused(opened, fields):
    world, phone = opened
    page = phone.admitted().send(**{**FULL, **fields})
    assert page.status_code == 422
    assert 'role="alert"' in page.text
    assert kept(world) == {}


def test_an_expired_link_explains_itself_and_shows_help_for_late_answers(opened):
    world, phone = opened
    phone.admitted()
    world.pass_time(days=7)
    assert "This check-in is closed" in phone.read().text
    late = phone.send(**{**FULL, "q9": "1"}).text
    assert "This check-in is closed" in late
    assert FIRST in late
    assert the_check_in(world).status is Status.OPEN


def test_answers_that_came_too_late_for_the_pass_are_kept_across_the_year_of_birth(opened):
    world, phone = opened
    gate = phone.send(**{**FULL, "q9": "2"})
    assert "comes back after this question" in gate.text
    assert gate.text.index(FIRST) < gate.text.index("<h1>")
    carried = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]+)"', gate.text))
    assert len(carried) == 9
    wrong = phone.send(year="1984", **carried)
    assert dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]+)"', wrong.text)) == carried
    assert kept(world) == {}
    assert phone.send(year="1985", **carried).text.count(" checked") == 9
    assert kept(world)["9"] == 2
    assert the_check_in(world).status is Status.OPEN


@pytest.mark.parametrize("carried", [{"q1": "7"}, {"gad-7.1": "1"}, {'"><script>.x': "1"}, {"q1": "<script>"}])
def test_what_cannot_be_taken_is_not_carried_into_the_answers(opened, carried):
    world, phone = opened
    assert "<script" not in phone.send(**carried).text
    assert "<fieldset" in phone.send(year="1985", **carried).text
    assert kept(world) == {}


def test_only_kept_answers_are_said_to_be_saved(opened):
    _, phone = opened
    phone.admitted()
    phone.address += "?saved"
    assert "are saved" not in phone.read().text
    phone.send(q1="1", save="yes")
    assert "are saved" in phone.read().text


def test_every_wrong_year_leaves_a_line_in_the_log_without_the_token_or_the_year(opened):
    world, phone = opened
    with capture_logs() as lines:
        for year in range(1960, 1966):
            phone.send(year=str(year))
    assert [line["event"] for line in lines] == ["wrong year of birth"] * 5 + ["year of birth not asked"]
    assert [line.get("wrong") for line in lines] == [1, 2, 3, 4, 5, None]
    assert lines[-1]["reason"] == "check-in.locked"
    assert {line.get("check_in_id") for line in lines[:5]} == {the_check_in(world).id}
    assert phone.address.rpartition("/")[2] not in str(lines)
    assert "196" not in str(lines)


def test_a_cancelled_check_in_explains_itself(opened):
    world, phone = opened
    world.run(CLINIC, cancel_check_in, CancelCheckIn(the_check_in(world).id, StaffReason.MISTAKE))
    assert "not needed any more" in phone.read().text


@pytest.mark.parametrize("address", ["/followup/c/", "/followup/c/{token}/", "/followup/c/{token}/x/../y"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_link_that_was_cut_off_or_prolonged_explains_itself(opened, address, method):
    _, phone = opened
    token = phone.address.rpartition("/")[2]
    page = phone.client.open(address.format(token=token), method=method, base_url=PUBLIC_URL)
    assert page.status_code == 404
    assert "This link does not work" in page.text


def test_an_unknown_link_explains_itself_and_shows_help_for_every_country(opened):
    world, _ = opened
    page = Phone(world, "guessed").read()
    assert page.status_code == 404
    assert "This link does not work" in page.text
    for number in ("tel:988", "tel:116123", "tel:131114", "sms:85258", "tel:112"):
        assert number in page.text


@pytest.mark.parametrize(("failure", "status"), [(TransientFailure("away"), 503), (ValueError("bug"), 500)])
def test_a_failure_of_ours_is_explained_with_help(opened, failure, status):
    world, phone = opened

    def fail(*_):
        raise failure

    world.run = fail
    page = Phone(world, phone.address.rpartition("/")[2]).read()
    assert page.status_code == status
    assert "The fault is on our side" in page.text
    assert NOT_WATCHED in page.text
    assert "away" not in page.text


@pytest.mark.parametrize(
    ("patient_country", "clinic_country", "number"),
    [
        (None, "US", "tel:988"),
        ("DE", "US", "tel:08001110111"),
        ("AU", "US", "tel:131114"),
        ("GB", "US", "tel:116123"),
        (None, "CA", "sms:988"),
    ],
)
def test_help_follows_the_country_where_the_patient_is(patient_country, clinic_country, number):
    world, token = a_world_with_an_open_check_in(
        clinic=a_clinic(country=clinic_country), patient=a_patient(country=patient_country)
    )
    assert f'href="{number}"' in Phone(world, token).read().text


def test_without_a_line_for_the_country_the_clinics_phone_is_shown():
    world, token = a_world_with_an_open_check_in("gad-7", patient=a_patient(country="IS"))
    page = Phone(world, token).read().text
    assert "local emergency number" in page
    assert 'href="tel:+12125550100"' in page


def pages_of(world: FakeFollowup, phone: Phone) -> Iterator[tuple[str, str]]:
    """Every kind of page of one check-in."""
    yield "gate", phone.read().text
    yield "wrong year", phone.send(year="1984").text
    yield "questions", phone.send(year="1985").text
    yield "saved", phone.send(q9="1", save="yes").text
    yield "blank", phone.send(q1="1").text
    yield "impossible", phone.send(q1="7").text
    yield "unknown", Phone(world, "guessed").read().text
    yield "answered", phone.send(**FULL).text
    closed_world, token = a_world_with_an_open_check_in()
    closed_world.pass_time(days=8)
    yield "closed", Phone(closed_world, token).read().text


def test_every_page_shows_a_way_to_help_and_says_that_nobody_watches(opened):
    for name, page in pages_of(*opened):
        assert 'href="tel:988"' in page, name
        assert NOT_WATCHED in page, name


def test_no_page_says_who_the_patient_is_or_what_they_are_treated_for(opened):
    for name, page in pages_of(*opened):
        for word in ("1985-04-12", "patient-1", "series-1", "PHQ", "infusion", "etamine", "depression"):
            assert word not in page.replace("1985.", ""), (name, word)


@pytest.mark.parametrize(
    ("locale", "gate", "help"),
    [
        ("en-GB", "In which year were you born?", "Need help now?"),
        ("es-US", "¿En qué año nació usted?", "¿Necesita ayuda ahora?"),
        ("de", "In welchem Jahr sind Sie geboren?", "Brauchen Sie jetzt Hilfe?"),
        ("fr", "In which year were you born?", "Need help now?"),
    ],
)
def test_the_page_speaks_the_patients_language(locale, gate, help):
    world, token = a_world_with_an_open_check_in(patient=a_patient(locale=locale))
    page = Phone(world, token).read().text
    assert gate in page
    assert help in page
    language = locale[:2] if locale != "fr" else "en"
    assert f'<html lang="{language}">' in page


def test_a_page_for_nobody_speaks_the_language_that_the_browser_asks_for(opened):
    _, phone = opened
    page = phone.client.get("/followup/c/x", base_url=PUBLIC_URL, headers={"Accept-Language": "de-AT,en"}).text
    assert "Dieser Link funktioniert nicht" in page
    assert "Vereinigte Staaten" in page


def test_lines_that_speak_the_readers_language_come_first_and_in_that_language():
    world, token = a_world_with_an_open_check_in(patient=a_patient(locale="es-US"))
    page = Phone(world, token).read().text
    assert page.index("Llame al 988 y oprima 2") < page.index("Envíe un mensaje al 988")
    other, token = a_world_with_an_open_check_in()
    assert '<a href="tel:988" lang="es">Llame al 988 y oprima 2</a>' in Phone(other, token).read().text


def test_every_page_can_be_read_aloud(opened):
    for name, page in pages_of(*opened):
        outline = Outline()
        outline.feed(page)
        assert outline.language == "en", name
        assert len(outline.headings) == 1, name
        assert len(outline.ids) == len(set(outline.ids)), name
        assert set(outline.wanted) <= set(outline.ids), name
        assert outline.fields == outline.labelled, name


def test_every_answer_forbids_storing_indexing_framing_and_scripts(opened):
    world, phone = opened
    answers = [phone.read(), phone.send(year="1"), phone.send(year="1985"), Phone(world, "x").read()]
    for answer in answers:
        assert answer.headers["Cache-Control"] == "no-store"
        assert "noindex" in answer.headers["X-Robots-Tag"]
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'; ")
        assert "<script" not in answer.text
        assert "style=" not in answer.text


def test_the_style_sheet_is_where_the_page_looks_for_it(opened):
    _, phone = opened
    [address] = re.findall(r'<link rel="stylesheet" href="([^"]+)"', phone.read().text)
    with phone.client.get(address, base_url=PUBLIC_URL) as style:
        assert style.mimetype == "text/css"


def test_the_time_to_answer_is_the_patients_own(opened):
    world, token = a_world_with_an_open_check_in(patient=a_patient(zone="Europe/Berlin"))
    assert "until Wednesday, March 18, 2026, 4:10\u202fPM" in Phone(world, token).read().text
    assert "until Wednesday, March 18, 2026, 11:10\u202fAM" in opened[1].read().text


def test_reading_a_page_changes_nothing(opened):
    world, phone = opened
    before = the_check_in(world)
    phone.read()
    assert the_check_in(world) == before
