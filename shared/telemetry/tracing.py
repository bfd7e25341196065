"""W3C trace context from the request through the outbox to the hearer, by OpenTelemetry.

Spans carry names of routes, events and jobs, never what a person typed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

EXPORT_SECONDS: Final = 2.0
"""How long a collector may take. A process that ends waits for it once more."""
_propagator = TraceContextTextMapPropagator()


def start(service: str, otlp_endpoint: str) -> None:
    """Set up tracing for this process (never before a fork); spans go to `otlp_endpoint`, nowhere if it is empty."""
    provider = TracerProvider(resource=Resource({SERVICE_NAME: f"kadence-{service}"}))
    if otlp_endpoint:
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(otlp_endpoint, timeout=EXPORT_SECONDS)))
    trace.set_tracer_provider(provider)


@contextmanager
def span(name: str, traceparent: str = "") -> Iterator[None]:
    """Do what follows in a span that continues `traceparent`, if there is one.

    An exception marks it as failed; its text, which may quote anything, stays out.
    """
    parent = _propagator.extract({"traceparent": traceparent})
    tracer = trace.get_tracer("kadence")
    with tracer.start_as_current_span(
        name, context=parent, record_exception=False, set_status_on_exception=False
    ) as running:
        try:
            yield
        except Exception:
            running.set_status(trace.StatusCode.ERROR)
            raise


def traceparent() -> str:
    """The running span, to be sent along; empty outside of one."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get("traceparent", "")


def trace_id() -> str:
    """Hexadecimal id of the running trace, for people to quote; zeros outside of one."""
    return format(trace.get_current_span().get_span_context().trace_id, "032x")
