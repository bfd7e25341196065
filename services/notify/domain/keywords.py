"""The words by which patients say that they want no more texts, texts again, help, or that they are in danger.

The words themselves are data (`services/notify/words`), one list for each language; whoever writes may write in any of
them. Both the lists and the texts are folded first, so that case, width, accents, apostrophes and letters that only
look like Latin ones make no difference.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

Words = tuple[str, ...]
GAP: Final = ".."
"""In a phrase: up to `MOST_BETWEEN` words that may stand between, such as "sending me these"."""
MOST_BETWEEN: Final = 4
_DROPPED: Final = frozenset("'\u2019\u2018\u201b\u02bc\u00b4`\u2032\uff07")
"""Apostrophes, as keyboards write them: "don't" and "dont" are one word."""
_LOOKALIKES: Final[Mapping[str, str]] = MappingProxyType(
    dict(zip("аеорсухѕіјвкмнтгαεορυιτνκ", "aeopcyxsijbkmhtraeopuitvk", strict=True))
)
"""Cyrillic and Greek letters that look like Latin ones, of which texts are made that filters should not see."""


@dataclass(frozen=True, kw_only=True)
class WordList:
    """One language. `…_words` are whole texts, `…_phrases` stand anywhere in a text.

    In a phrase `a/b` is one of several words and `..` a gap for `between`. `may_mean_visit` are those of the opt-out
    words that may have been meant for a visit. `polite` words around an opt-out or opt-in word change nothing.
    `no_opt_out` are phrases around an opt-out phrase that turn its meaning. `assent` asks to be written to again only
    where nobody is written to any more.
    """

    opt_out_words: Words
    opt_in_words: Words = ()
    help_words: Words = ()
    may_mean_visit: Words = ()
    opt_out_phrases: Words = ()
    no_opt_out: Words = ()
    between: Words = ()
    polite: Words = ()
    assent: Words = ()
    crisis_words: Words = ()
    crisis_phrases: Words = ()


@dataclass(frozen=True)
class Span:
    """Words of a text from `start` up to, not including, `end`."""

    start: int
    end: int


@dataclass(frozen=True)
class Phrases:
    """Phrases to look for, by their first words. `between` may stand in their gaps."""

    by_first: Mapping[str, tuple[tuple[frozenset[str] | None, ...], ...]] = field(default_factory=dict)
    between: frozenset[str] = frozenset()

    def spans(self, text: Words) -> Iterator[Span]:
        """Where phrases stand, from the left. The time it takes grows with the length of the text, not faster."""
        for start, word in enumerate(text):
            for phrase in self.by_first.get(word, ()):
                end = self._end(phrase, text, start)
                if end is not None:
                    yield Span(start, end)

    def _end(self, phrase: tuple[frozenset[str] | None, ...], text: Words, start: int) -> int | None:
        """Behind the phrase, if it stands at `start`. A gap ends at the first word that continues the phrase."""
        at, gap = start, 0
        for wanted in phrase:
            if wanted is None:
                gap = MOST_BETWEEN
                continue
            while gap and at < len(text) and text[at] not in wanted and text[at] in self.between:
                at, gap = at + 1, gap - 1
            if at == len(text) or text[at] not in wanted:
                return None
            at, gap = at + 1, 0
        return at


@dataclass(frozen=True, kw_only=True)
class Keywords:
    """The words of all languages, folded."""

    opt_out: frozenset[Words]
    opt_in: frozenset[Words]
    help: frozenset[Words]
    may_mean_visit: frozenset[Words]
    assent: frozenset[Words]
    crisis: frozenset[Words]
    polite: frozenset[str]
    opt_out_phrases: Phrases
    no_opt_out: Phrases
    crisis_phrases: Phrases


def keywords(lists: Sequence[WordList]) -> Keywords:
    """The words of several languages together."""
    between = frozenset(one for each in lists for word in each.between for one in folded(word))
    return Keywords(
        opt_out=_texts(lists, "opt_out_words"),
        opt_in=_texts(lists, "opt_in_words"),
        help=_texts(lists, "help_words"),
        may_mean_visit=_texts(lists, "may_mean_visit"),
        assent=_texts(lists, "assent"),
        crisis=_texts(lists, "crisis_words"),
        polite=frozenset(one for each in lists for word in each.polite for one in folded(word)),
        opt_out_phrases=_phrases(lists, "opt_out_phrases", between),
        no_opt_out=_phrases(lists, "no_opt_out", between),
        crisis_phrases=_phrases(lists, "crisis_phrases", between),
    )


def folded(text: str) -> Words:
    """The words of a text: small Latin letters and digits, without accents, apostrophes and invisible signs.

    Letters with something between each two of them (`S T O P`, `s.t.o.p`) are one word.
    """
    letters = [_plain(sign) for sign in unicodedata.normalize("NFKD", "".join(map(_kept, text))).casefold()]
    words = tuple("".join(letters).split())
    spelt = len(words) > 1 and all(len(word) == 1 and word.isalpha() for word in words)
    return ("".join(words),) if spelt else words


def _kept(sign: str) -> str:
    """Nothing in place of an apostrophe: as accents on a blank they would divide a word."""
    return "" if sign in _DROPPED else sign


def _plain(sign: str) -> str:
    category = unicodedata.category(sign)
    if category.startswith("M") or category == "Cf":
        return ""
    if category[0] in "LN":
        return _LOOKALIKES.get(sign, sign)
    return " "


def _texts(lists: Sequence[WordList], name: str) -> frozenset[Words]:
    return frozenset(folded(text) for each in lists for text in getattr(each, name))


def _phrases(lists: Sequence[WordList], name: str, between: frozenset[str]) -> Phrases:
    by_first: dict[str, list[tuple[frozenset[str] | None, ...]]] = {}
    for text in (text for each in lists for text in getattr(each, name)):
        phrase = tuple(_alternatives(word) for word in text.split())
        for first in phrase[0] or ():
            by_first.setdefault(first, []).append(phrase)
    return Phrases({first: tuple(found) for first, found in by_first.items()}, between)


def _alternatives(word: str) -> frozenset[str] | None:
    """The words that may stand at one place of a phrase; None is a gap."""
    return None if word == GAP else frozenset(one for each in word.split("/") for one in folded(each))
