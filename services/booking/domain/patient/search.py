"""What a patient is found by: begins of name words, the end of a phone number, an e-mail address, an external id.

A term is a plain text such as `name:ada`; the store keeps keyed tokens of a patient's terms and nothing readable.
"""

from collections.abc import Iterator
from typing import Final

from services.booking.domain.patient.patient import Patient
from services.booking.domain.patient.person import words_of
from shared.errors import Fault, Invalid

SHORTEST: Final = 2
"""Letters of a word that must be given; of other scripts than the Latin one, where a sign says more, one."""
LONGEST: Final = 12
"""Letters of a word that count."""
MOST_WORDS: Final = 12
FEWEST_DIGITS: Final = 6
"""Digits of a phone number that must be given, from its end."""
_PHONE_SIGNS: Final = frozenset("+0123456789 ()-./")

Terms = frozenset[str]


def terms_of(patient: Patient) -> Terms:
    """Everything that a patient is found by."""
    return frozenset(_terms_of(patient))


def wanted(text: str) -> tuple[Terms, ...]:
    """What a text may mean: a patient is found who has all terms of any of these. Raises `Invalid` for a short word.

    A phone number may be written in the national or the international way: its end counts, without leading zeros.
    """
    if "@" in text:
        return (frozenset({_email(text.strip())}),)
    found = [frozenset({_external_id(text)})]
    digits = "".join(sign for sign in text.replace("(0)", "") if sign.isdecimal()).lstrip("0")
    if set(text) <= _PHONE_SIGNS and len(digits) >= FEWEST_DIGITS:
        found.append(frozenset({f"phone:{digits}"}))
    if not any(sign.isdecimal() for sign in text):
        found = [frozenset(f"name:{_begin(word)}" for word in words_of(text)[:MOST_WORDS]), *found]
    return tuple(found)


def _begin(word: str) -> str:
    if len(word) < _least(word):
        detail = f"Give at least {SHORTEST} letters of each word."
        raise Invalid("search.too-short", detail, [Fault("search.too-short", detail, "/query/search")])
    return word[:LONGEST]


def _terms_of(patient: Patient) -> Iterator[str]:
    for word in words_of(patient.name)[:MOST_WORDS]:
        least = min(_least(word), len(word))
        yield from (f"name:{word[:length]}" for length in range(least, min(len(word), LONGEST) + 1))
    if patient.phone is not None:
        digits = patient.phone.removeprefix("+")
        yield from (f"phone:{digits[start:]}" for start in range(len(digits) - FEWEST_DIGITS + 1))
    if patient.email is not None:
        yield _email(patient.email)
    if patient.external_id is not None:
        yield _external_id(patient.external_id)


def _least(word: str) -> int:
    return SHORTEST if word.isascii() else 1


def _email(text: str) -> str:
    return f"email:{text.casefold()}"


def _external_id(text: str) -> str:
    """Without the signs between: they are written in many ways."""
    return f"id:{''.join(sign for sign in text.casefold() if sign.isalnum())}"
