"""Building by the container engine, with packages that this machine has fetched."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from deploy.local.faults import LocalFault
from deploy.local.installation import REPOSITORY

WHEELS: Final = Path(".data") / "wheels"
"""Below the root of a source tree, where its Dockerfiles look for them."""


def fetch_wheels(requirements: str) -> None:
    """Of one of the files in requirements/, by the pip of this machine. Raises LocalFault."""
    listed = f"requirements/{requirements}.txt"
    download = ["-m", "pip", "download", "--quiet", "--require-hashes", "--only-binary=:all:", "--python-version=3.11"]
    run([sys.executable, *download, "--dest", str(WHEELS), "--requirement", listed])


def build_own(tag: str, dockerfile: str, source: Path = REPOSITORY) -> None:
    """An image of a source tree with its wheels: the build then needs no network. Raises LocalFault."""
    build = ["docker", "build", "--quiet", "--force-rm", "--build-arg", "PIP_NO_INDEX=1", "--tag", tag]
    run([*build, "--file", f"deploy/docker/{dockerfile}", "."], cwd=source)


def run(command: Sequence[str], cwd: Path = REPOSITORY, **options: Any) -> None:
    """What it says is shown. Raises LocalFault when it fails."""
    # The classic builder: the engine of Debian 12 has no other.
    environment: Mapping[str, str] = {**os.environ, "DOCKER_BUILDKIT": "0"}  # noqa: TID251
    done = subprocess.run(command, cwd=cwd, env=environment, check=False, **options)
    if done.returncode:
        raise LocalFault(f"{' '.join(command[:3])} … failed with status {done.returncode}", "see above")
