"""Every instrument that patients are asked, as their page shows it: also trees, several at once, other languages."""

import re

import pytest

from services.followup.domain.check_in import PATH, CheckIn, Status
from services.followup.domain.events import CheckInOpened, MeasureScored
from services.followup.operations.check_in import OpenCheckIn, open_check_in
from services.followup.operations.courses import hear_session_discharged
from services.followup.operations.instruments import load_text
from tests.support.followup_builders import (
    CLINIC,
    a_discharge,
    a_patient,
    a_plan,
    a_world,
    a_world_with_an_open_check_in,
)
from tests.support.followup_instruments import LIBRARY, TREE_WORDS, the
from tests.support.followup_pages import FIRST, Outline, Phone

SHIPPED = sorted({text.instrument for text in LIBRARY.texts})


def a_phone_with(*asks, load=None, **about):
    """A patient who knows the year, before the questions of `asks`."""
    world = a_world(plan=a_plan(*asks), **about)
    if load is not None:
        world.run(CLINIC, load_text, load)
    world.run(CLINIC, hear_session_discharged, a_discharge())
    world.pass_time(hours=24)
    world.run(CLINIC, open_check_in, OpenCheckIn(world.all(CheckIn)[0].id))
    [opened] = world.events(CheckInOpened)
    return world, Phone(world, opened.link.partition(PATH)[2]).admitted()


@pytest.fixture
def tree():
    return a_phone_with("c-ssrs", load=TREE_WORDS)


def c_ssrs(**answers):
    return {f"c-ssrs.{name[1:].replace('_', '-')}": str(value) for name, value in answers.items()}


def questions(page):
    return re.findall(r"Words of question ([\w-]+)\?", page.text)


@pytest.mark.parametrize("id", SHIPPED)
def test_every_shipped_instrument_can_be_read_aloud_and_answered(id):
    world, phone = a_phone_with(id)
    for number in range(3):
        page = phone.read()
        outline = Outline()
        outline.feed(page.text)
        assert len(outline.ids) == len(set(outline.ids))
        assert set(outline.wanted) <= set(outline.ids)
        assert outline.fields == outline.labelled
        names = set(re.findall(r'name="([^"]+\.[^"]+)"', page.text))
        lowest = {item.id: item.lowest for item in the(id).items}
        phone.send(**{name: str(lowest[name.partition(".")[2]]) for name in names}, step=str(number))
        if world.all(CheckIn)[0].status is Status.ANSWERED:
            break
    [part] = world.all(CheckIn)[0].parts
    assert part.score is not None
    assert part.score.complete
    assert part.text == f"{id}.1.en.1"


def test_a_tree_is_asked_one_group_at_a_time(tree):
    world, phone = tree
    assert questions(phone.read()) == ["1", "2"]
    assert ">Continue<" in phone.read().text
    assert questions(phone.send(**c_ssrs(q1=0, q2=1), step="0")) == ["3", "4", "5"]
    assert questions(phone.send(**c_ssrs(q3=1, q4=0, q5=0), step="1")) == ["6"]
    assert questions(phone.send(**c_ssrs(q6=1), step="2")) == ["6-recent"]
    page = phone.send(**c_ssrs(q6_recent=0), step="3")
    assert "we have your answers" in page.text
    [scored] = world.events(MeasureScored)
    assert (scored.instrument, scored.total, scored.band) == ("c-ssrs", 2, "moderate")


def test_a_no_skips_the_branch(tree):
    world, phone = tree
    page = phone.send(**c_ssrs(q1=0, q2=0), step="0")
    assert questions(page) == ["6"]
    assert 'href="?step=0"' in page.text
    assert "Question 3<" in page.text
    assert ">Continue<" in page.text  # a yes leads to one more
    assert "we have your answers" in phone.send(**c_ssrs(q6=0), step="1").text
    assert world.events(MeasureScored)[0].band == "none"


def test_the_last_screen_says_that_it_sends(tree):
    _, phone = tree
    phone.send(**c_ssrs(q1=0, q2=0), step="0")
    assert ">Send my answers<" in phone.send(**c_ssrs(q6=1), step="1").text


@pytest.mark.parametrize("answers", [{"q1": 1}, {"q2": 1}])
def test_help_stands_first_from_the_first_yes_of_a_tree_on(tree, answers):
    world, phone = tree
    page = phone.send(**c_ssrs(**{"q1": 0, "q2": 0, **answers}), step="0")
    assert page.text.index(FIRST) < page.text.index("<h1>")
    assert world.all(CheckIn)[0].status is Status.OPEN


def test_a_blank_question_of_a_group_is_named_and_the_next_group_waits(tree):
    _, phone = tree
    page = phone.send(**c_ssrs(q2=1), step="0")
    assert page.status_code == 422
    assert questions(page) == ["1", "2"]
    assert re.findall(r'href="(#c-ssrs[^"]*)"', page.text) == ["#c-ssrs.1-0"]
    assert "Question 1: choose one answer" in page.text


