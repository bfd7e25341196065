"""`python -m services.<name> web | worker | indexes`: the three processes of every service."""

import sys
from collections.abc import Callable, Mapping
from typing import TypeVar

from shared.settings import PlatformSettings, from_environment

S = TypeVar("S", bound=PlatformSettings)


def main(service: str, settings: type[S], processes: Mapping[str, Callable[[S], int]]) -> None:
    """Run the process that the command line names, with settings from the environment."""
    wanted = sys.argv[1] if len(sys.argv) == 2 else ""  # noqa: PLR2004
    if wanted not in processes:
        sys.exit(f"usage: python -m services.{service} {' | '.join(processes)}")
    sys.exit(processes[wanted](from_environment(settings)))
