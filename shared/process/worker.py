"""A worker process: hears, tells and does due work, in threads; any of them failing ends the process.

The supervisor starts it again. Its own small server answers `/livez`, `/readyz` and `/metrics`.
"""

import threading
from collections.abc import Callable, Mapping
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import structlog
from flask import Flask

from shared.http.web import Check, add_health
from shared.stop import Stop

log = structlog.get_logger()
Loop = Callable[[Stop], None]
"""Runs until asked to stop; an exception, or an early end, is a failure of the whole process."""


def run_worker(loops: Mapping[str, Loop], checks: Mapping[str, Check], *, bind: str, port: int) -> int:
    """Run all loops until SIGTERM; the exit status: 0 when asked to stop, 1 when a loop ended by itself."""
    stop = Stop.on_signals()
    failed: list[str] = []
    threads = [threading.Thread(target=_guarded, args=(name, loop, stop, failed)) for name, loop in loops.items()]
    with _health_server(checks, bind, port) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        server.shutdown()
    return 1 if failed else 0


def _guarded(name: str, loop: Loop, stop: Stop, failed: list[str]) -> None:
    try:
        loop(stop)
    except Exception:
        log.exception("loop failed", loop=name)
    if not stop.is_set():
        failed.append(name)
        stop.ask()


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Probes come every second; they are no news."""


def _health_server(checks: Mapping[str, Check], bind: str, port: int) -> WSGIServer:
    app = Flask("health", static_folder=None)
    add_health(app, checks)
    return make_server(bind, port, app, server_class=_Server, handler_class=_Quiet)
