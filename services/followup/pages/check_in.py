"""The check-in page behind a private link: one address for everything."""

from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, Response, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from services.followup.domain.check_in import AllAnswers, CheckIn, Status
from services.followup.domain.private_link import PATH
from services.followup.operations.by_link import Answer, ProveYear, ReadSheet, answer, clinic_of, prove_year, read_sheet
from services.followup.pages import form, view
from shared.errors import Forbidden, Invalid, RuleBroken
from shared.pages import YEAR, Run, give_pass, pass_token, private_pages, year
from shared.unit_of_work import EVERY_CLINIC

PREFIX: Final = "/followup"


def check_in_pages(run: Run, *, public_url: str) -> Blueprint:
    """The pages below `/followup/c/`. Their cookie is for https only where `public_url` is."""
    pages = private_pages("check_in", __name__, prefix=PREFIX, say=_say)
    door = _Door(run, secure=public_url.startswith("https://"))
    address = f"{PATH.removeprefix(PREFIX)}<token>"
    pages.add_url_rule(address, "show", door.show, methods=["GET"])
    pages.add_url_rule(address, "take", door.take, methods=["POST"])
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
        take = self._take_year if YEAR in request.form else self._take_answers
        return take(token, clinic_id)

    def _take_year(self, token: str, clinic_id: str) -> AnyResponse:
        said = year(request.form)
        if said is None:
            return self._show(token, clinic_id, [view.NO_YEAR])
        try:
            passed = self._run(clinic_id, prove_year, ProveYear(token, said))
        except RuleBroken:
            return self._show(token, clinic_id)
        if not passed:
            return self._show(token, clinic_id, [view.WRONG_YEAR])
        response = redirect(f"{PATH}{token}", HTTPStatus.SEE_OTHER)
        give_pass(response, passed, path=f"{PATH}{token}", secure=self._secure)
        return response

    def _take_answers(self, token: str, clinic_id: str) -> AnyResponse:
        answers, final = form.answers(request.form), "save" not in request.form
        command = Answer(token, pass_token(), answers, final=final)
        try:
            check_in = self._run(clinic_id, answer, command)
        except Invalid as refusal:
            return self._show(token, clinic_id, [view.of_fault(fault) for fault in refusal.faults])
        except (Forbidden, RuleBroken):
            return self._show(token, clinic_id, posted=answers)
        return self._taken(token, clinic_id, check_in, answers, final=final)

    def _taken(self, token: str, clinic_id: str, check_in: CheckIn, answers: AllAnswers, *, final: bool) -> AnyResponse:
        if final and check_in.status is Status.OPEN and (faults := self._blanks(token, clinic_id)):
            return self._show(token, clinic_id, faults)
        if final and check_in.status is Status.ANSWERED and _differ(answers, check_in.all_answers):
            # Sent again with other answers: the first ones stand, but a cry for help in these is not passed over.
            return self._show(token, clinic_id, posted=answers)
        return redirect(f"{PATH}{token}{'' if final else '?saved'}", HTTPStatus.SEE_OTHER)

    def _blanks(self, token: str, clinic_id: str) -> list[view.Fault]:
        return view.blanks(self._run(clinic_id, read_sheet, ReadSheet(token, pass_token())), form.step(request.form))

    def _show(
        self,
        token: str,
        clinic_id: str,
        faults: list[view.Fault] | None = None,
        *,
        posted: AllAnswers | None = None,
    ) -> Response:
        sheet = self._run(clinic_id, read_sheet, ReadSheet(token, pass_token()))
        step = form.step(request.form if faults else request.args)
        shown = view.of_sheet(sheet, faults or [], posted or {}, saved="saved" in request.args, step=step)
        return _page(shown.template, HTTPStatus.UNPROCESSABLE_ENTITY if faults else HTTPStatus.OK, view=shown)


def _differ(answers: AllAnswers, kept: AllAnswers) -> bool:
    """Whether an answer is another one than what was kept."""
    return any(
        kept.get(instrument, {}).get(item) != value
        for instrument, given in answers.items()
        for item, value in given.items()
    )


def _page(template: str, status: HTTPStatus, **shown: Any) -> Response:
    return make_response(render_template(f"check_in/{template}.html", **shown), status)


def _say(template: str, status: HTTPStatus) -> Response:
    return _page(template, status, view=view.NOBODY)
