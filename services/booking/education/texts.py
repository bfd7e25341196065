"""The texts about the treatment, checked whole when the process starts."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.booking.domain.page.education import Topic
from shared.http.page_texts import Texts, load_texts

FOLDER: Final = Path(__file__).parent


@dataclass(frozen=True)
class Article:
    """A question and the paragraphs that answer it."""

    question: str
    answer: tuple[str, ...]


def education_texts() -> Mapping[str, Texts]:
    """By language. Raises `TextsFault` when a language lacks something."""
    return load_texts(FOLDER)


def article(topic: Topic, say: Texts) -> Article:
    """A text in the language of `say`."""
    return Article(say(f"{topic} question"), tuple(say(f"{topic} answer").strip().split("\n\n")))
