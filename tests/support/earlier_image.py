"""The image of an earlier version, built from this repository's own past, with the Dockerfile that it had."""

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

import pytest

from deploy.airgap.building import WHEELS, build_own
from deploy.local.installation import REPOSITORY

COMMIT: Final = "2c4dc68a3789d16617e8154237a15b7ddf6eafa5"
"""Its databases knew no schema version, and one of its indexes is dropped by this one."""
TAG: Final = "kadence:earlier"


def earlier_image() -> str:
    """Its tag. Skips the test where the past is not here."""
    if not (REPOSITORY / WHEELS).exists():
        pytest.skip("the images were not made from here: make images")
    with tempfile.TemporaryDirectory() as folder:
        archive, source = Path(folder) / "past.tar", Path(folder) / "source"
        asked = ["git", "archive", "--output", str(archive), COMMIT]
        if subprocess.run(asked, cwd=REPOSITORY, capture_output=True, check=False).returncode:
            pytest.skip(f"no earlier version is here: this clone is without {COMMIT:.7}")
        shutil.unpack_archive(archive, source, filter="data")
        shutil.copytree(REPOSITORY / WHEELS, source / WHEELS)
        build_own(TAG, "Dockerfile", source)
    return TAG
