"""docker-compose reads what is there after `make env`: everything is in it, and nothing lies open."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy import make_env
from deploy.local.installation import REPOSITORY, SERVICES
from services.booking.settings import Settings as BookingSettings
from services.followup.settings import Settings as FollowupSettings
from services.notify.settings import Settings as NotifySettings

SETTINGS: dict[str, Any] = {"booking": BookingSettings, "followup": FollowupSettings, "notify": NotifySettings}
PARTS = [f"{service}-{role}" for service in SERVICES for role in ("web", "worker")]
ANSWERS_WITHIN = 60


def compose_command() -> list[str] | None:
    """Whichever generation is there."""
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    if shutil.which("docker"):
        there = subprocess.run(
            ["docker", "compose", "version"], capture_output=True, check=False, timeout=ANSWERS_WITHIN
        )
        return ["docker", "compose"] if there.returncode == 0 else None
    return None


def compose(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = compose_command()
    if command is None:
        pytest.skip("neither docker-compose nor docker compose is on this machine")
    # No HOME: whatever the user of this machine has set for docker is of no concern here.
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(folder)}
    return subprocess.run(
        [*command, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=ANSWERS_WITHIN,
    )


def an_installation(folder: Path) -> Path:
    """A copy of what docker-compose reads, with an environment and secrets of its own."""
    shutil.copy(REPOSITORY / "docker-compose.yml", folder)
    for part in ("deploy/mongo", "deploy/docker"):
        shutil.copytree(REPOSITORY / part, folder / part)
    make_env.main(folder)
    return folder


@pytest.fixture
def installation(tmp_path: Path) -> Path:
    return an_installation(tmp_path)


@pytest.fixture(scope="session")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that no test changes."""
    return an_installation(tmp_path_factory.mktemp("installation"))


@pytest.fixture(scope="session")
def resolved(untouched: Path) -> dict[str, Any]:
    """What docker-compose makes of it; asked once, and only read."""
    done = compose(untouched, "--profile", "dev", "config")
    assert done.returncode == 0, done.stderr
    read: dict[str, Any] = yaml.safe_load(done.stdout)
    return read


def test_it_holds_the_whole_platform(resolved):
    services = resolved["services"]
    assert services.keys() >= {"mongo", "mongo-init", "kafka", "gateway", "mail", *PARTS}
    assert services["mail"]["profiles"] == ["dev"]
    assert [name for name, one in services.items() if one.get("profiles") and name != "mail"] == []
    script = (REPOSITORY / "deploy/mongo/start.sh").read_text() + (REPOSITORY / "deploy/mongo/init.js").read_text()
    assert "replSet" in script
    assert "rs.initiate" in script or "replSetInitiate" in script


def test_what_runs_on_tells_its_health(resolved):
    running = {"mongo", "kafka", "gateway", "mail", *PARTS}
    assert {name for name, one in resolved["services"].items() if "healthcheck" in one} == running


def test_secrets_come_from_files_and_none_is_known_beforehand(untouched, resolved):
    for name, secret in resolved["secrets"].items():
        file = Path(secret["file"])
        assert file.is_relative_to(untouched), name
        assert len(file.read_text()) >= 32, name
    values = [file.read_text() for file in (untouched / "deploy/secrets").iterdir()]
    everything = yaml.safe_dump(resolved)
    assert [value for value in values if value in everything] == []
    for part in PARTS:
        environment = resolved["services"][part]["environment"]
        secret = {name for name in environment if name.endswith("_FILE")}
        assert secret == {"KADENCE_KEY_FILE", "KADENCE_PLATFORM_KEY_FILE", "KADENCE_MONGO_URL_FILE"}
        assert {environment[name] for name in secret} <= {
            f"/run/secrets/{one['source'] if isinstance(one, dict) else one}"
            for one in resolved["services"][part]["secrets"]
        }


def test_only_the_gateway_and_the_mail_page_can_be_reached_and_from_this_machine_only(resolved):
    published = {name: one["ports"] for name, one in resolved["services"].items() if one.get("ports")}
    assert published.keys() == {"gateway", "mail"}
    for ports in published.values():
        for port in ports:
            host = port["host_ip"] if isinstance(port, dict) else port.rsplit(":", 2)[0]
            assert host == "127.0.0.1"


@pytest.mark.parametrize("part", [*PARTS, *(f"{service}-indexes" for service in SERVICES)])
def test_every_variable_is_a_setting_of_the_service_that_gets_it(resolved, part):
    known = {f"KADENCE_{name.upper()}" for name in SETTINGS[part.partition("-")[0]].__dataclass_fields__}
    given = {name for name in resolved["services"][part]["environment"] if name.startswith("KADENCE_")}
    assert {name.removesuffix("_FILE") for name in given} - known == set()


def test_without_make_env_it_refuses_and_says_so(tmp_path):
    shutil.copy(REPOSITORY / "docker-compose.yml", tmp_path)
    done = compose(tmp_path, "config")
    assert done.returncode != 0
    assert "make env" in done.stderr
