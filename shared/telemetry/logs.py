"""Structured logs: one JSON line per event on standard output, also for libraries; never a personal field.

Log ids, codes and figures. What a person typed belongs in no log: request bodies, query strings and raw paths (a link
token is part of one) are not logged; the rule of the route is.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_FORBIDDEN = frozenset({"name", "phone", "email", "birth_date", "link", "token", "secret", "body", "text", "address"})


def configure(service: str, level: str) -> None:
    """Set up logging for this process."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _without_personal_fields,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    render = structlog.stdlib.ProcessorFormatter(
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.JSONRenderer()],
        foreign_pre_chain=shared,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(render)
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    logging.getLogger("opentelemetry").setLevel("ERROR")
    logging.getLogger("kafka").setLevel("WARNING")
    logging.getLogger("pymongo").setLevel("WARNING")
    logging.getLogger("apscheduler").setLevel("WARNING")
    logging.getLogger("urllib3").setLevel("WARNING")  # it would tell whole addresses, numbers of patients in them
    structlog.contextvars.bind_contextvars(service=service)


def _without_personal_fields(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for field in event:
        event[field] = _hidden(field, event[field])
    return event


def _hidden(field: Any, value: Any) -> Any:
    if field in _FORBIDDEN:
        return "(not logged)"
    if isinstance(value, dict):
        return {name: _hidden(name, inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_hidden("", inner) for inner in value]
    return value
