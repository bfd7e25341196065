"""What the pages say: the same in every language, everything used, nothing that discloses the treatment."""

import re
from pathlib import Path

import pytest

from services.booking.pages import texts
from services.booking.pages.texts import FALLBACK, FOLDER, TextsFault, best, load_texts
from shared.fields import LOCALES

PAGES = Path(texts.__file__).parent
KEY = re.compile(r'say\(\s*"(\w+)"|, "((?:late|no|long|wrong)_\w+)"|locked_title')


def used() -> set[str]:
    """Keys in templates and code."""
    source = "".join(path.read_text() for path in [*PAGES.rglob("*.html"), *PAGES.glob("*.py")])
    return {key for found in KEY.findall(source) for key in found if key}


def test_every_language_that_patients_are_written_to_in_is_there():
    assert sorted(load_texts()) == sorted(LOCALES)


def test_every_text_that_a_page_shows_exists_and_every_text_is_shown():
    assert used() == set(load_texts()[FALLBACK].lines)


def test_no_text_is_empty_or_left_in_english():
    english = load_texts()[FALLBACK].lines
    same = {"clock", "weekday_clock", "in_zone", "error"}
    for language, said in load_texts().items():
        assert all(line.strip() for line in said.lines.values())
        if language != FALLBACK:
            assert {key for key in english if said.lines[key] == english[key]} <= same, language


def test_an_unknown_language_is_answered_in_english():
    assert best(load_texts(), "fr").language == best(load_texts(), None).language == FALLBACK


@pytest.mark.parametrize(
    ("german", "fault"),
    [
        ("a: A {when}\n", "de: b is missing"),
        ("a: A {when}\nb: B\nc: C\n", "de: c is unknown"),
        ("a: A {time}\nb: B\n", "de: a has other names"),
    ],
)
def test_a_language_that_says_something_else_stops_the_start(tmp_path, german, fault):
    (tmp_path / "en.yaml").write_text("a: A {when}\nb: B\n")
    (tmp_path / "de.yaml").write_text(german)
    with pytest.raises(TextsFault, match=fault):
        load_texts(tmp_path)


def test_the_real_texts_are_where_the_pages_look():
    assert FOLDER.is_dir()
