"""The check-in page behind a private link: one address for everything."""

from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import Final

import structlog
from flask import Blueprint, Response, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from services.followup.domain.check_in import PATH, AllAnswers, CheckIn, Status
from services.followup.operations.by_link import (
    Answer,
    Proof,
    ProveYear,
    ReadSheet,
    Sheet,
    answer,
    clinic_of_link,
    hear_late,
    prove_year,
    read_sheet,
)
from services.followup.pages import form, view
from services.followup.pages.view import Asked, View
from shared.errors import Forbidden, Invalid, RuleBroken
from shared.http.page_texts import Texts, as_asked, best, load_texts
from shared.http.pages import YEAR, Run, answer_links, give_pass, pass_token, private_pages, year
from shared.persistence.unit_of_work import EVERY_CLINIC

PREFIX: Final = "/followup"
TEXTS: Final = Path(__file__).parent / "texts"
TEMPLATES: Final = Path(__file__).parent / "templates"
log = structlog.get_logger()


def check_in_pages(run: Run, *, public_url: str) -> Blueprint:
    """The pages below `/followup/c/`. Their cookie is for https only where `public_url` is."""
    texts = load_texts(TEXTS)
    pages = private_pages("check_in", TEMPLATES, prefix=PREFIX, say=lambda *page: _say(texts, *page))
    door = _Door(run, texts, secure=public_url.startswith("https://"))
    answer_links(pages, PATH, show=door.show, take=door.take)
    return pages


class _Door:
    """Finds out whose link it is, then does one thing in that clinic."""

    def __init__(self, run: Run, texts: Mapping[str, Texts], *, secure: bool) -> None:
        self._run = run
        self._texts = texts
        self._secure = secure

    def show(self, token: str) -> Response:
        """The page as the check-in now stands; reading it changes nothing."""
        asked = Asked(step=form.step(request.args), saved=form.SAVED in request.args)
        return self._show(token, self._clinic_of(token), asked)

    def take(self, token: str) -> AnyResponse:
        """A year of birth, or answers."""
        take = self._take_year if YEAR in request.form else self._take_answers
        return take(token, self._clinic_of(token), form.answers(request.form))

    def _take_year(self, token: str, clinic_id: str, carried: AllAnswers) -> AnyResponse:
        said = year(request.form)
        if said is None:
            return self._show(token, clinic_id, Asked(view.NO_YEAR, carried))
        try:
            proof: Proof = self._run(clinic_id, prove_year, ProveYear(token, said))
        except RuleBroken as refusal:
            log.warning("year of birth not asked", clinic_id=clinic_id, reason=refusal.code)
            return self._show(token, clinic_id, Asked(posted=carried))
        if not proof.pass_token:
            log.warning(
                "wrong year of birth", clinic_id=clinic_id, check_in_id=proof.check_in_id, wrong=proof.wrong_years
            )
            return self._show(token, clinic_id, Asked(view.WRONG_YEAR, carried))
        self._keep(clinic_id, Answer(token, proof.pass_token, carried, final=False))
        response = redirect(f"{PATH}{token}", HTTPStatus.SEE_OTHER)
        give_pass(response, proof.pass_token, path=f"{PATH}{token}", secure=self._secure)
        return response

    def _keep(self, clinic_id: str, carried: Answer) -> None:
        """What was answered before the year was asked again; what cannot be taken is asked again as well."""
        if carried.answers:
            with suppress(Invalid, RuleBroken):
                self._run(clinic_id, answer, carried)

    def _take_answers(self, token: str, clinic_id: str, answers: AllAnswers) -> AnyResponse:
        final = form.SAVE not in request.form
        given = Answer(token, pass_token(), answers, final=final)
        try:
            check_in = self._run(clinic_id, answer, given)
        except Invalid:
            return self._show(token, clinic_id, Asked(view.BAD_ANSWER, step=form.step(request.form)))
        except Forbidden:
            return self._show(token, clinic_id, Asked(posted=answers))
        except RuleBroken:
            self._run(clinic_id, hear_late, given)
            return self._show(token, clinic_id, Asked(posted=answers))
        return self._taken(token, clinic_id, check_in, answers, final=final)

    def _taken(self, token: str, clinic_id: str, check_in: CheckIn, answers: AllAnswers, *, final: bool) -> AnyResponse:
        step = form.step(request.form)
        if final and check_in.status is Status.OPEN and view.has_blanks(self._read(token, clinic_id), step):
            return self._show(token, clinic_id, Asked(view.BLANK, step=step))
        if final and check_in.status is Status.ANSWERED and _differ(answers, check_in.all_answers):
            # Sent again with other answers: the first ones stand, but a cry for help in these is not passed over.
            return self._show(token, clinic_id, Asked(posted=answers))
        return redirect(f"{PATH}{token}{'' if final else f'?{form.SAVED}'}", HTTPStatus.SEE_OTHER)

    def _show(self, token: str, clinic_id: str, asked: Asked) -> Response:
        sheet = self._read(token, clinic_id)
        shown = view.of_sheet(sheet, asked, best(self._texts, sheet.patient.locale), self._texts)
        return _page(shown, HTTPStatus.UNPROCESSABLE_ENTITY if shown.faults else HTTPStatus.OK)

    def _read(self, token: str, clinic_id: str) -> Sheet:
        sheet: Sheet = self._run(clinic_id, read_sheet, ReadSheet(token, pass_token()))
        return sheet

    def _clinic_of(self, token: str) -> str:
        clinic_id: str = self._run(EVERY_CLINIC, clinic_of_link, token)
        return clinic_id


def _differ(answers: AllAnswers, kept: AllAnswers) -> bool:
    """Whether an answer is another one than what was kept."""
    return any(
        kept.get(instrument, {}).get(item) != value
        for instrument, given in answers.items()
        for item, value in given.items()
    )


def _page(shown: View, status: HTTPStatus) -> Response:
    return make_response(render_template(f"check_in/{shown.template}.html", view=shown, say=shown.say), status)


def _say(texts: Mapping[str, Texts], template: str, status: HTTPStatus) -> Response:
    """A page for nobody in particular, in the language that the browser asks for."""
    return _page(view.of_nobody(template, as_asked(texts), texts), status)
