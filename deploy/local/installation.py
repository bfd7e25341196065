"""What the parts of a local installation are called, where they listen, and which settings they get. Pure."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from deploy import SERVICES
from deploy.local.environment import passed_through
from deploy.local.ports import HOST, free_port

REPOSITORY = Path(__file__).resolve().parents[2]
PARTS = tuple(f"{service}.{role}" for service in SERVICES for role in ("web", "worker"))

Clock = Literal["simulated", "system"]


@dataclass(frozen=True)
class Ports:
    """Where each part listens; a worker's port serves its health and metrics only."""

    gateway: int
    mail: int
    mongo: int
    kafka: int
    parts: Mapping[str, int]

    @classmethod
    def fixed(cls) -> "Ports":
        """The same at every start, so that a person can keep an address."""
        return cls(
            gateway=8080, mail=8025, mongo=8027, kafka=8092, parts=dict(zip(PARTS, range(8081, 8087), strict=True))
        )

    @classmethod
    def free(cls) -> "Ports":
        """Any that nobody uses: several installations run side by side."""
        parts = {name: free_port() for name in PARTS}
        return cls(gateway=free_port(), mail=free_port(), mongo=free_port(), kafka=free_port(), parts=parts)


@dataclass(frozen=True)
class Installation:
    """Everything that the settings of the services are derived from."""

    folder: Path
    namespace: str
    clock: Clock
    ports: Ports
    mongo_url: str
    kafka_bootstrap: str
    key_file: Path
    platform_key_file: Path
    tick_seconds: float

    @property
    def public_url(self) -> str:
        return f"http://{HOST}:{self.ports.gateway}"

    @property
    def clock_file(self) -> Path:
        """Holds how many seconds the simulated clock is ahead; missing as long as nobody moved it."""
        return self.folder / "clock"

    @property
    def mail_folder(self) -> Path:
        return self.folder / "mail"

    def service_environment(self, part: str, port: int) -> dict[str, str]:
        """The whole environment of a part such as `booking.web` that is to listen on `port`."""
        service, role = part.split(".")
        ports = {"web": self.ports.parts[f"{service}.web"], "worker": self.ports.parts[f"{service}.worker"], role: port}
        return {
            **plain_environment(),
            "KADENCE_ENV": "development",
            "KADENCE_NAMESPACE": self.namespace,
            "KADENCE_MONGO_URL": self.mongo_url,
            "KADENCE_KAFKA_BOOTSTRAP": self.kafka_bootstrap,
            "KADENCE_KEY_FILE": str(self.key_file),
            "KADENCE_PLATFORM_KEY_FILE": str(self.platform_key_file),
            "KADENCE_PUBLIC_URL": self.public_url,
            "KADENCE_TICK_SECONDS": str(self.tick_seconds),
            **self._clock_settings(),
            **(self._mail_settings() if service == "notify" else {}),
            "KADENCE_HTTP_PORT": str(ports["web"]),
            "KADENCE_HEALTH_PORT": str(ports["worker"]),
        }

    def mail_command(self) -> list[str]:
        catcher = (*_module("deploy.local.mail_catcher"), "--port", str(self.ports.mail))
        return [*catcher, "--folder", str(self.mail_folder)]

    def gateway_command(self) -> list[str]:
        targets = [
            part for name in SERVICES for part in (f"--{name}", f"http://{HOST}:{self.ports.parts[f'{name}.web']}")
        ]
        return [*_module("deploy.local.gateway"), "--port", str(self.ports.gateway), *targets]

    def _clock_settings(self) -> dict[str, str]:
        if self.clock == "system":
            return {"KADENCE_CLOCK": "system"}
        return {"KADENCE_CLOCK": "simulated", "KADENCE_CLOCK_PATH": str(self.clock_file)}

    def _mail_settings(self) -> dict[str, str]:
        return {
            "KADENCE_SMTP_HOST": HOST,
            "KADENCE_SMTP_PORT": str(self.ports.mail),
            "KADENCE_SMTP_SENDER": "appointments@kadence.example",
        }


def service_command(service: str, role: str) -> list[str]:
    """`role` is web, worker or indexes."""
    return [*_module(f"services.{service}"), role]


def plain_environment() -> dict[str, str]:
    """What every Python program here gets: time zones from the pinned package, never from the machine."""
    return {**passed_through(), "PYTHONTZPATH": "", "PYTHONUNBUFFERED": "1"}


def _module(name: str) -> tuple[str, ...]:
    return (sys.executable, "-m", name)
