"""Secrets as a container finds them: one file each."""

from pathlib import Path
from typing import Final

SECRETS: Final = Path("/run/secrets")


class NoSecret(SystemExit):
    """The process cannot start: a secret that it needs was never made."""


def secret(name: str) -> str:
    """The text of a secret. Raises `NoSecret`."""
    try:
        return (SECRETS / name).read_text().strip()
    except OSError as error:
        mend = "run `make env`, which makes the secrets that are missing, and start again"
        raise NoSecret(f"The secret {name} cannot be read ({error.strerror}): {mend}") from error
