import pytest
from flask import Flask

from shared.http.page_texts import TextsFault, as_asked, best, load_texts


@pytest.fixture
def texts(tmp_path):
    for language in ("en", "es", "de"):
        (tmp_path / f"{language}.yaml").write_text(f"hello: '{language} {{name}}'\n")
    return load_texts(tmp_path)


@pytest.mark.parametrize(
    ("locale", "language"), [("es", "es"), ("es-US", "es"), ("DE-at", "de"), ("fr", "en"), ("", "en"), ("../de", "en")]
)
def test_the_language_of_a_locale_is_spoken_or_english(texts, locale, language):
    assert best(texts, locale)("hello", name="Ada") == f"{language} Ada"


@pytest.mark.parametrize(
    ("asked", "language"), [("de-AT,en;q=0.5", "de"), ("fr, es;q=0.3", "es"), ("*", "en"), ("", "en"), ("\u00b2", "en")]
)
def test_a_browser_is_answered_in_the_first_language_that_there_is(texts, asked, language):
    with Flask("some").test_request_context(headers={"Accept-Language": asked}):
        assert as_asked(texts).language == language


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
