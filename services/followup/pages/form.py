"""What a browser sends, read without trusting any of it."""

from collections.abc import Mapping
from typing import Final

SAVE: Final = "save"
"""Name of the button that only keeps the answers."""
SAVED: Final = "saved"
"""Query: answers were just kept."""
STEP: Final = "step"
"""Hidden field and query: the place of the screen among those of the check-in, from 0."""
_NO_OPTION: Final = -1
_DIGITS: Final = 4


def field_name(instrument: str, item: str) -> str:
    """Fields of answers are named `<instrument>.<item>`; no other field has a dot."""
    return f"{instrument}.{item}"


def answers(fields: Mapping[str, str]) -> dict[str, dict[str, int]]:
    """Instrument id to item id to value; a value that is no number becomes one that no item takes."""
    given: dict[str, dict[str, int]] = {}
    for name, value in fields.items():
        instrument, dot, item = name.partition(".")
        if dot:
            given.setdefault(instrument, {})[item] = _number(value)
    return given


def step(fields: Mapping[str, str]) -> int | None:
    """Which screen was sent or is asked for; None when nothing readable says so."""
    number = _number(fields.get(STEP, ""))
    return None if number == _NO_OPTION else number


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) <= _DIGITS else _NO_OPTION
