"""`make env`: a `.env` and fresh random secrets for docker-compose; what is there already stays.

`make env PROFILES=dev,observability,ha` writes the profiles and all that follows from them.
"""

import base64
import secrets
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from deploy import SERVICES

ROOT: Final = Path(__file__).parent.parent
MONGO_USERS: Final = (*SERVICES, "backup", "restore")
KAFKA_USERS: Final = (*SERVICES, "restore")
PROFILES: Final = ("dev", "observability", "ha")
SETTINGS: Final[Mapping[str, str]] = {
    "COMPOSE_PROFILES": "",
    "KADENCE_ENV": "production",
    "KADENCE_IMAGE": "kadence:local",
    "KADENCE_GATEWAY_ADDRESS": "127.0.0.1",
    "KADENCE_GATEWAY_PORT": "8080",
    "KADENCE_PUBLIC_URL": "http://127.0.0.1:8080",
    "KADENCE_TLS": "off",
    "KADENCE_TRUSTED_PROXY": "off",
    "KADENCE_COPIES": "1",
    "KADENCE_MONGO_MEMBERS": "mongo:27017",
    "KADENCE_KAFKA_BOOTSTRAP": "kafka:9092",
    "KADENCE_KAFKA_REPLICATION": "1",
    "KADENCE_CLOCK": "system",
    "KADENCE_CLOCK_PATH": "",
    "KADENCE_TICK_SECONDS": "1.0",
    "KADENCE_HTTP_THREADS": "16",
    "KADENCE_LOG_LEVEL": "info",
    "KADENCE_SMTP_HOST": "",
    "KADENCE_SMTP_PORT": "587",
    "KADENCE_SMTP_SENDER": "",
    "KADENCE_SMTP_USER": "",
    "KADENCE_SMTP_STARTTLS": "true",
    "KADENCE_SMTP_CA": "",
    "KADENCE_SMS_PROVIDER": "sandbox",
    "KADENCE_SMS_PER_SECOND": "10",
    "KADENCE_SMS_FROM": "",
    "KADENCE_SMS_GATEWAY_URL": "",
    "KADENCE_TWILIO_ACCOUNT_SID": "",
    "KADENCE_OTLP_ENDPOINT": "",
    "OTEL_EXPORTER_OTLP_HEADERS": "",
}
CHANGED_BY: Final[Mapping[str, Mapping[str, str]]] = {
    "dev": {
        "KADENCE_ENV": "development",
        "KADENCE_CLOCK": "simulated",
        "KADENCE_CLOCK_PATH": "/clock/clock",
        "KADENCE_TICK_SECONDS": "0.2",
        "KADENCE_SMTP_HOST": "mail",
        "KADENCE_SMTP_PORT": "1025",
        "KADENCE_SMTP_SENDER": "appointments@kadence.example",
        "KADENCE_SMTP_STARTTLS": "false",
    },
    "observability": {},
    "ha": {
        "KADENCE_COPIES": "2",
        "KADENCE_MONGO_MEMBERS": "mongo:27017,mongo-2:27017,mongo-3:27017",
        "KADENCE_KAFKA_BOOTSTRAP": "kafka:9092,kafka-2:9092,kafka-3:9092",
        "KADENCE_KAFKA_REPLICATION": "3",
    },
}
YOURS: Final = ("smtp_password", "smtp_ca", "sms_gateway_token", "sms_gateway_secret", "twilio_auth_token")
"""What providers give you: empty files to fill in, where you use them."""


def main(root: Path = ROOT, profiles: str = "") -> None:
    """Write what is missing; never overwrite: an old secret opens old data. What `.env` lacks is said."""
    folder = root / "deploy" / "secrets"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    wanted = [profile for profile in profiles.split(",") if profile]
    _keep(root / ".env", env_for(wanted))
    (root / ".env").chmod(0o644)
    if lacking := lacking_in((root / ".env").read_text(), wanted):
        print(f"{root / '.env'} was there and stays as it is. Lines to change or add:", *lacking, sep="\n  ")
    for name, text in _secrets(folder).items():
        _keep(folder / name, text)
    (root / "deploy" / "tls").mkdir(exist_ok=True)
    # Written by the containers' own user, read by whoever develops.
    mail = root / "deploy" / "dev" / "mail"
    mail.mkdir(parents=True, exist_ok=True)
    mail.chmod(0o777)
    print(f"{root / '.env'} and {folder}: read .env, name your mail server there, then docker-compose up -d")


def env_for(profiles: Sequence[str]) -> str:
    """The text of `.env`. Raises SystemExit when a profile is not known."""
    if unknown := set(profiles) - set(PROFILES):
        sys.exit(f"no such profile: {', '.join(sorted(unknown))}; there are {', '.join(PROFILES)}")
    settings = {**SETTINGS, "COMPOSE_PROFILES": ",".join(profiles)}
    for profile in profiles:
        settings |= CHANGED_BY[profile]
    about = "# Settings of this installation (docs/operating.md); secrets stand in deploy/secrets/, one file each.\n"
    return about + "".join(f"{name}={value}\n" for name, value in settings.items())


def lacking_in(env: str, profiles: Sequence[str]) -> list[str]:
    """The lines that a `.env` should have: of settings that it does not name, and as these profiles need them."""
    has = dict(line.split("=", 1) for line in env.splitlines() if "=" in line)
    wanted = {name: value for name, value in SETTINGS.items() if name not in has}
    for profile in profiles:
        wanted |= CHANGED_BY[profile]
    named = [profile for profile in has.get("COMPOSE_PROFILES", "").split(",") if profile]
    wanted["COMPOSE_PROFILES"] = ",".join(dict.fromkeys([*named, *profiles]))
    return [f"{name}={value}" for name, value in wanted.items() if has.get(name) != value]


def _secrets(folder: Path) -> dict[str, str]:
    """All secrets by file name; a user's MongoDB address goes with its password."""
    passwords = {user: _password(folder / f"mongo_{user}_password") for user in MONGO_USERS}
    # Members that are not there are passed over: the same address serves one member and three.
    members = "mongo:27017,mongo-2:27017,mongo-3:27017"
    urls = {
        f"{user}_mongo_url": f"mongodb://{user}:{password}@{members}/?replicaSet=rs0&authSource=admin"
        for user, password in passwords.items()
    }
    return {
        "key": base64.b64encode(secrets.token_bytes(96)).decode(),
        "platform_key": f"kad_platform_{secrets.token_urlsafe(32)}",
        "mongo_keyfile": base64.b64encode(secrets.token_bytes(512)).decode(),
        "kafka_cluster_id": _cluster_id(),
        "kafka_password": secrets.token_urlsafe(32),
        "grafana_password": secrets.token_urlsafe(32),
        **{f"mongo_{user}_password": password for user, password in passwords.items()},
        **{f"kafka_{user}_password": secrets.token_urlsafe(32) for user in KAFKA_USERS},
        **urls,
        **dict.fromkeys(YOURS, ""),
    }


def _cluster_id() -> str:
    """A random UUID the way Kafka writes it; never with a leading dash, which its tools would read as an option."""
    name = secrets.token_urlsafe(16)
    return name if not name.startswith("-") else _cluster_id()


def _password(file: Path) -> str:
    return file.read_text().strip() if file.exists() else secrets.token_urlsafe(32)


def _keep(file: Path, text: str) -> None:
    if not file.exists():
        file.write_text(text)
        # Readable for the container's own user; on the host the folder itself is closed to others.
        file.chmod(0o444)


if __name__ == "__main__":
    main(profiles=sys.argv[1] if len(sys.argv) > 1 else "")
