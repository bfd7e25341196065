"""What the check-in page says: the same in every language, everything used, nothing that discloses the treatment."""

import re

import pytest

from services.followup.domain.crisis import LINES, Way
from services.followup.pages import view
from services.followup.pages.check_in import TEXTS
from shared.http.fields import LOCALES
from shared.http.page_texts import FALLBACK, load_texts

KEY = re.compile(r'say\(\s*"(\w+)"')
BUILT = {view.NO_YEAR, view.WRONG_YEAR, view.BAD_ANSWER, "clock", *(f"line_{way}" for way in Way)}
SAYS = load_texts(TEXTS)
ENGLISH = SAYS[FALLBACK].lines


def test_every_language_that_patients_are_written_to_in_is_there():
    assert sorted(SAYS) == sorted(LOCALES)


def test_every_text_that_a_page_shows_exists_and_every_text_is_shown():
    sources = [*TEXTS.parent.rglob("*.html"), *TEXTS.parent.glob("*.py")]
    assert {key for path in sources for key in KEY.findall(path.read_text())} | BUILT == set(ENGLISH)


@pytest.mark.parametrize("language", sorted(SAYS.keys() - {FALLBACK}))
def test_no_text_is_empty_or_left_in_english(language):
    lines = SAYS[language].lines
    assert all(line.strip() for line in lines.values())
    assert {key for key in ENGLISH if lines[key] == ENGLISH[key]} <= {"clock", "error"}


@pytest.mark.parametrize("language", sorted(SAYS))
def test_no_text_names_the_treatment_a_diagnosis_or_a_score(language):
    said = " ".join(SAYS[language].lines.values()).lower()
    for word in ("ketamin", "infusion", "depress", "phq", "score", "suicid"):
        assert word not in said


@pytest.mark.parametrize("country", LINES)
def test_every_country_has_a_line_and_an_emergency_number(country):
    known = LINES[country]
    assert known.lines
    assert all(line.way is Way.EMERGENCY for line in known.emergency)
    assert known.emergency
    for line in (*known.lines, *known.emergency):
        assert re.fullmatch(r"(tel|sms):\d{2,11}", line.href)
        assert bool(line.word) is (line.way in {Way.WORD, Way.PRESS, Way.VETERANS})
