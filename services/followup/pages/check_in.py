"""The check-in page behind a private link.

One address for everything: reading it never changes anything (phones open links by themselves to preview them), and
after each change the browser is sent back to reading it, so the back button and a double tap do no harm.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

import structlog
from flask import Blueprint, Response, make_response, redirect, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from services.followup.domain.check_in import CheckIn, Status
from services.followup.domain.instrument import Answers
from services.followup.domain.private_link import PATH
from services.followup.operations.by_link import Answer, ProveYear, ReadSheet, answer, clinic_of, prove_year, read_sheet
from services.followup.pages import form, view
from shared.errors import Forbidden, Invalid, NotFound, RuleBroken, TransientFailure
from shared.unit_of_work import EVERY_CLINIC

Run = Callable[[str, Callable[[Any, Any], Any], Any], Any]
"""Runs an operation with its command in one unit of work of a clinic; its result."""

PREFIX: Final = "/followup"
COOKIE: Final = "pass"
PASS_SECONDS: Final = 4 * 3600
"""How long the year of birth is remembered: longer than a form is left open, shorter than a phone is lent."""
RETRY_AFTER_SECONDS: Final = "10"

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


def check_in_pages(run: Run, *, public_url: str) -> Blueprint:
    """The pages below `/followup/c/`. Their cookie is for https only where `public_url` is."""
    pages = Blueprint("check_in", __name__, url_prefix=PREFIX, template_folder="templates", static_folder="static")
    door = _Door(run, secure=public_url.startswith("https://"))
    address = f"{PATH.removeprefix(PREFIX)}<token>"
    pages.add_url_rule(address, "show", door.show, methods=["GET"])
    pages.add_url_rule(address, "take", door.take, methods=["POST"])
    pages.register_error_handler(NotFound, _unknown)
    pages.register_error_handler(TransientFailure, _later)
    pages.register_error_handler(Exception, _broken)
    pages.after_request(_with_headers)
    return pages


class _Door:
    """Finds out whose link it is, then does one thing in that clinic."""

    def __init__(self, run: Run, *, secure: bool) -> None:
        self._run = run
        self._secure = secure

    def show(self, token: str) -> Response:
        """The page as the check-in now stands."""
        return self._show(token, self._run(EVERY_CLINIC, clinic_of, token))

    def take(self, token: str) -> AnyResponse:
        """A year of birth, or answers."""
        clinic_id = self._run(EVERY_CLINIC, clinic_of, token)
        take = self._take_year if "year" in request.form else self._take_answers
        return take(token, clinic_id)

    def _take_year(self, token: str, clinic_id: str) -> AnyResponse:
        year = form.year(request.form)
        if year is None:
            return self._show(token, clinic_id, [view.NO_YEAR])
        try:
            passed = self._run(clinic_id, prove_year, ProveYear(token, year))
        except RuleBroken:
            return self._show(token, clinic_id)
        if not passed:
            return self._show(token, clinic_id, [view.WRONG_YEAR])
        response = redirect(f"{PATH}{token}", HTTPStatus.SEE_OTHER)
        self._give_pass(response, token, passed)
        return response

    def _take_answers(self, token: str, clinic_id: str) -> AnyResponse:
        answers, final = form.answers(request.form), "save" not in request.form
        command = Answer(token, request.cookies.get(COOKIE, ""), answers, final=final)
        try:
            check_in = self._run(clinic_id, answer, command)
        except Invalid as refusal:
            return self._show(token, clinic_id, [view.of_fault(fault) for fault in refusal.faults])
        except (Forbidden, RuleBroken):
            return self._show(token, clinic_id, posted=answers)
        return self._taken(token, clinic_id, check_in, answers, final=final)

    def _taken(self, token: str, clinic_id: str, check_in: CheckIn, answers: Answers, *, final: bool) -> AnyResponse:
        if check_in.status is Status.OPEN and final:
            return self._show(token, clinic_id, blanks_are_faults=True)
        if check_in.answers != answers and final:
            # Sent again with other answers: the first ones stand, but a cry for help in these is not passed over.
            return self._show(token, clinic_id, posted=answers)
        return redirect(f"{PATH}{token}{'' if final else '?saved'}", HTTPStatus.SEE_OTHER)

    def _show(
        self,
        token: str,
        clinic_id: str,
        faults: list[view.Fault] | None = None,
        *,
        posted: Answers | None = None,
        blanks_are_faults: bool = False,
    ) -> Response:
        sheet = self._run(clinic_id, read_sheet, ReadSheet(token, request.cookies.get(COOKIE, "")))
        faults = view.blanks(sheet) if blanks_are_faults else faults or []
        shown = view.of_sheet(sheet, faults, posted or {}, saved="saved" in request.args)
        return _page(shown.template, HTTPStatus.UNPROCESSABLE_ENTITY if faults else HTTPStatus.OK, view=shown)

    def _give_pass(self, response: AnyResponse, token: str, passed: str) -> None:
        response.set_cookie(
            COOKIE,
            passed,
            max_age=PASS_SECONDS,
            path=f"{PATH}{token}",
            secure=self._secure,
            httponly=True,
            samesite="Lax",
        )


def _page(template: str, status: HTTPStatus, **shown: Any) -> Response:
    return make_response(render_template(f"check_in/{template}.html", **shown), status)


def _unknown(_: NotFound) -> Response:
    return _page("unknown", HTTPStatus.NOT_FOUND, view=view.NOBODY)


def _later(failure: TransientFailure) -> Response:
    log.warning("transient failure", error=str(failure))
    response = _page("later", HTTPStatus.SERVICE_UNAVAILABLE, view=view.NOBODY)
    response.headers["Retry-After"] = RETRY_AFTER_SECONDS
    return response


def _broken(bug: Exception) -> Response:
    if isinstance(bug, HTTPException):
        return _page("later", HTTPStatus(bug.code or HTTPStatus.BAD_REQUEST), view=view.NOBODY)
    log.error("bug", exc_info=bug)
    return _page("later", HTTPStatus.INTERNAL_SERVER_ERROR, view=view.NOBODY)


def _with_headers(response: Response) -> Response:
    if request.endpoint and not request.endpoint.endswith(".static"):
        response.headers.update(HEADERS)
    return response
