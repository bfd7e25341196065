"""docker-compose reads what is there after `make env`: everything is in it, and nothing lies open."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy import SERVICES, make_env
from deploy.airgap.__main__ import OWN
from deploy.airgap.images import IMAGES
from deploy.local.installation import REPOSITORY
from services.booking.settings import Settings as BookingSettings
from services.followup.settings import Settings as FollowupSettings
from services.notify.settings import Settings as NotifySettings
from tests.support.containers import READ_BY_COMPOSE

SETTINGS: dict[str, Any] = {"booking": BookingSettings, "followup": FollowupSettings, "notify": NotifySettings}
PARTS = [f"{service}-{role}" for service in SERVICES for role in ("web", "worker")]
SERVERS = [f"{server}{copy}" for server in ("mongo", "kafka") for copy in ("", "-2", "-3")]
ONCE = ["mongo-prepare", "kafka-prepare", *(f"{service}-indexes" for service in SERVICES)]
PROFILE_OF = {
    **{server: ["ha"] for server in SERVERS if "-" in server},
    "mail": ["dev"],
    "prometheus": ["observability"],
    "grafana": ["observability"],
    "backup": ["tools"],
    "restore": ["tools"],
}
NOT_GIVEN = {
    "KADENCE_FAILPOINT": "for tests only",
    "KADENCE_HTTP_PORT": "where the gateway and Prometheus look",
    "KADENCE_HEALTH_PORT": "where Prometheus looks",
    "KADENCE_KAFKA_CA": "no TLS inside the network of compose",
    "KADENCE_TWILIO_BASE_URL": "for tests only",
}
"""Settings that containers leave as they are, and why."""
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
    for part in READ_BY_COMPOSE:
        shutil.copytree(REPOSITORY / part, folder / part)
    make_env.main(folder, ",".join(make_env.PROFILES))
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
    done = compose(untouched, "--profile", "tools", "config")
    assert done.returncode == 0, done.stderr
    read: dict[str, Any] = yaml.safe_load(done.stdout)
    return read


def test_it_holds_the_whole_platform(resolved):
    services = resolved["services"]
    assert services.keys() >= {*SERVERS, *ONCE, "gateway", *PROFILE_OF, *PARTS}
    assert {name: one["profiles"] for name, one in services.items() if one.get("profiles")} == PROFILE_OF
    assert {name: one.get("scale", 1) for name, one in services.items() if one.get("scale", 1) > 1} == dict.fromkeys(
        PARTS, 2
    )


def test_what_runs_on_tells_its_health(resolved):
    running = {*SERVERS, "gateway", "mail", "prometheus", "grafana", *PARTS}
    assert {name for name, one in resolved["services"].items() if "healthcheck" in one} == running


def test_every_container_is_held_in(resolved):
    for name, one in resolved["services"].items():
        assert one["read_only"] is True, name
        assert one["cap_drop"] == ["ALL"], name
        assert one["security_opt"] == ["no-new-privileges"], name
        assert one["mem_limit"], name
        assert [bool(re.fullmatch(r"\S+:size=\d+m", place)) for place in one["tmpfs"]] == [True], name
        assert one["logging"]["options"]["max-size"], name
        assert one["restart"] == ("no" if name in {*ONCE, "backup", "restore"} else "unless-stopped"), name


def test_who_is_stopped_is_given_the_time_to_end_what_they_have_begun(resolved):
    patient = {name for name, one in resolved["services"].items() if one.get("stop_grace_period") == "30s"}
    assert patient >= {*PARTS, *SERVERS}


def test_every_image_can_be_made_without_a_container_registry(resolved):
    named = {one["image"] for one in resolved["services"].values()}
    made = {image.tag for image in IMAGES} | {tag for tag, *_ in OWN}
    assert named - made == {resolved["services"]["grafana"]["image"]}
    files = (REPOSITORY / "deploy/docker").glob("*Dockerfile")
    bases = {line.split()[1] for file in files for line in file.read_text().splitlines() if line.startswith("FROM ")}
    assert bases <= made


def test_secrets_come_from_files_and_none_is_known_beforehand(untouched, resolved):
    for name, secret in resolved["secrets"].items():
        file = Path(secret["file"])
        assert file.is_relative_to(untouched), name
        assert len(file.read_text()) >= 22 or name in make_env.YOURS, name
    values = [text for file in (untouched / "deploy/secrets").iterdir() if (text := file.read_text())]
    everything = yaml.safe_dump(resolved)
    assert [value for value in values if value in everything] == []
    for part in PARTS:
        environment = resolved["services"][part]["environment"]
        secret = {name for name in environment if name.endswith("_FILE")}
        assert secret >= {f"KADENCE_{name}_FILE" for name in ("KEY", "PLATFORM_KEY", "MONGO_URL", "KAFKA_PASSWORD")}
        assert {environment[name] for name in secret} <= {
            f"/run/secrets/{one['source'] if isinstance(one, dict) else one}"
            for one in resolved["services"][part]["secrets"]
        }


def test_only_the_gateway_and_the_operators_pages_can_be_reached_and_from_this_machine_only(resolved):
    published = {name: one["ports"] for name, one in resolved["services"].items() if one.get("ports")}
    assert published.keys() == {"gateway", "prometheus", "grafana"}
    for ports in published.values():
        for port in ports:
            host = port["host_ip"] if isinstance(port, dict) else port.rsplit(":", 2)[0]
            assert host == "127.0.0.1"


@pytest.mark.parametrize("part", [*PARTS, *(f"{service}-indexes" for service in SERVICES)])
def test_every_variable_is_a_setting_of_the_service_that_gets_it(resolved, part):
    known = {f"KADENCE_{name.upper()}" for name in SETTINGS[part.partition("-")[0]].__dataclass_fields__}
    given = {name for name in resolved["services"][part]["environment"] if name.startswith("KADENCE_")}
    assert {name.removesuffix("_FILE") for name in given} - known == set()


@pytest.mark.parametrize("service", SERVICES)
def test_every_setting_reaches_the_containers_unless_there_is_a_reason(resolved, service):
    known = {f"KADENCE_{name.upper()}" for name in SETTINGS[service].__dataclass_fields__}
    for role in ("web", "worker", "indexes"):
        given = {name.removesuffix("_FILE") for name in resolved["services"][f"{service}-{role}"]["environment"]}
        assert known - given == known & NOT_GIVEN.keys(), role


def test_what_compose_asks_for_stands_in_env_and_nothing_else():
    asked = set(re.findall(r"\$\{(\w+)", (REPOSITORY / "docker-compose.yml").read_text()))
    assert asked == make_env.SETTINGS.keys() - {"COMPOSE_PROFILES"}


def test_each_switch_of_the_gateway_has_a_file_for_each_of_its_positions(resolved):
    volumes = resolved["services"]["gateway"]["volumes"]
    mounted = [one["source"] if isinstance(one, dict) else one.split(":")[0] for one in volumes]
    off = {Path(file).name: file for file in mounted if file.endswith("-off.conf")}
    assert off.keys() == {"listen-off.conf", "proxy-off.conf"}
    assert all(Path(file).exists() for file in mounted)
    assert all(Path(file.replace("-off.", "-on.")).exists() for file in off.values())


def test_without_make_env_it_refuses_and_says_so(tmp_path):
    shutil.copy(REPOSITORY / "docker-compose.yml", tmp_path)
    done = compose(tmp_path, "config")
    assert done.returncode != 0
    assert "make env" in done.stderr
