from itertools import product

import pytest
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from shared.telemetry import metrics
from tests.support.scraped import value


def test_counting_adds_one_to_the_sample_of_these_labels():
    labels = {"type": "cake.baked.v1", "outcome": "applied"}
    before = value("kadence_events_heard_total", **labels)
    metrics.count("kadence_events_heard_total", **labels)
    assert value("kadence_events_heard_total", **labels) == before + 1


def test_counting_without_labels():
    before = value("kadence_broker_amnesia_total")
    metrics.count("kadence_broker_amnesia_total")
    assert value("kadence_broker_amnesia_total") == before + 1


def test_a_counter_is_shown_at_zero_for_every_combination_before_it_counts():
    name, types, outcomes = "kadence_events_heard_total", ("cake.eaten.v1", "cake.sold.v1"), ("applied", "held")
    metrics.count(name, type="cake.eaten.v1", outcome="applied")
    metrics.begin_at_zero(name, type=types, outcome=outcomes)
    pairs = product(types, outcomes)
    assert [REGISTRY.get_sample_value(name, {"type": type, "outcome": outcome}) for type, outcome in pairs] == [
        *(1.0, 0.0),
        *(0.0, 0.0),
    ]


def test_beginning_with_another_label_is_a_bug():
    with pytest.raises(ValueError, match="label"):
        metrics.begin_at_zero("kadence_events_heard_total", kind=("x",), outcome=("held",))


def test_what_has_no_labels_is_shown_at_zero_from_the_start():
    assert REGISTRY.get_sample_value("kadence_broker_amnesia_total") is not None


def test_a_gauge_stands_where_it_was_put():
    for height in (7.0, 3.0):
        metrics.gauge("kadence_outbox_events", height)
        assert value("kadence_outbox_events") == height


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("kadence_cakes_total", {}),
        ("kadence_outbox_events", {}),
        ("kadence_events_told_total", {"kind": "x"}),
        ("kadence_events_told_total", {"type": "x", "more": "y"}),
    ],
)
def test_an_unknown_name_or_label_is_a_bug(name, labels):
    with pytest.raises((KeyError, ValueError)):
        metrics.count(name, **labels)


def test_a_request_is_counted_and_its_time_observed():
    labels = {"method": "GET", "route": "/oven"}
    before = value("kadence_http_request_duration_seconds_count", **labels)
    metrics.observe_request("GET", "/oven", 200, 0.25)
    assert value("kadence_http_request_duration_seconds_count", **labels) == before + 1
    assert value("kadence_http_requests_total", status="200", **labels) >= 1


def test_every_declared_metric_is_exposed():
    families = {family.name for family in text_string_to_metric_families(metrics.exposition().decode())}
    assert {name.removesuffix("_total") for name in metrics.COUNTERS} | set(metrics.GAUGES) <= families
