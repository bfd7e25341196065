"""Which secrets production does not start with: what can be guessed, or stands in somebody's example."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote, urlsplit

SHORTEST: Final = 22
"""So many characters hold 128 random bits."""
DISTINCT: Final = 10
"""Random text of that length practically never has fewer different characters."""
MASTER_BYTES: Final = 96
DISTINCT_BYTES: Final = 48
SAMPLES: Final = ("change", "default", "example", "insert", "kadence", "password", "sample", "secret")
"""Words of examples; random text practically never holds one."""
_MEND: Final = "`make env` makes random ones"


def weak_secrets(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Which of the secrets that an installation makes for itself are weak, by setting, and why; never their text."""
    password = unquote(urlsplit(values["mongo_url"]).password or "")
    ours = {"platform_key": values["platform_key"], "mongo_url": password, "kafka_password": values["kafka_password"]}
    # Who has no user at the database or the broker has no password either.
    found = {name: _weakness(text) for name, text in ours.items() if text}
    found["key"] = _weakness_of_master(values["key"])
    return [(name, f"{why}; {_MEND}") for name, why in found.items() if why]


def _weakness(text: str) -> str:
    if sample := next((word for word in SAMPLES if word in text.lower()), ""):
        return f"a secret with the word {sample!r} is an example"
    if len(text) < SHORTEST:
        return f"a secret of fewer than {SHORTEST} characters can be guessed"
    return "a secret of so few different characters can be guessed" if len(set(text)) < DISTINCT else ""


def _weakness_of_master(text: str) -> str:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        return "not base64"
    if len(key) != MASTER_BYTES:
        return f"the master key has {MASTER_BYTES} bytes, this one has {len(key)}"
    return "a master key of so few different bytes can be guessed" if len(set(key)) < DISTINCT_BYTES else ""
