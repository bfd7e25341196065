"""The texts that ship with the platform: `texts/<language>.yaml`, read and checked whole when the process starts."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from services.notify.domain.clock_face import FACES
from services.notify.domain.recipient import Privacy
from services.notify.domain.template import Wording
from services.notify.domain.text_keys import KEYS
from services.notify.templates.lexicon import Lexicon

FOLDER: Final = Path(__file__).parents[1] / "texts"
_PARTS: Final = {"sms", "subject", "email"}
_LISTS: Final = ("forbidden", "subject", "claims")


class TextsFault(SystemExit):
    """The process cannot start; the text names every fault of every file."""


@dataclass(frozen=True)
class Shipped:
    """One language. `opt_out` closes a patient's first SMS, and one each month."""

    opt_out: str
    lexicon: Lexicon
    wordings: Mapping[tuple[str, Privacy], Wording]


@cache
def load_shipped(folder: Path = FOLDER) -> Mapping[str, Shipped]:
    """Every language. Raises `TextsFault`."""
    contents = {language: yaml.safe_load((folder / f"{language}.yaml").read_text("utf-8")) for language in FACES}
    faults = [f"{language}: {fault}" for language, content in contents.items() for fault in faults_of(content)]
    if faults:
        raise TextsFault("The texts cannot be used:\n  " + "\n  ".join(faults))
    return {language: _shipped(content) for language, content in contents.items()}


def faults_of(content: Mapping[str, Any]) -> list[str]:
    """What a language lacks, or has too much."""
    texts = content["texts"]
    levels = {(key, level): parts for key, by_level in texts.items() for level, parts in by_level.items()}
    return [
        *(f"{key} is missing" for key in KEYS.keys() - texts.keys()),
        *(f"{key} is unknown" for key in texts.keys() - KEYS.keys()),
        *(f"{key} has no text at minimal privacy" for key in texts if "minimal" not in texts[key]),
        *(f"{key} {level} is no level of privacy" for key, level in levels if level not in list(Privacy)),
        *(f"{key} {level} is not {sorted(_PARTS)}" for (key, level), parts in levels.items() if set(parts) != _PARTS),
    ]


def _shipped(content: Mapping[str, Any]) -> Shipped:
    return Shipped(
        opt_out=content["opt_out"],
        lexicon=Lexicon(*(tuple(content[name]) for name in _LISTS)),
        wordings={
            (key, Privacy(level)): Wording(**parts)
            for key, by_level in content["texts"].items()
            for level, parts in by_level.items()
        },
    )
