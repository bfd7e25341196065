"""The only place of deploy/local that reads the environment of the caller."""

import os
from pathlib import Path

# The services' rule that settings are read by shared.settings does not reach this far: no service imports this.
_ENVIRONMENT = os.environ  # noqa: TID251

# What a program needs to run at all. KADENCE_* is never among it: services refuse settings they do not know.
PASSED_THROUGH = (
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "VIRTUAL_ENV",
    "PYTHONPATH",
    "LD_LIBRARY_PATH",
    "SSL_CERT_FILE",
)


def chosen(name: str, default: str = "") -> str:
    """The caller's choice for a KADENCE_* variable of the local set-up."""
    return _ENVIRONMENT.get(name, default).strip()


def passed_through() -> dict[str, str]:
    """The part of our environment that every program started here inherits."""
    return {name: _ENVIRONMENT[name] for name in PASSED_THROUGH if name in _ENVIRONMENT}


def cache_folder(name: str) -> Path:
    """Where downloads are kept for the next run: outside the checkout, shared by all of this user's checkouts."""
    root = chosen("XDG_CACHE_HOME")
    return (Path(root) if root else Path.home() / ".cache") / "kadence" / name
