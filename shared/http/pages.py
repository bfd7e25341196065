"""What all pages behind private links have in common: who runs their operations, their headers, their pass.

A page is plain HTML that works without scripts. Reading it never changes anything (phones open links by themselves to
preview them); after each change the browser is sent back to reading, so the back button and a double tap do no harm.

Forms carry no token against forgery: a page of another site knows neither the address of a page of ours, which holds
256 random bits, nor makes the browser send the pass along, which is `SameSite=Lax` and bound to that address.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, NoReturn

import phonenumbers
import structlog
from flask import Blueprint, Response, g, request
from jinja2 import ChoiceLoader, FileSystemLoader
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from shared.errors import NotFound, TransientFailure
from shared.persistence.unit_of_work import Cause
from shared.persistence.units import Units
from shared.telemetry import tracing

Run = Callable[[str, Callable[[Any, Any], Any], Any], Any]
"""Runs an operation with its command in one unit of work of a clinic; its result."""
Say = Callable[[str, HTTPStatus], Response]
"""Shows the page called `unknown` (a link of nobody's) or `later` (a fault of ours), with that status."""
View = Callable[..., AnyResponse]
"""Answers one request; its arguments are those of the address."""

YEAR: Final = "year"
_COOKIE: Final = "pass"
_PASS_SECONDS: Final = 4 * 3600
"""How long the year of birth is remembered: longer than a form is left open, shorter than a phone is lent."""
_RETRY_AFTER_SECONDS: Final = "10"
_YEAR_DIGITS: Final = 4
_STYLE: Final = Path(__file__).parent / "static"
_FRAME: Final = Path(__file__).parent / "templates"

HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
}
log = structlog.get_logger()


def in_units(units: Units[Any]) -> Run:
    """Runs operations in `units`; the web application has put the request's correlation id into `g`."""

    def run(clinic_id: str, operation: Callable[[Any, Any], Any], command: Any) -> Any:
        cause = Cause(g.correlation_id, g.correlation_id, tracing.traceparent())
        return units.run(clinic_id, cause, operation, command)

    return run


def private_pages(name: str, folder: Path, *, prefix: str, say: Say) -> Blueprint:
    """Pages below `prefix`, with the look, the headers and the answers to faults that all of them share.

    Their templates lie in `folder` and extend `private_page.html`, which shows `view.alias` in the words of `say`.
    """
    pages = Blueprint(name, __name__, url_prefix=prefix, static_folder=str(_STYLE))
    pages.jinja_loader = ChoiceLoader([FileSystemLoader(folder), FileSystemLoader(_FRAME)])

    def unknown(_: NotFound) -> Response:
        return say("unknown", HTTPStatus.NOT_FOUND)

    def later(failure: TransientFailure) -> Response:
        log.warning("transient failure", error=str(failure))
        response = say("later", HTTPStatus.SERVICE_UNAVAILABLE)
        response.headers["Retry-After"] = _RETRY_AFTER_SECONDS
        return response

    def broken(bug: Exception) -> Response:
        if isinstance(bug, HTTPException):
            return say("later", HTTPStatus(bug.code or HTTPStatus.BAD_REQUEST))
        log.error("bug", exc_info=bug)
        return say("later", HTTPStatus.INTERNAL_SERVER_ERROR)

    pages.register_error_handler(NotFound, unknown)
    pages.register_error_handler(TransientFailure, later)
    pages.register_error_handler(Exception, broken)
    pages.after_request(_with_headers)
    return pages


def answer_links(pages: Blueprint, path: str, *, show: View, take: View) -> None:
    """Let `show` read what a link below `path` leads to, and `take` what its forms send; each takes the token."""
    below = path.removeprefix(pages.url_prefix or "")
    address = f"{below}<token>"
    pages.add_url_rule(address, "show", show, methods=["GET"])
    pages.add_url_rule(address, "take", take, methods=["POST"])
    # A link that was cut off, or got something behind it, is explained like one that nobody made.
    for nowhere in (below, f"{address}/", f"{address}/<path:rest>"):
        pages.add_url_rule(nowhere, view_func=_nowhere, methods=["GET", "POST"])


def pass_token() -> str:
    """The pass that the browser sent; empty when it has none."""
    return request.cookies.get(_COOKIE, "")


def give_pass(response: AnyResponse, passed: str, *, path: str, secure: bool) -> None:
    """Let the browser keep a pass, for the pages below `path` only; `secure`: for https only."""
    response.set_cookie(
        _COOKIE, passed, max_age=_PASS_SECONDS, path=path, secure=secure, httponly=True, samesite="Lax"
    )  # fmt: skip


def year(fields: Mapping[str, str]) -> int | None:
    """The year of birth in four digits; None when it is something else."""
    text = fields[YEAR].strip()
    return int(text) if len(text) == _YEAR_DIGITS and text.isdecimal() else None


def spoken(phone: str) -> str:
    """A number that can be read out, from E.164; as it is where it cannot be read."""
    try:
        return phonenumbers.format_number(phonenumbers.parse(phone), phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    except phonenumbers.NumberParseException:
        return phone


def _nowhere(**_: str) -> NoReturn:
    raise NotFound("page")


def _with_headers(response: Response) -> Response:
    if request.endpoint and not request.endpoint.endswith(".static"):
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
    return response
