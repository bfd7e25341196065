"""What patients read about their treatment: the same in every language, careful, and with a version that is true."""

from hashlib import sha256

import pytest

from services.booking.domain.page.education import VERSIONS, Topic
from services.booking.education.texts import Article, article, education_texts
from services.notify.templates.shipped import load_shipped
from shared.http.fields import LOCALES
from shared.http.page_texts import FALLBACK

EVERY = [(topic, language) for topic in Topic for language in LOCALES]
OF_VERSION = {
    Topic.WHAT: (1, "e6ca752a46f4"),
    Topic.HOW: (1, "c5f3e6ba10d2"),
    Topic.CONDITIONS: (1, "244c9e84c188"),
    Topic.SESSION: (1, "723279e47114"),
    Topic.SIDE_EFFECTS: (1, "a5d6bde0dcaf"),
}
"""Which words each version has, in all languages. Other words are another version: a clinic reviews them anew."""
NOT_KNOWN = {"en": "not fully understood", "es": "no se conoce del todo", "de": "nicht vollständig verstanden"}
DIFFERS = {"en": "Effects differ from person to person", "es": "distintos en cada persona", "de": "sehr verschieden"}
NOT_APPROVED = {"en": "not approved for", "es": "no está aprobada para", "de": "nicht zugelassen"}
ONLY = {"en": "Only esketamine", "es": "Solo la esketamina", "de": "Nur Esketamin"}
UNDER_CONTROL = {"en": "under control", "es": "de forma controlada", "de": "kontrolliert gegeben"}
SMALLER = {"en": "do not take them away", "es": "No los quitan", "de": "nehmen sie nicht weg"}


def text_of(topic: Topic, language: str) -> Article:
    return article(topic, education_texts()[language])


def words_of(topic: Topic, language: str) -> str:
    text = text_of(topic, language)
    return "\n".join((text.question, *text.answer))


def fingerprint(topic: Topic) -> str:
    return sha256("\n\n".join(words_of(topic, language) for language in LOCALES).encode()).hexdigest()[:12]


@pytest.mark.parametrize(("topic", "language"), EVERY)
def test_each_topic_has_its_text_in_each_language(topic, language):
    text = text_of(topic, language)
    assert text.question.endswith("?")
    assert len(text.answer) > 1
    assert all(paragraph.strip() for paragraph in text.answer)
    if language != FALLBACK:
        assert text != text_of(topic, FALLBACK)


def test_nothing_else_is_there():
    assert set(education_texts()) == set(LOCALES)
    named = {f"{topic} {part}" for topic in Topic for part in ("question", "answer")}
    assert set(education_texts()[FALLBACK].lines) == named


@pytest.mark.parametrize("topic", Topic)
def test_other_words_are_another_version(topic):
    assert OF_VERSION[topic] == (VERSIONS[topic], fingerprint(topic))


@pytest.mark.parametrize(("topic", "language"), EVERY)
def test_nobody_is_promised_a_result(topic, language):
    found = load_shipped()[language].lexicon.mistakes(words_of(topic, language))
    assert [one.detail for one in found if one.code == "template.claim"] == []


@pytest.mark.parametrize("language", LOCALES)
@pytest.mark.parametrize(
    ("topic", "said"),
    [
        (Topic.HOW, NOT_KNOWN),
        (Topic.HOW, DIFFERS),
        (Topic.WHAT, NOT_APPROVED),
        (Topic.WHAT, ONLY),
        (Topic.WHAT, UNDER_CONTROL),
        (Topic.SIDE_EFFECTS, SMALLER),
    ],
)
def test_what_is_not_known_and_not_allowed_is_said(topic, said, language):
    assert said[language] in words_of(topic, language)


@pytest.mark.parametrize("language", LOCALES)
def test_the_messenger_and_the_receptor_are_named(language):
    said = words_of(Topic.HOW, language).casefold()
    assert "glutamat" in said
    assert "nmda" in said
