"""A service put together by its own wiring, before anything has been connected to."""

import base64
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import pytest
import structlog
from flask import Flask

from shared.process.host import Host, Service
from shared.process.jobs import Job
from shared.settings import load

ENVIRONMENT = {
    "KADENCE_ENV": "development",
    "KADENCE_MONGO_URL": "mongodb://nowhere.invalid/?connect=false",
    "KADENCE_KAFKA_BOOTSTRAP": "nowhere.invalid:9092",
    "KADENCE_KEY": base64.b64encode(bytes(96)).decode(),
    "KADENCE_PLATFORM_KEY": "operator",
    "KADENCE_SMTP_HOST": "nowhere.invalid",
    "KADENCE_SMTP_PORT": "25",
    "KADENCE_SMTP_SENDER": "clinic@example.com",
}


def app_of(service: str) -> Flask:
    """What `python -m services.<service> web` would serve."""
    wiring: Any = import_module(f"services.{service}.wiring")
    with undisturbed_logs():
        app: Flask = wiring.app(settings_of(service))
    return app


def worker_of(service: str) -> tuple[Service[Any], Sequence[Job]]:
    """The tables and jobs that `python -m services.<service> worker` would work with."""
    wiring: Any = import_module(f"services.{service}.wiring")
    worked: list[tuple[Service[Any], Sequence[Job]]] = []

    def work(host: Host[Any, Any], jobs: Sequence[Job]) -> int:
        worked.append((host.service, tuple(jobs)))
        return 0

    with pytest.MonkeyPatch.context() as patch, undisturbed_logs():
        patch.setattr(Host, "work", work)
        wiring.worker(settings_of(service))
    return worked[0]


def settings_of(service: str) -> Any:
    """Settings with which nothing can be reached."""
    kind = import_module(f"services.{service}.settings").Settings
    names = {f"KADENCE_{name.upper()}" for name in kind.__dataclass_fields__}
    return load(kind, {name: value for name, value in ENVIRONMENT.items() if name in names})


@contextmanager
def undisturbed_logs() -> Iterator[None]:
    """A process sets up its logs for good; a test must not."""
    handlers, level = logging.root.handlers[:], logging.root.level
    try:
        yield
    finally:
        logging.root.handlers[:] = handlers
        logging.root.setLevel(level)
        structlog.reset_defaults()
        structlog.contextvars.clear_contextvars()
