"""What pages say, in each language: one file for each page, by language."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml
from flask import request

FALLBACK: Final = "en"
_FOLDER: Final = Path(__file__).parent


@dataclass(frozen=True)
class Texts:
    """All that is said in one language. Calling it gives the text of a key, its names filled in."""

    language: str
    lines: Mapping[str, str]

    def __call__(self, key: str, **named: str) -> str:
        return self.lines[key].format(**named)


def load_texts(page: str) -> Mapping[str, Texts]:
    """What a page says, by language."""
    read = yaml.safe_load((_FOLDER / f"{page}.yaml").read_text("utf-8"))
    return {language: Texts(language, lines) for language, lines in read.items()}


def as_asked(texts: Mapping[str, Texts]) -> Texts:
    """In the language that the browser asks for."""
    asked = (language.partition("-")[0].lower() for language in request.accept_languages.values())
    return texts[next((one for one in asked if one in texts), FALLBACK)]
