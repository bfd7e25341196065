"""Whether a call comes from whoever knows our secret. Compared in constant time; without a secret nothing is true."""

import base64
import hmac
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

GOOD_FOR: Final = timedelta(minutes=5)
"""How far the signer's clock and ours may be apart, and how old a signature may be."""
_HEADER: Final = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})")


def is_signed(header: str, body: bytes, *, secret: str, now: datetime) -> bool:
    """Whether `header`, `t=<unix time>,v1=<hex>`, is HMAC-SHA256 of `<t>.<body>` and is not too old, nor too new."""
    found = _HEADER.fullmatch(header)
    if found is None or not secret:
        return False
    signed_at = int(found[1])
    expected = sign(body, secret=secret, at=signed_at)
    return hmac.compare_digest(expected, header) and abs(now.timestamp() - signed_at) <= GOOD_FOR.total_seconds()


def sign(body: bytes, *, secret: str, at: int) -> str:
    """The header for a body, signed at the Unix time `at`."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, "sha256").hexdigest()
    return f"t={at},v1={digest}"


def is_twilios(signature: str, url: str, parameters: Mapping[str, Iterable[str]], *, token: str) -> bool:
    """Whether `signature` is Twilio's for a form: base64 of HMAC-SHA1 over the address it called and, by their names,
    all parameters (Twilio, "Webhooks security"). There is no time in it, so what was told before must be known.
    """
    if not token:
        return False
    return hmac.compare_digest(twilio_signature(url, parameters, token=token).encode(), signature.encode())


def twilio_signature(url: str, parameters: Mapping[str, Iterable[str]], *, token: str) -> str:
    """Twilio's signature of a form."""
    said = "".join(f"{name}{value}" for name in sorted(parameters) for value in sorted(set(parameters[name])))
    return base64.b64encode(hmac.digest(token.encode(), (url + said).encode(), "sha1")).decode()
