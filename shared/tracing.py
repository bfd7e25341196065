"""W3C trace context from the request through the outbox to the hearer, by OpenTelemetry."""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_propagator = TraceContextTextMapPropagator()


def start(service: str) -> None:
    """Set up tracing for this process (never before a fork)."""
    trace.set_tracer_provider(TracerProvider(resource=Resource({SERVICE_NAME: f"kadence-{service}"})))


@contextmanager
def span(name: str, traceparent: str = "") -> Iterator[None]:
    """Do what follows in a span that continues `traceparent`, if there is one."""
    parent = _propagator.extract({"traceparent": traceparent})
    with trace.get_tracer("kadence").start_as_current_span(name, context=parent):
        yield


def traceparent() -> str:
    """The running span, to be sent along; empty outside of one."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get("traceparent", "")


def trace_id() -> str:
    """Hexadecimal id of the running trace, for people to quote; zeros outside of one."""
    return format(trace.get_current_span().get_span_context().trace_id, "032x")
