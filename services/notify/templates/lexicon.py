"""Words that no message may say. They are found whole or by their beginning, whatever the case and the accents."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from services.notify.templates.language import Mistake

_STEM: Final = "*"
_LINKS: Final = re.compile(
    r"[a-z][a-z0-9+.-]*://|\bwww\.|\bmailto:|\b[\w-]+\.(?:com|org|net|info|io|app|link|ly|me|co|health|care|clinic|edu|gov|biz|"
    r"de|es|us|uk|eu|ca|au|mx|at|ch|example)\b|\b[\w-]+\.[a-z]{2,}/",
    re.IGNORECASE,
)
"""What phones make a link of."""


@dataclass(frozen=True)
class Lexicon:
    """Lists of one language; a `*` at the end of an entry stands for any ending. `subject` counts in subjects only."""

    forbidden: tuple[str, ...]
    subject: tuple[str, ...]
    claims: tuple[str, ...]

    def mistakes(self, text: str, *, is_subject: bool = False) -> Iterator[Mistake]:
        """Everything in a text that must not be said."""
        for pattern, code, what in self._patterns:
            if code != "template.subject-word" or is_subject:
                found = dict.fromkeys(pattern.findall(folded(text)))
                yield from (Mistake(code, f"`{word}` {what}.") for word in found)

    @cached_property
    def _patterns(self) -> tuple[tuple[re.Pattern[str], str, str], ...]:
        return (
            (_any_of(self.forbidden), "template.forbidden-word", "tells what somebody is treated for, or how"),
            (_any_of(self.claims), "template.claim", "promises a result"),
            (_any_of(self.subject), "template.subject-word", "has no place in a subject, which others see"),
        )


def folded(text: str) -> str:
    """Without case and accents, blanks made equal."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(sign for sign in parts if not unicodedata.combining(sign)).split())


def link_mistakes(text: str) -> Iterator[Mistake]:
    """Links that are written out."""
    for found in dict.fromkeys(found[0] for found in _LINKS.finditer(text)):
        yield Mistake("template.foreign-link", f"`{found}`: the only link is {{{{link}}}}.")


def sign_mistakes(text: str, *, lines: bool, latin: bool) -> Iterator[Mistake]:
    """Signs that nobody sees, that turn the direction of reading, that end a line, or only look like our letters.

    `lines`: line ends are fine; `latin`: letters of other scripts are not.
    """
    strange = dict.fromkeys(sign for sign in text if _is_strange(sign, lines=lines, latin=latin))
    if strange:
        named = ", ".join(f"U+{ord(sign):04X}" for sign in list(strange)[:10])
        yield Mistake("template.sign", f"Not in a text, please: {named}.")


def _is_strange(sign: str, *, lines: bool, latin: bool) -> bool:
    if sign == "\n":
        return not lines
    category = unicodedata.category(sign)
    if category in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} or sign in _BLANK_LETTERS:
        return True
    return latin and category[0] == "L" and not unicodedata.name(sign, "").startswith(_LATIN)


_LATIN: Final = ("LATIN ", "FEMININE ORDINAL", "MASCULINE ORDINAL")
_BLANK_LETTERS: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0\u034f")
"""Letters and marks by their category that look like nothing at all."""


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    """Matches any of them between anything but letters, so that `50mg` is found as well."""
    parts = [re.escape(folded(word.removesuffix(_STEM))) + (r"\w*" if word.endswith(_STEM) else "") for word in words]
    return re.compile(rf"(?<![^\W\d_])(?:{'|'.join(parts)})(?![^\W\d_])")