def test_one_can_go_back_and_take_the_other_branch(tree):
    world, phone = tree
    phone.send(**c_ssrs(q1=0, q2=1), step="0")
    page = phone.send(**c_ssrs(q3=0, q4=1, q5=0), step="1")
    assert 'href="?step=1"' in page.text
    back = phone.client.get(f"{phone.address}?step=0", base_url="https://care.example")
    assert questions(back) == ["1", "2"]
    assert back.text.count(" checked") == 2
    page = phone.send(**c_ssrs(q1=0, q2=0), step="0")
    assert questions(page) == ["6"]
    assert FIRST in page.text  # the yes that was taken back is still a reason to show help
    phone.send(**c_ssrs(q6=0), step="1")
    [part] = world.all(CheckIn)[0].parts
    assert part.answers == {"1": 0, "2": 0, "6": 0}


@pytest.mark.parametrize("step", ["1", "9", "99999", "x", "-1", ""])
def test_no_screen_is_shown_before_its_turn(tree, step):
    _, phone = tree
    assert questions(phone.client.get(f"{phone.address}?step={step}", base_url="https://care.example")) == ["1", "2"]


def test_a_tree_is_saved_for_later_and_goes_on_where_it_was(tree):
    _, phone = tree
    page = phone.send(**c_ssrs(q1=0, q2=1), step="0", save="yes")
    assert "Your answers so far are saved" in page.text
    assert questions(phone.read()) == ["3", "4", "5"]


def test_sending_the_last_screen_twice_changes_nothing(tree):
    world, phone = tree
    phone.send(**c_ssrs(q1=0, q2=0), step="0")
    first, second = (phone.send(**c_ssrs(q6=0), step="1") for _ in range(2))
    assert first.text == second.text
    assert len(world.events(MeasureScored)) == 1


def test_a_tree_cannot_be_skipped_by_sending_its_end(tree):
    world, phone = tree
    page = phone.send(**c_ssrs(q6=0), step="0")
    assert page.status_code == 422
    assert world.all(CheckIn)[0].status is Status.OPEN


def test_exposure_decides_whether_the_pc_ptsd_5_goes_on():
    world, phone = a_phone_with("pc-ptsd-5")
    assert '<span class="count">Question 1</span>' in phone.read().text
    page = phone.send(**{"pc-ptsd-5.exposure": "1"}, step="0")
    assert page.text.count("<fieldset") == 5
    other_world, other = a_phone_with("pc-ptsd-5")
    assert "we have your answers" in other.send(**{"pc-ptsd-5.exposure": "0"}, step="0").text
    assert other_world.events(MeasureScored)[0].total == 0
    assert world.events(MeasureScored) == []


def test_several_instruments_stand_on_one_page_and_are_scored_each_by_itself():
    world, phone = a_phone_with("phq-9", "gad-7")
    page = phone.read()
    assert page.text.count("<fieldset") == 16
    assert "Question 16 of 16" in page.text
    answers = {f"q{item}": "1" for item in range(1, 10)}
    half = phone.send(**answers)
    assert half.status_code == 422
    assert half.text.count('class="question wrong"') == 7
    phone.send(**answers, **{f"gad-7.{item}": "2" for item in range(1, 8)})
    scored = {each.instrument: (each.total, each.band) for each in world.events(MeasureScored)}
    assert scored == {"phq-9": (9, "mild"), "gad-7": (14, "moderate")}


def test_with_a_tree_among_them_every_instrument_has_its_own_screens():
    _, phone = a_phone_with("gad-7", "c-ssrs", load=TREE_WORDS)
    assert phone.read().text.count("<fieldset") == 7
    page = phone.send(**{f"gad-7.{item}": "0" for item in range(1, 8)}, step="0")
    assert questions(page) == ["1", "2"]


def test_every_item_can_have_its_own_answers():
    _, phone = a_phone_with("audit-c")
    page = phone.read().text
    assert "4 or more times a week" in page
    assert "7, 8, or 9" in page


@pytest.mark.parametrize(
    ("locale", "language", "words"),
    [
        ("es-US", "es", "Ningún día"),
        ("de-AT", "de", "Beinahe jeden Tag"),
        ("en-GB", "en", "Nearly every day"),
        ("fr", "en", "Nearly every day"),
    ],
)
def test_an_official_wording_is_shown_in_the_language_of_the_patient(locale, language, words):
    _, phone = a_phone_with("phq-9", patient=a_patient(locale=locale))
    page = phone.read().text
    assert words in page
    assert f'<p class="prompt" id="prompt-phq-9" lang="{language}">' in page


def test_a_sign_of_an_emergency_shows_the_emergency_number_first_and_no_talk_of_suicide():
    _, phone = a_phone_with("day-after")
    before = phone.read().text
    assert "This can be an emergency" in before  # beside the question, as soon as it is chosen
    page = phone.send(**{"day-after.chest-pain": "1"}, save="yes").text
    assert page.index("This can be an emergency") < page.index("<h1>")
    assert page.index('href="tel:911"') < page.index("<h1>")
    assert FIRST not in page


def test_an_answer_to_an_instrument_that_is_not_asked_is_refused():
    world, token = a_world_with_an_open_check_in()
    page = Phone(world, token).admitted().send(**{"gad-7.1": "0"})
    assert page.status_code == 422
    assert world.all(CheckIn)[0].parts[0].answers == {}
