"""Serves a web process: gunicorn with threads, one worker process; scale by starting more web processes.

One process per copy keeps metrics and clients simple; gunicorn still drains requests on SIGTERM and replaces a worker
that died. The application is made in the worker, never before the fork.
"""

from collections.abc import Callable
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from shared.settings import PlatformSettings

DRAIN_SECONDS = 15


class _Server(BaseApplication):  # type: ignore[misc]
    def __init__(self, make_app: Callable[[], Flask], options: dict[str, Any]) -> None:
        self._make_app = make_app
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self._make_app()


def serve(make_app: Callable[[], Flask], settings: PlatformSettings) -> None:
    """Serve until SIGTERM; requests under way are finished first, for at most 15 seconds."""
    options = {
        "bind": f"{settings.bind}:{settings.http_port}",
        "workers": 1,
        "threads": settings.http_threads,
        "worker_class": "gthread",
        "graceful_timeout": DRAIN_SECONDS,
        "timeout": 60,
        "keepalive": 5,
        "worker_tmp_dir": "/dev/shm",  # noqa: S108 -- gunicorn's heartbeat belongs in memory
        "control_socket_disable": True,
        "loglevel": "warning",
    }
    _Server(make_app, options).run()
