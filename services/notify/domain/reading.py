"""What a text from a patient's phone says. Only what is sure is acted upon; all else is left to a person."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from types import MappingProxyType
from typing import Final

from services.notify.domain.keywords import Keywords, Words, folded
from services.notify.domain.reply import Answer

DIGITS: Final[Mapping[int, Answer]] = MappingProxyType({1: Answer.CONFIRM, 2: Answer.CHANGE, 3: Answer.LATE})
"""Digits, because carriers take words such as YES, CANCEL and END for their own."""
_AROUND: Final = ("P", "Z", "C", "M")
"""Unicode categories that may stand around the digit: punctuation, blanks, invisible signs, marks of an emoji."""


@dataclass(frozen=True)
class Reading:
    """What was understood. A text may ask for an end of all texts and speak of danger at once: then danger is the
    answer, and `opts_out` all the same.

    `says_yes`: it asks for texts again if they were stopped, else it answers nothing that was asked. `may_mean_visit`:
    the word may have been meant for a visit. `is_plain`: nothing is left that a person would have to read.
    """

    answer: Answer
    opts_out: bool = False
    says_yes: bool = False
    may_mean_visit: bool = False
    is_plain: bool = True


def read(text: str, words: Keywords) -> Reading:
    """Read a text. Danger goes before all else, however it is mixed with other things."""
    digit = _digit(text)
    if digit is not None:
        return Reading(digit)
    said = folded(text)
    opts_out = said in words.opt_out or _asks_to_stop(said, words)
    bare = _bare(said, words.polite)
    visit = opts_out and bare in words.may_mean_visit
    if _is_danger(said, words):
        return Reading(Answer.CRISIS, opts_out, may_mean_visit=visit, is_plain=False)
    if opts_out:
        return Reading(Answer.OPT_OUT, opts_out=True, may_mean_visit=visit, is_plain=said in words.opt_out)
    return _of_keyword(said, bare, words)


def _of_keyword(said: Words, bare: Words, words: Keywords) -> Reading:
    """Politeness around a call for help may be a cry for it: that one is exact."""
    if bare in words.opt_in:
        return Reading(Answer.OPT_IN)
    if said in words.help:
        return Reading(Answer.HELP)
    if said in words.assent:
        return Reading(Answer.HELP, says_yes=True, is_plain=False)
    return Reading(Answer.OTHER, is_plain=False)


def _digit(text: str) -> Answer | None:
    """The answer that one digit gives, with nothing else but blanks and punctuation around it."""
    letters = list(text)
    start, end = 0, len(letters)
    while start < end and unicodedata.category(letters[start])[0] in _AROUND:
        start += 1
    while start < end and unicodedata.category(letters[end - 1])[0] in _AROUND:
        end -= 1
    return DIGITS.get(unicodedata.digit(letters[start], 0)) if end - start == 1 else None


def _bare(said: Words, polite: frozenset[str]) -> Words:
    """Without politeness and repetition: "please stop, STOP now" says "stop"."""
    return tuple(word for word, _ in groupby(word for word in said if word not in polite))


def _asks_to_stop(said: Words, words: Keywords) -> bool:
    if _bare(said, words.polite) in words.opt_out:
        return True
    turned = {at for span in words.no_opt_out.spans(said) for at in range(span.start, span.end)}
    return any(found.start not in turned for found in words.opt_out_phrases.spans(said))


def _is_danger(said: Words, words: Keywords) -> bool:
    return _bare(said, words.polite) in words.crisis or any(True for _ in words.crisis_phrases.spans(said))
