"""The words that patients' texts are read by, as data: `<language>.yaml`, checked whole when the process starts."""

from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from services.notify.domain.keywords import GAP, Keywords, WordList, folded, keywords
from shared.converters import from_json

FOLDER: Final = Path(__file__).parent


class WordsFault(SystemExit):
    """The process cannot start; the text names every fault of every file."""


@cache
def load_words(folder: Path = FOLDER) -> Keywords:
    """Read and check all lists of `folder`. Raises `WordsFault`."""
    faults: list[str] = []
    lists = []
    for file in sorted(folder.glob("*.yaml")):
        content = yaml.safe_load(file.read_text("utf-8"))
        faults += [f"{file.name}: {fault}" for fault in faults_of(content)]
        if not faults:
            lists.append(from_json(WordList, content))
    if faults:
        raise WordsFault("The words cannot be used:\n  " + "\n  ".join(faults))
    return keywords(lists)


def faults_of(content: Any) -> list[str]:
    """What is wrong with one language: lists that are unknown, things that are no words, phrases that never match."""
    if not isinstance(content, dict):
        return ["is no mapping"]
    known = WordList.__dataclass_fields__
    faults = [f"{name} is no list of words" for name in content if name not in known]
    for name in content.keys() & known.keys():
        faults += [f"{name}: {text!r} is no text" for text in content[name] if not isinstance(text, str)]
        texts = [text for text in content[name] if isinstance(text, str)]
        faults += [f"{name}: {text!r} says nothing" for text in texts if not folded(text.replace(GAP, ""))]
        faults += [f"{name}: {text!r} begins or ends with a gap" for text in texts if GAP in _ends(text.split())]
    return faults


def _ends(words: list[str]) -> list[str]:
    return words[:1] + words[-1:]
