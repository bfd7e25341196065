"""An installation by docker-compose in a folder of its own, as an operator has one: started, hurt, looked into."""

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from pymongo import MongoClient

from deploy import make_env
from deploy.local.installation import REPOSITORY
from deploy.local.ports import HOST, free_port
from deploy.local.waiting import wait_until

READ_BY_COMPOSE: Final = ("deploy/docker", "deploy/kafka", "deploy/mongo", "deploy/prometheus", "deploy/grafana")
THIS_IMAGE: Final = "kadence:local"
UP_WITHIN: Final = 240.0
HEALTHY_WITHIN: Final = 120.0
STARTED_FOR_GOOD: Final = {"running healthy"}
DONE: Final = {"exited 0"}


@dataclass(frozen=True)
class Container:
    """One container as the engine sees it."""

    id: str
    part: str
    image: str
    state: str
    pid: int
    restarts: int
    address: str

    @property
    def is_well(self) -> bool:
        return self.state in STARTED_FOR_GOOD | DONE


@dataclass(frozen=True)
class Where:
    """What `Stage` asks of an installation."""

    namespace: str
    mail_folder: Path
    clock_file: Path


class Containers:
    """Everything is removed at the end of the block, data included. Parts are called as in docker-compose.yml."""

    def __init__(self, folder: Path, profiles: str, image: str) -> None:
        self.folder = folder
        self.profiles = profiles
        self.began_with = image
        self.seconds_to_healthy = 0.0
        port = free_port()
        self.url = f"http://{HOST}:{port}"
        shutil.copy(REPOSITORY / "docker-compose.yml", folder)
        for part in READ_BY_COMPOSE:
            shutil.copytree(REPOSITORY / part, folder / part)
        make_env.main(folder, profiles)
        self.set({"KADENCE_IMAGE": image, "KADENCE_GATEWAY_PORT": str(port), "KADENCE_PUBLIC_URL": self.url})
        dev = folder / "deploy" / "dev"
        self.installation = Where("kadence", dev / "mail", dev / "clock")

    @property
    def platform_key(self) -> str:
        return self.secret("platform_key")

    @property
    def names(self) -> list[str]:
        """The parts that run on."""
        return [one.part for one in self.all() if one.state not in DONE]

    def secret(self, name: str) -> str:
        return (self.folder / "deploy" / "secrets" / name).read_text()

    def set(self, settings: Mapping[str, str]) -> None:
        """Change lines of `.env`; they count from the next `up`."""
        file = self.folder / ".env"
        known = dict(line.split("=", 1) for line in file.read_text().splitlines() if "=" in line)
        file.write_text("".join(f"{name}={value}\n" for name, value in {**known, **settings}.items()))

    def up(self) -> None:
        """What the operator types, and then all is healthy."""
        began = time.monotonic()
        self.compose("up", "-d", "--no-build")
        self.wait_all()
        self.seconds_to_healthy = time.monotonic() - began

    def remove(self) -> None:
        self.compose("down", "--volumes", "--timeout", "1")

    def wait_all(self, within: float = HEALTHY_WITHIN) -> None:
        assert wait_until(lambda: all(one.is_well for one in self.all()), within, every=0.5), self._told()

    def wait_ready(self, part: str, within: float) -> None:
        assert wait_until(lambda: all(one.is_well for one in self.all(part)), within, every=0.5), self._told(part)

    def all(self, part: str = "") -> list[Container]:
        """Of one part, or of all."""
        ids = self.compose("ps", "--all", "--quiet", *([part] if part else [])).split()
        return [_container(one) for one in json.loads(engine("inspect", *ids))] if ids else []

    def kill(self, part: str) -> None:
        """Kill -9 for the first container's main process, from outside, and see the engine start it again."""
        before = self.all(part)[0]
        as_host = ("run", "--rm", "--pid=host", "--user=0", "--network=none", "--entrypoint=bash", THIS_IMAGE)
        engine(*as_host, "-c", f"kill -9 {before.pid}")
        restarted = lambda: self._by_id(before.id).restarts > before.restarts  # noqa: E731
        assert wait_until(restarted, HEALTHY_WITHIN, every=0.2), self._told(part)

    @contextmanager
    def without(self, one: Container) -> Iterator[None]:
        """Dead by kill -9 as long as the block lasts."""
        engine("kill", one.id)
        try:
            yield
        finally:
            engine("start", one.id)

    def primary(self) -> Container:
        """The member of MongoDB that takes writes. Raises StopIteration when none does."""
        return next(
            one for part in self.names if part.startswith("mongo") for one in self.all(part) if self._leads(one)
        )

    def database(self) -> MongoClient[dict[str, Any]]:
        """All databases of the primary, as the members themselves see them."""
        return self._opened(self.primary())

    def compose(self, *arguments: str) -> str:
        """What docker-compose says. Raises with its complaint when it fails."""
        return _said([*self._command, *arguments], self.folder)

    def kadence(self, *arguments: str) -> str:
        """What the operator's command says, inside a container. Raises when its exit status is not 0."""
        return self.compose("exec", "-T", "booking-web", "kadence", *arguments)

    def _leads(self, member: Container) -> bool:
        with self._opened(member) as client:
            return bool(client.admin.command("hello")["isWritablePrimary"])

    def _opened(self, member: Container) -> MongoClient[dict[str, Any]]:
        options: Mapping[str, Any] = {
            "username": "__system",
            "password": self.secret("mongo_keyfile"),
            "authSource": "local",
            "directConnection": True,
            "tz_aware": True,
        }
        return MongoClient(member.address, **options)

    def _by_id(self, id: str) -> Container:
        return _container(json.loads(engine("inspect", id))[0])

    @cached_property
    def _command(self) -> Sequence[str]:
        return ("docker-compose",) if shutil.which("docker-compose") else ("docker", "compose")

    def _told(self, part: str = "") -> str:
        """Who is not well, and what it said last."""
        ill = [one for one in self.all(part) if not one.is_well]
        return "\n".join(f"{one.part}: {one.state}\n{engine('logs', '--tail', '8', one.id)}" for one in ill)


