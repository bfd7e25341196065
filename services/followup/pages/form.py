"""What a browser sends, read without trusting any of it."""

from collections.abc import Mapping
from typing import Final

ITEM: Final = "q"
"""Fields are named `q<item id>`."""
_NO_OPTION: Final = -1
_DIGITS: Final = 4


def answers(fields: Mapping[str, str]) -> dict[str, int]:
    """Item id to value; a value that is no number becomes one that no item takes."""
    return {name[len(ITEM) :]: _number(value) for name, value in fields.items() if name.startswith(ITEM)}


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) <= _DIGITS else _NO_OPTION
