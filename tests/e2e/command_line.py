"""The operator's command line, as an operator runs it."""

import subprocess
import sys
from pathlib import Path

from deploy.local.installation import REPOSITORY
from tests.e2e.town import Town


def run(town: Town, *arguments: str) -> "subprocess.CompletedProcess[str]":
    key_file = town.platform.installation.platform_key_file
    return run_anyhow("--url", town.url, "--key-file", str(key_file), *arguments)


def run_anyhow(*arguments: str, cwd: Path = REPOSITORY) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "deploy.admin", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=cwd)
