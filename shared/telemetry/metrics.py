"""Every metric of the platform in one table; names and units by the Prometheus conventions.

No label is called `job` or `instance`: Prometheus gives these to what it scrapes.
"""

from collections.abc import Iterable, Mapping
from itertools import product
from typing import Final

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, generate_latest

COUNTERS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "kadence_http_requests_total": ("Requests answered.", ("method", "route", "status")),
    "kadence_events_told_total": ("Events that the relay handed to the broker.", ("type",)),
    "kadence_events_heard_total": ("Events taken from the broker.", ("type", "outcome")),
    "kadence_broker_amnesia_total": ("Times that the broker had forgotten what it was told.", ()),
    "kadence_consumer_restarts_total": ("Times that the consumer was made anew.", ("reason",)),
    "kadence_documents_forgotten_total": ("Documents deleted because of their age.", ("collection",)),
    "kadence_job_runs_total": ("Runs of timed work.", ("work", "outcome")),
    "kadence_hooks_total": ("Calls by which providers told something.", ("provider", "outcome")),
    "kadence_messages_total": ("Messages to people that reached an end.", ("kind", "channel", "outcome")),
    "kadence_provider_calls_total": ("Letters handed to a provider, by its answer.", ("channel", "outcome")),
}
GAUGES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "kadence_outbox_events": ("Events not yet handed to the broker.", ()),
    "kadence_outbox_oldest_seconds": ("Age of the oldest of them.", ()),
    "kadence_held_events": ("Heard events that wait for a predecessor or a mend.", ()),
    "kadence_poison_records": ("Records that could not be read.", ()),
    "kadence_consumer_lag_records": ("Records that this copy has still to hear, as far as it knows.", ("topic",)),
    "kadence_consumer_looked_timestamp_seconds": ("When this copy last looked whether it still hears.", ()),
    "kadence_job_done_timestamp_seconds": ("When timed work last went well, or the process began.", ("work",)),
    "kadence_job_interval_seconds": ("How often timed work is looked for.", ("work",)),
    "kadence_work_items": ("What waits or stands open, by what for.", ("work",)),
    "kadence_work_oldest_seconds": ("How long the oldest of it has waited.", ("work",)),
    "kadence_mongo_members_unreachable": ("Members of the replica set that do not answer.", ()),
    "kadence_kafka_partitions_underreplicated": ("Partitions with fewer copies in step than they should have.", ()),
}

_counters = {name: Counter(name, about, labels) for name, (about, labels) in COUNTERS.items()}
_gauges = {name: Gauge(name, about, labels) for name, (about, labels) in GAUGES.items()}
_latency = Histogram("kadence_http_request_duration_seconds", "Time to answer.", ("method", "route"))


def count(name: str, many: int = 1, /, **labels: str) -> None:
    """So many more of `name`. An unknown name or label is a bug and raises."""
    counter = _counters[name]
    (counter.labels(**labels) if labels else counter).inc(many)


def begin_at_zero(name: str, **values: Iterable[str]) -> None:
    """Show the counter `name` for every combination of its labels' values.

    A series that first appears with what it has already counted shows Prometheus no growth, so no alert.
    """
    for combination in product(*values.values()):
        _counters[name].labels(**dict(zip(values, combination, strict=True)))


def gauge(name: str, value: float, **labels: str) -> None:
    """`name` stands at `value`."""
    found = _gauges[name]
    (found.labels(**labels) if labels else found).set(value)


def observe_request(method: str, route: str, status: int, seconds: float) -> None:
    """A request was answered."""
    count("kadence_http_requests_total", method=method, route=route, status=str(status))
    _latency.labels(method=method, route=route).observe(seconds)


def exposition() -> bytes:
    """All metrics of this process in the Prometheus text format."""
    return generate_latest(REGISTRY)
