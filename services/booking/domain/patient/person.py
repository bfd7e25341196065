"""Who a patient is, whichever clinics treat them: told by birth date and name, kept only as a keyed token.

The same person is often written differently, so accents, case, hyphens and the order of names do not count. Two people
may still share a birth date and a name: staff confirm the match or tell them apart.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final


class Match(StrEnum):
    """What staff say of the match by birth date and name."""

    UNCONFIRMED = "unconfirmed"
    CONFIRMED = "confirmed"
    DIFFERENT = "different"


@dataclass(frozen=True)
class Ruling:
    """What the holder of access key `by` has said of a match, and why."""

    match: Match
    reason: str
    by: str
    at: datetime


_PLAIN: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "\N{LATIN SMALL LETTER DOTLESS I}": "i"}
    | {"æ": "ae", "œ": "oe", "þ": "th"}
)
"""Letters that Unicode does not take apart."""
_BETWEEN_WORDS: Final = frozenset({"Zs", "Pd", "Cc"})


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name without accents and case, letters only; never none."""
    bare = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold()).translate(_PLAIN)
    return tuple("".join(_letters(bare)).split()) or (name.casefold(),)


def identity_of(name: str, birth_date: date) -> str:
    """What a person's token is taken of: equal for whoever is taken for one person."""
    return f"{birth_date.isoformat()} {' '.join(sorted(words_of(name)))}"


def apart(patient_id: str) -> str:
    """The token of somebody who shares birth date and name with another person, by their own record."""
    return f"patient/{patient_id}"


def _letters(text: str) -> Iterator[str]:
    for sign in text:
        kind = unicodedata.category(sign)
        if kind in _BETWEEN_WORDS:
            yield " "
        elif kind.startswith("L"):
            yield sign
