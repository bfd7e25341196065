"""What pages say, in each language: a folder of `<language>.yaml`, checked whole when the process starts."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Final

import yaml
from flask import request

FALLBACK: Final = "en"


class TextsFault(Exception):
    """A language says less, or something else, than the others."""


@dataclass(frozen=True)
class Texts:
    """All that is said in one language. Calling it gives the text of a key, its names filled in."""

    language: str
    lines: Mapping[str, str]

    def __call__(self, key: str, **named: str | int) -> str:
        return self.lines[key].format(**named)


@cache
def load_texts(folder: Path) -> Mapping[str, Texts]:
    """Every language. Raises `TextsFault` with all that is missing, unknown or named otherwise than in English."""
    read = {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in sorted(folder.glob("*.yaml"))}
    model = read[FALLBACK]
    faults = [fault for language, lines in read.items() for fault in faults_of(language, lines, model)]
    if faults:
        raise TextsFault("; ".join(faults))
    return {language: Texts(language, lines) for language, lines in read.items()}


def faults_of(language: str, lines: Mapping[str, str], model: Mapping[str, str]) -> list[str]:
    """How a language differs from the model in what it says."""
    return [
        *(f"{language}: {key} is missing" for key in model.keys() - lines.keys()),
        *(f"{language}: {key} is unknown" for key in lines.keys() - model.keys()),
        *(f"{language}: {key} has other names" for key in model.keys() & lines.keys()
          if names_in(lines[key]) != names_in(model[key])),
    ]  # fmt: skip


def names_in(line: str) -> set[str]:
    """The names that a text leaves to be filled in."""
    return {name for _, name, _, _ in Formatter().parse(line) if name is not None}


def best(texts: Mapping[str, Texts], locale: str) -> Texts:
    """The texts in the language of a locale (BCP 47), or in English."""
    return texts.get(_language(locale), texts[FALLBACK])


def as_asked(texts: Mapping[str, Texts]) -> Texts:
    """In the first language that the browser asks for and that there is, or in English."""
    asked = (_language(locale) for locale in request.accept_languages.values())
    return texts[next((one for one in asked if one in texts), FALLBACK)]


def _language(locale: str) -> str:
    return locale.partition("-")[0].lower()
