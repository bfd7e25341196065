"""What the pages say: the same in every language, everything used, nothing left in English."""

import re

from services.booking.pages.appointment import TEXTS
from shared.http.fields import LOCALES
from shared.http.page_texts import FALLBACK, load_texts

KEY = re.compile(r'say\(\s*"(\w+)"|, "((?:late|no|long|wrong)_\w+)"|locked_title')
FACE = {"clock", "in_zone", "weekday_clock"}


def used() -> set[str]:
    """Keys in templates and code."""
    pages = TEXTS.parent
    source = "".join(path.read_text() for path in [*pages.rglob("*.html"), *pages.glob("*.py")])
    return {key for found in KEY.findall(source) for key in found if key} | FACE


def test_every_language_that_patients_are_written_to_in_is_there():
    assert sorted(load_texts(TEXTS)) == sorted(LOCALES)


def test_every_text_that_a_page_shows_exists_and_every_text_is_shown():
    assert used() == set(load_texts(TEXTS)[FALLBACK].lines)


def test_no_text_is_empty_or_left_in_english():
    english = load_texts(TEXTS)[FALLBACK].lines
    same = {"clock", "weekday_clock", "in_zone", "error"}
    for language, said in load_texts(TEXTS).items():
        assert all(line.strip() for line in said.lines.values())
        if language != FALLBACK:
            assert {key for key in english if said.lines[key] == english[key]} <= same, language
