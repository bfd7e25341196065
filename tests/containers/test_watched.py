"""The profile `observability` as far as its images can be had without a registry: Prometheus asks every process."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import yaml

from deploy.local.installation import REPOSITORY
from deploy.local.waiting import wait_until
from tests.support.containers import HEALTHY_WITHIN, Containers

pytestmark = pytest.mark.timeout(300)

PROCESSES = {(service, role) for service in ("booking", "followup", "notify") for role in ("web", "worker")}


@pytest.fixture
def prometheus(installation: Containers) -> Iterator[str]:
    """Where it answers; gone at the end."""
    installation.set({"COMPOSE_PROFILES": "dev,observability"})
    installation.compose("up", "-d", "--no-build", "prometheus")
    try:
        installation.wait_ready("prometheus", HEALTHY_WITHIN)
        yield f"http://{installation.all('prometheus')[0].address}:9090/api/v1"
    finally:
        installation.compose("rm", "--stop", "--force", "prometheus")
        installation.set({"COMPOSE_PROFILES": installation.profiles})


def test_every_process_is_asked_and_answers(prometheus: str) -> None:
    assert wait_until(lambda: who_is_up(prometheus) == PROCESSES, HEALTHY_WITHIN, every=0.5), targets(prometheus)


def test_the_rules_are_watched_and_none_is_broken(prometheus: str) -> None:
    written = yaml.safe_load((REPOSITORY / "deploy/prometheus/alerts.yml").read_text())["groups"]
    assert wait_until(lambda: all(rule["health"] == "ok" for rule in rules(prometheus)), HEALTHY_WITHIN, every=0.5)
    assert {rule["name"] for rule in rules(prometheus)} == {
        rule["alert"] for group in written for rule in group["rules"]
    }


def who_is_up(prometheus: str) -> set[tuple[str, str]]:
    """Service and role of the processes that answered when they were last asked."""
    up = (one["labels"] for one in targets(prometheus) if one["health"] == "up")
    return {(labels["service"], labels["job"]) for labels in up}


def targets(prometheus: str) -> list[Any]:
    found: list[Any] = asked(prometheus, "targets")["activeTargets"]
    return found


def rules(prometheus: str) -> list[Any]:
    return [rule for group in asked(prometheus, "rules")["groups"] for rule in group["rules"]]


def asked(prometheus: str, what: str) -> Any:
    return requests.get(f"{prometheus}/{what}", timeout=10).json()["data"]
