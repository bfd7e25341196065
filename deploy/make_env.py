"""`make env`: a `.env` and fresh random secrets for docker-compose; what is there already stays."""

import base64
import secrets
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
SERVICES: Final = ("booking", "followup", "notify")
ENV: Final = """\
# Settings of this installation; secrets stand in deploy/secrets/, one file each.
KADENCE_ENV=production
KADENCE_IMAGE=kadence:local
KADENCE_PUBLIC_URL=http://127.0.0.1:8080
KADENCE_GATEWAY_PORT=8080
KADENCE_SMTP_HOST=
KADENCE_SMTP_PORT=587
KADENCE_SMTP_SENDER=
"""


def main(root: Path = ROOT) -> None:
    """Write what is missing; never overwrite: an old secret opens old data."""
    folder = root / "deploy" / "secrets"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _keep(root / ".env", ENV)
    (root / ".env").chmod(0o644)
    for name, text in _secrets(folder).items():
        _keep(folder / name, text)
    print(f"{root / '.env'} and {folder}: fill in KADENCE_SMTP_HOST and KADENCE_SMTP_SENDER, then docker-compose up -d")


def _secrets(folder: Path) -> dict[str, str]:
    """All secrets by file name; a service's MongoDB address goes with its password."""
    passwords = {service: _password(folder / f"mongo_{service}_password") for service in SERVICES}
    urls = {
        f"{service}_mongo_url": f"mongodb://{service}:{password}@mongo:27017/?replicaSet=rs0&authSource=admin"
        for service, password in passwords.items()
    }
    return {
        "key": base64.b64encode(secrets.token_bytes(96)).decode(),
        "platform_key": f"kad_platform_{secrets.token_urlsafe(32)}",
        "mongo_keyfile": base64.b64encode(secrets.token_bytes(512)).decode(),
        "mongo_root_password": secrets.token_urlsafe(32),
        **{f"mongo_{service}_password": password for service, password in passwords.items()},
        **urls,
    }


def _password(file: Path) -> str:
    return file.read_text().strip() if file.exists() else secrets.token_urlsafe(32)


def _keep(file: Path, text: str) -> None:
    if not file.exists():
        file.write_text(text)
        # Readable for the container's own user; on the host the folder itself is closed to others.
        file.chmod(0o444)


if __name__ == "__main__":
    main()
