"""What a scrape of this process finds."""

from prometheus_client.parser import text_string_to_metric_families

from shared.telemetry import metrics


def value(name: str, **labels: str) -> float:
    """What a scrape finds; zero when there is no such sample yet."""
    families = text_string_to_metric_families(metrics.exposition().decode())
    samples = [sample for family in families for sample in family.samples]
    return sum(sample.value for sample in samples if sample.name == name and sample.labels == labels)
