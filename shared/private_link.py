"""A private link and the second factor behind it.

Whoever has the link may open its page: nobody stores it, and nothing in it names anybody. What is private on the page
is shown to those who also know the year of birth; they get a pass, which their browser keeps.
"""

import hashlib
import hmac
from dataclasses import dataclass, replace
from typing import Final

WRONG_YEARS_ALLOWED: Final = 5
"""Guesses of the year of birth before a link is locked. Platform default: a guesser gets about one year in sixteen."""


def address(public_url: str, path: str, token: str) -> str:
    """The full link."""
    return f"{public_url.rstrip('/')}{path}{token}"


def digest(token: str) -> str:
    """SHA-256 in hexadecimal: what is kept of a token. Tokens are random, so neither salt nor a slow hash is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


def fits(token: str, kept: str) -> bool:
    """Whether `kept` is the digest of `token`; an empty `kept` fits nothing."""
    return hmac.compare_digest(digest(token), kept)


@dataclass(frozen=True)
class NewLink:
    """A link that was just made: `url` is told once and never kept, `digest` is kept."""

    url: str
    digest: str


def new_link(public_url: str, path: str, token: str) -> NewLink:
    """The link that a random token makes."""
    return NewLink(address(public_url, path, token), digest(token))


@dataclass(frozen=True)
class Factor:
    """What is kept of those who opened a link: the digest of the latest pass, and wrong years since the last pass."""

    pass_digest: str = ""
    wrong_years: int = 0

    @property
    def is_locked(self) -> bool:
        """Whether the year of birth was guessed wrong too often."""
        return self.wrong_years >= WRONG_YEARS_ALLOWED

    def admits(self, pass_token: str) -> bool:
        """Whether `pass_token` was given to somebody who knew the year of birth."""
        return fits(pass_token, self.pass_digest)

    def prove(self, year: int, *, born_in: int, pass_digest: str) -> "Factor":
        """Give a pass to whoever knows the year, count the guess of anybody else. Not to be asked once it is locked.

        Look at `admits` for which of the two it was.
        """
        if year != born_in:
            return replace(self, wrong_years=self.wrong_years + 1)
        return Factor(pass_digest=pass_digest)
