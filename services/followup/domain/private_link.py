"""A patient's private link: whoever has it may open the page, so nobody stores it and nothing in it names anybody."""

import hashlib
import hmac
from typing import Final

PATH: Final = "/followup/c/"


def address(public_url: str, token: str) -> str:
    """The full link."""
    return f"{public_url.rstrip('/')}{PATH}{token}"


def digest(token: str) -> str:
    """SHA-256 in hexadecimal: what is kept of a token. Tokens are random, so neither salt nor a slow hash is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


def fits(token: str, kept: str) -> bool:
    """Whether `kept` is the digest of `token`; an empty `kept` fits nothing."""
    return hmac.compare_digest(digest(token), kept)
