"""Keyed fingerprints: equal texts have equal ones, and without the installation's master key nobody makes or tries any.

Each purpose has a key of its own, derived from the master key (HKDF, RFC 5869); fingerprints of different purposes say
nothing about each other.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_BYTES: Final = 32


class Fingerprints:
    """Takes fingerprints under keys that are derived from `master_key`."""

    def __init__(self, master_key: bytes) -> None:
        self._key_for: Callable[[str], bytes] = lru_cache(maxsize=1024)(lambda purpose: _derived(master_key, purpose))

    def of(self, purpose: str, text: str, *, length: int = _BYTES) -> str:
        """The first `length` of 32 bytes of HMAC-SHA-256 of `text`, as URL-safe base64 without padding."""
        digest = hmac.digest(self._key_for(purpose), text.encode(), sha256)
        return urlsafe_b64encode(digest[:length]).decode().rstrip("=")


def _derived(master_key: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), _BYTES, salt=None, info=f"fingerprint/{purpose}".encode()).derive(master_key)
