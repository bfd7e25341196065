"""The secrets of a local installation: made once, readable by their owner only."""

import base64
import os
import secrets
from collections.abc import Callable
from pathlib import Path

# What MongoDB's field encryption wants for a local master key.
_MASTER_KEY_BYTES = 96


def master_key_file(folder: Path) -> Path:
    """The file with the key that seals personal fields."""
    return _kept(folder / "master.key", lambda: base64.b64encode(secrets.token_bytes(_MASTER_KEY_BYTES)).decode())


def platform_key_file(folder: Path) -> Path:
    """The file with the key by which the operator adds clinics."""
    return _kept(folder / "platform.key", lambda: secrets.token_urlsafe(32))


def _kept(file: Path, make: Callable[[], str]) -> Path:
    """The file as it was made the first time; a start that was killed half-way leaves none rather than half of one."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not file.exists():
        fresh = file.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as writing:
            writing.write(make())
        fresh.replace(file)
    return file
