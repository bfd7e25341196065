"""The one door of a local installation: passes /booking/, /followup/ and /notify/ on to the three services.

python -m deploy.local.gateway --port 8080 --booking URL --followup URL --notify URL
"""

import argparse
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication
from werkzeug.middleware.http_proxy import ProxyMiddleware
from werkzeug.wrappers import Response

from deploy import SERVICES
from deploy.local.ports import HOST

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Longer than the slowest request of a service may take.
_UPSTREAM_WITHIN = 35
_LARGEST_CHUNKED_BODY = 4 << 20
# The gateway's own server adds these; twice would be malformed.
_SAID_BY_US = ("date", "server")
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Kadence</title>
<body style="font: 1.1rem/1.6 system-ui, sans-serif; max-width: 34rem; margin: 4rem auto; padding: 0 1rem">
<h1>Kadence</h1>
<p>Infusion series and their follow-up. Three services, each with its own pages of documentation:</p>
<ul>
<li><a href="/booking/docs">booking</a>: clinics, patients, calendars, series and sessions
<li><a href="/followup/docs">followup</a>: plans, check-ins, scores and alerts
<li><a href="/notify/docs">notify</a>: messages, consent and replies
</ul>
</html>
"""


def gateway(targets: Mapping[str, str]) -> "WSGIApplication":
    """The WSGI application; `targets` maps a service's name to the URL where it answers."""
    passing = ProxyMiddleware(
        _own_pages,
        # The services see the caller's Host: links and redirects they build then lead back to this door.
        {f"/{name}/": {"target": url, "host": None} for name, url in targets.items()},
        timeout=_UPSTREAM_WITHIN,
    )

    def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if not _body_gets_length(environ):
            return problem(413, "Content Too Large", "A body without a length may not be that long.")(
                environ, start_response
            )
        _tell_who_asked(environ)
        _path_as_received(environ)
        return _answer(passing, environ, start_response)

    return application


def problem(status: int, title: str, detail: str) -> Response:
    """An answer in RFC 9457's form."""
    content = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return Response(json.dumps(content), status=status, content_type="application/problem+json")


def _own_pages(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    if environ["PATH_INFO"] == "/":
        return Response(_PAGE, content_type="text/html; charset=utf-8")(environ, start_response)
    return problem(404, "Not Found", "No service answers under this path.")(environ, start_response)


def _answer(passing: ProxyMiddleware, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """What the service answers; a problem of our own when it cannot be reached."""
    unreached = []

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        # ProxyMiddleware says "not reached" as a page. No service answers 502 with a page: they speak problem+json.
        if status.startswith("502") and ("Content-Type", "text/html; charset=utf-8") in headers:
            unreached.append(status)
            return lambda _: None
        return start_response(status, [(k, v) for k, v in headers if k.lower() not in _SAID_BY_US], exc_info)

    body = passing(environ, start)
    if not unreached:
        return body
    answer = problem(502, "Bad Gateway", "The service cannot be reached at the moment. Try again.")
    answer.headers["Retry-After"] = "1"
    return answer(environ, start_response)


def _tell_who_asked(environ: "WSGIEnvironment") -> None:
    """Say who asked, replacing what the caller claims: nobody stands before this door."""
    for claimed in [name for name in environ if name.startswith(("HTTP_X_FORWARDED_", "HTTP_FORWARDED"))]:
        del environ[claimed]
    environ.setdefault("HTTP_HOST", f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}")
    environ["HTTP_X_FORWARDED_FOR"] = environ.get("REMOTE_ADDR", "")
    environ["HTTP_X_FORWARDED_PROTO"] = environ["wsgi.url_scheme"]
    environ["HTTP_X_FORWARDED_HOST"] = environ["HTTP_HOST"]


def _path_as_received(environ: "WSGIEnvironment") -> None:
    """Pass the path on byte for byte: decoded and encoded again, %2F and letters beyond ASCII would not survive."""
    received = environ.get("RAW_URI", "").partition("?")[0]
    if received.startswith("/"):
        environ["PATH_INFO"] = received


def _body_gets_length(environ: "WSGIEnvironment") -> bool:
    """Read a chunked body, which ProxyMiddleware would pass on without its end; False when it is too large."""
    if environ.get("CONTENT_LENGTH") or not environ.get("HTTP_TRANSFER_ENCODING"):
        return True
    body = environ["wsgi.input"].read(_LARGEST_CHUNKED_BODY + 1)
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    return len(body) <= _LARGEST_CHUNKED_BODY


class _Server(BaseApplication):  # type: ignore[misc] # gunicorn has no types
    def __init__(self, application: "WSGIApplication", port: int) -> None:
        self._application = application
        self._port = port
        super().__init__()

    def load_config(self) -> None:
        shared_memory = Path("/dev/shm")  # noqa: S108 - where gunicorn keeps its workers' heartbeats, not a temp file
        settings = {
            "bind": f"{HOST}:{self._port}",
            "worker_class": "gthread",
            "threads": 32,
            "graceful_timeout": 10,
            "worker_tmp_dir": str(shared_memory) if shared_memory.is_dir() else None,
            # It would write a socket into the home folder.
            "control_socket_disable": True,
            # Believe nobody's word about the scheme.
            "forwarded_allow_ips": "",
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> "WSGIApplication":
        return self._application


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local.gateway", description="One door for the services.")
    parser.add_argument("--port", type=int, default=8080)
    for name in SERVICES:
        parser.add_argument(f"--{name}", required=True, metavar="URL")
    given = parser.parse_args(arguments)
    _Server(gateway({name: getattr(given, name) for name in SERVICES}), given.port).run()


if __name__ == "__main__":
    main()
