"""What the pages say, in each language: `texts/<language>.yaml`, checked whole when the process starts."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Final

import yaml

FOLDER: Final = Path(__file__).parent / "texts"
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
def load_texts(folder: Path = FOLDER) -> Mapping[str, Texts]:
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


def best(texts: Mapping[str, Texts], language: str | None) -> Texts:
    """The texts in a language, or in English."""
    return texts.get(language or FALLBACK, texts[FALLBACK])
