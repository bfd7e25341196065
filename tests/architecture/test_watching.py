import re
from itertools import product

import pytest
from prometheus_client import REGISTRY

from deploy.admin.__main__ import admin
from services.notify.domain.message import Channel, Kind, Status
from tests.architecture.checks import watching as check
from tests.architecture.checks.tables import REPOSITORY, SERVICES, table_of
from tests.support.lazy_service import worker_of
from tests.support.notify_builders import a_message

ALERTS = check.alerts(REPOSITORY / "deploy" / "prometheus" / "alerts.yml")
RULE_TESTS = REPOSITORY / "deploy" / "prometheus" / "alerts_test.yml"
RUNBOOK = (REPOSITORY / "docs" / "runbook.md").read_text()
DASHBOARDS = sorted((REPOSITORY / "deploy" / "grafana" / "dashboards").glob("*.json"))
ASKED = [
    *(rule.expr for rule in ALERTS),
    *(expr for file in DASHBOARDS for exprs in check.panels(file).values() for expr in exprs),
]


def shown() -> set[str]:
    """Names of all samples that a process may show; those of a histogram come with its first observation."""
    families = list(REGISTRY.collect())
    histograms = {f"{family.name}_bucket" for family in families if family.type == "histogram"}
    counters = {f"{family.name}_total" for family in families if family.type == "counter"}
    return {family.name for family in families} | histograms | counters


def names_of_work() -> set[str]:
    """What the label `work` may say: rows of the tables of counts, jobs, and what one job counts by itself."""
    counts = {count.name for service in SERVICES for count in table_of(service, "store.counts", "COUNTS")}
    jobs = {job.name for service in SERVICES for job in worker_of(service)[1]}
    return counts | jobs | {"messages.paused", "forget-old"}


def labelled(name: str, *labels: str) -> set[tuple[str, ...]]:
    """Values of these labels in the samples that are shown of a metric."""
    samples = [sample for family in REGISTRY.collect() for sample in family.samples if sample.name == name]
    return {tuple(sample.labels[label] for label in labels) for sample in samples}


def test_there_are_alerts_and_dashboards():
    assert len(ALERTS) >= 20
    assert len(DASHBOARDS) >= 2


def test_every_metric_that_is_asked_for_is_shown():
    assert check.unknown_metrics(ASKED, shown()) == set()


def test_every_kind_of_work_that_is_asked_for_is_counted():
    assert check.unknown_work(ASKED, names_of_work()) == set()


def test_every_alert_stands_in_the_runbook_and_no_other():
    assert check.sections(RUNBOOK) == {rule.name for rule in ALERTS}


def test_every_alert_says_how_urgent_it_is_and_what_is_the_matter():
    assert [rule.name for rule in ALERTS if rule.severity not in {"page", "ticket"} or "$" not in rule.summary] == []


def test_every_alert_is_seen_firing():
    tested = RULE_TESTS.read_text()
    assert [rule.name for rule in ALERTS if f'alertname="{rule.name}"' not in tested] == []


@pytest.mark.parametrize("page", ["docs/runbook.md", "docs/operating.md", "UPGRADING.md", "SECURITY.md"])
def test_every_command_that_operators_read_of_exists(page):
    named = set(re.findall(r"\bkadence ([a-z]+(?:-[a-z]+)*)", (REPOSITORY / page).read_text()))
    assert named - set(admin.commands) == set()
    assert named


def test_what_becomes_of_messages_is_shown_before_there_are_any():
    worker_of("notify")
    ends = [status for status in Status if a_message(status).is_closed]
    answers = ["accepted", "temporary", "unknown", "failed"]
    assert set(product(Kind, Channel, ends)) <= labelled("kadence_messages_total", "kind", "channel", "outcome")
    assert set(product(["sms", "email"], answers)) <= labelled("kadence_provider_calls_total", "channel", "outcome")


def test_no_metric_is_labelled_as_prometheus_labels_what_it_scrapes():
    labels = {label for family in REGISTRY.collect() for sample in family.samples for label in sample.labels}
    assert labels & {"job", "instance", "service"} == set()


# --- negative proofs ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expr", "metrics"),
    [
        ("up == 0", {"up"}),
        ('sum by (job, service) (rate(cakes_total{oven=~"a|b", job="x"}[5m])) > 3 or vector(0)', {"cakes_total"}),
        ("time() - max by (work) (a) > 60 + 5 * max by (work) (b)", {"a", "b"}),
        ("max by (service) (a) > 0 and on (service) c > 1.5", {"a", "c"}),
        ("a[5m] offset 5m unless b", {"a", "b"}),
        ("histogram_quantile(0.99, sum by (le) (rate(d_bucket[5m])))", {"d_bucket"}),
    ],
)
def test_metrics_are_found_in_an_expression(expr, metrics):
    assert check.metrics_in(expr) == metrics


def test_what_nobody_shows_is_found():
    assert check.unknown_metrics(["max(cakes) > ovens", "up"], {"cakes"}) == {"ovens"}


def test_work_that_nobody_counts_is_found():
    exprs = ['a{work=~"cakes[.].*|ovens[.].*"}', 'b{work="till"}', 'c{work!="cakes.due"}']
    assert check.unknown_work(exprs, {"cakes.due"}) == {"ovens[.].*", "till"}
