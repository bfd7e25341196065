"""Good bodies with one value replaced by something that is wrong in its place, whatever the place."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

Path = tuple[str | int, ...]
_MANY: Final = 10_000
_HERE: Final = "\x1a here \x1a"
"""Stands for the raw text that takes its place."""

NEVER_RIGHT: Final[Mapping[str, str]] = {
    "an object": '{"a":{"b":1}}',
    "a list of lists": "[[[]]]",
    "not a number": "NaN",
    "more than infinite": "-1e999",
    "a very long number": "9" * 4200,
    "a longer number than can be read": "9" * 5000,
    "a lone surrogate": r'"\ud800"',
    "a very long text": json.dumps("x" * 100_000),
    "text that turns around": r'"\u202e\u0000\u001b[31m"',
    "ten thousand": json.dumps([1] * _MANY),
}
"""JSON that no field takes."""


@dataclass(frozen=True)
class Spoiled:
    """A body, where it is wrong, and how."""

    where: Path
    how: str
    raw: bytes

    @property
    def pointer(self) -> str:
        return "".join(f"/{part}" for part in self.where)

    def __str__(self) -> str:
        return f"{self.pointer} is {self.how}"


def spoiled(body: Mapping[str, Any]) -> Iterator[Spoiled]:
    """Each value of a body replaced by each thing that it cannot be; and lists of ten thousand good items."""
    for where, value in _places(body):
        wrong = {how: raw for how, raw in NEVER_RIGHT.items() if where or how != "an object"}
        if isinstance(value, list) and value:
            wrong["ten thousand good ones"] = json.dumps(value[:1] * _MANY)
            del wrong["ten thousand"]
        for how, raw in wrong.items():
            yield Spoiled(where, how, _with(body, where, raw).encode())


def _places(value: Any, so_far: Path = ()) -> Iterator[tuple[Path, Any]]:
    if so_far:
        yield so_far, value
    inner = value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
    for name, one in inner:
        yield from _places(one, (*so_far, name))


def _with(value: Any, where: Path, raw: str) -> str:
    return json.dumps(_replaced(value, where)).replace(json.dumps(_HERE), raw)


def _replaced(value: Any, where: Path) -> Any:
    if not where:
        return _HERE
    if isinstance(value, list):
        return [_replaced(one, where[1:]) if place == where[0] else one for place, one in enumerate(value)]
    return {name: _replaced(one, where[1:]) if name == where[0] else one for name, one in value.items()}