class Place:
    """Room for one installation: whoever asks for another kind finds the one before it removed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._here: Containers | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._clear()

    def of(self, profiles: str, image: str = THIS_IMAGE) -> Containers:
        """An installation of these profiles that runs, begun with this image."""
        if self._here is None or (self._here.profiles, self._here.began_with) != (profiles, image):
            self._clear()
            fresh = Containers(Path(tempfile.mkdtemp(dir=self._folder)), profiles, image)
            try:
                fresh.up()
            except BaseException:
                fresh.remove()
                raise
            self._here = fresh
        return self._here

    def _clear(self) -> None:
        if self._here is not None:
            self._here.remove()
            self._here = None


def engine(*arguments: str) -> str:
    """What the container engine says. Raises with its complaint when it fails."""
    return _said(("docker", *arguments), REPOSITORY)


def what_hinders() -> str:
    """Why no installation can be started here, in one clause; empty when one can."""
    if shutil.which("docker") is None or _failed("docker", "info"):
        return "no container engine answers"
    if _failed("docker-compose", "version") and _failed("docker", "compose", "version"):
        return "there is no docker-compose"
    missing = _failed("docker", "image", "inspect", THIS_IMAGE, "kadence-mail:local", "mongo:8.0")
    return "the images are missing: make images" if missing else ""


def _failed(*command: str) -> bool:
    if shutil.which(command[0]) is None:
        return True
    return bool(subprocess.run(command, capture_output=True, check=False).returncode)


def _said(command: Sequence[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=UP_WITHIN)
    assert done.returncode == 0, f"{' '.join(command[:4])} …\n{done.stderr[-3000:]}"
    return done.stdout + (done.stderr if command[1] == "logs" else "")


def _container(seen: Any) -> Container:
    state = seen["State"]
    what = f"exited {state['ExitCode']}" if state["Status"] == "exited" else state["Status"]
    health = state.get("Health", {}).get("Status")
    networks = seen["NetworkSettings"]["Networks"].values()
    return Container(
        id=seen["Id"],
        part=seen["Config"]["Labels"]["com.docker.compose.service"],
        image=seen["Config"]["Image"],
        state=f"{what} {health}" if health and what == "running" else what,
        pid=state["Pid"],
        restarts=seen["RestartCount"],
        address=next(iter(networks))["IPAddress"],
    )
