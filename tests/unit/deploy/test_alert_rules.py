"""Prometheus's own tool on what is written for it."""

import json
import shutil
import subprocess

import pytest

from tests.architecture.checks.tables import REPOSITORY
from tests.architecture.checks.watching import panels

WATCHING = REPOSITORY / "deploy" / "prometheus"
DASHBOARDS = sorted((REPOSITORY / "deploy" / "grafana" / "dashboards").glob("*.json"))


def promtool(*arguments: object) -> str:
    """What is wrong; empty when nothing is."""
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not on this machine: apt-get install prometheus")
    ended = subprocess.run(
        ["promtool", *map(str, arguments)], capture_output=True, text=True, check=False, cwd=REPOSITORY
    )
    return "" if ended.returncode == 0 else ended.stdout + ended.stderr


def test_the_configuration_names_what_there_is():
    assert promtool("check", "config", WATCHING / "prometheus.yml") == ""


def test_each_alert_fires_when_it_should_and_none_when_all_is_well():
    assert promtool("test", "rules", WATCHING / "alerts_test.yml") == ""


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda file: file.stem)
def test_every_panel_asks_what_prometheus_understands(dashboard, tmp_path):
    asked = [expr for exprs in panels(dashboard).values() for expr in exprs]
    rules = [{"record": f"panel:{number}", "expr": expr} for number, expr in enumerate(asked)]
    file = tmp_path / "rules.yml"
    file.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    assert promtool("check", "rules", file) == ""


def test_a_rule_that_calls_too_late_is_found(tmp_path):
    text = (WATCHING / "alerts.yml").read_text()
    late = text.replace("(kadence_outbox_oldest_seconds) > 60", "(kadence_outbox_oldest_seconds) > 6000")
    assert late != text
    (tmp_path / "alerts.yml").write_text(late)
    shutil.copy(WATCHING / "alerts_test.yml", tmp_path)
    assert "OutboxLags" in promtool("test", "rules", tmp_path / "alerts_test.yml")
