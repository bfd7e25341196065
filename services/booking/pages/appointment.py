"""The pages behind the private link to a patient's appointments: the list, one page for each, what they can read."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Final

import structlog
from flask import Blueprint, Response, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from services.booking.domain.page.private_link import PATH
from services.booking.education.texts import education_texts
from services.booking.operations import appointments
from services.booking.operations.appointments import Appointments, ProveYear, ReadAppointments
from services.booking.pages import form, view
from services.booking.pages.files import appointments_file
from services.booking.pages.view import READING, Fault, Posted, View
from shared.calendar_file import MEDIA_TYPE
from shared.errors import Conflict, Forbidden, NotFound, RuleBroken
from shared.http.page_texts import Texts, as_asked, best, load_texts
from shared.http.pages import YEAR, Run, answer_links, give_pass, pass_token, private_pages, year
from shared.persistence.unit_of_work import EVERY_CLINIC

PREFIX: Final = "/booking"
TEXTS: Final = Path(__file__).parent / "texts"
TEMPLATES: Final = Path(__file__).parent / "templates"
log = structlog.get_logger()


def appointment_pages(run: Run, *, public_url: str) -> Blueprint:
    """The pages below `/booking/a/`. Their cookie is for https only where `public_url` is."""
    texts = load_texts(TEXTS)
    pages = private_pages("appointment", TEMPLATES, prefix=PREFIX, say=lambda *page: _say(texts, *page))
    door = _Door(run, texts, secure=public_url.startswith("https://"))
    answer_links(pages, PATH, show=door.show, take=door.take)
    address = f"{PATH.removeprefix(PREFIX)}<token>"
    one = f"{address}/<int:number>"
    pages.add_url_rule(one, "one", door.show, methods=["GET"])
    pages.add_url_rule(one, "take_one", door.take, methods=["POST"])
    reading = _Reading(run, texts, secure=door.is_secure)
    pages.add_url_rule(f"{address}{READING}", "read", reading.show, methods=["GET"])
    pages.add_url_rule(f"{address}{READING}", "take_read", reading.take, methods=["POST"])
    pages.add_url_rule(f"{address}/calendar.ics", "all_file", door.file, methods=["GET"])
    pages.add_url_rule(f"{one}/calendar.ics", "one_file", door.file, methods=["GET"])
    return pages


Act = Callable[[str, int | None], AnyResponse]
"""Does what a button wants, on the page of a token and the number of an appointment, if any."""


class _Door:
    """Finds out whose link it is, then does one thing in that clinic."""

    def __init__(self, run: Run, texts: Mapping[str, Texts], *, secure: bool) -> None:
        self._run = run
        self._texts = texts
        self.is_secure = secure

    def show(self, token: str, number: int | None = None) -> Response:
        """The page as things now stand; reading it changes nothing."""
        return _page(self._view(token, number))

    def file(self, token: str, number: int | None = None) -> Response:
        """The same as a calendar file. It holds times and the clinic's alias only, so it asks for no year of birth."""
        found = self._read(token)
        if not found.is_open:
            raise NotFound("page")
        chosen = [found.series.session(number)] if number else found.series.live
        response = make_response(appointments_file(found.series, chosen, found.clinic, at=found.at))
        response.headers["Content-Type"] = MEDIA_TYPE
        response.headers["Content-Disposition"] = 'inline; filename="appointment.ics"'
        return response

    def take(self, token: str, number: int | None = None) -> AnyResponse:
        """A year of birth, or what a button wants."""
        if YEAR in request.form:
            return self._take_year(token, number)
        act = self._acts().get(request.form.get(form.DO, ""))
        if act is None:
            return self._back(token, number)
        try:
            return act(token, number)
        except Forbidden:
            return _page(self._view(token, number), HTTPStatus.FORBIDDEN)
        except (Conflict, RuleBroken):
            return _page(self._not_done(self._view(token, number)), HTTPStatus.CONFLICT)

    def _acts(self) -> Mapping[str, Act]:
        """What the buttons want, by their value."""
        return {
            "confirm": self._confirm,
            "change": self._change,
            "late": self._late,
            "accept": self._answer_offer,
            "decline": self._answer_offer,
        }

    def _not_done(self, page: View) -> View:
        return replace(page, notice=page.say("not_done"))

    def _take_year(self, token: str, number: int | None) -> AnyResponse:
        said = year(request.form)
        if said is None:
            return self._faulty(token, number, "no_year", "#year")
        clinic_id = self._clinic_of(token)
        try:
            proof = self._run(clinic_id, appointments.prove_year, ProveYear(token, said))
        except RuleBroken:
            return self.show(token, number)
        if not proof.pass_token:
            log.warning("wrong year of birth", clinic_id=clinic_id, series_id=proof.series_id, wrong=proof.wrong_years)
            return self._faulty(token, number, "wrong_year", "#year")
        response = self._back(token, number)
        give_pass(response, proof.pass_token, path=f"{PATH}{token}", secure=self.is_secure)
        return response

    def _confirm(self, token: str, number: int | None) -> AnyResponse:
        command = appointments.ConfirmAppointment(token, pass_token(), number or 0)
        self._run(self._clinic_of(token), appointments.confirm_appointment, command)
        return self._back(token, number)

    def _change(self, token: str, number: int | None) -> AnyResponse:
        wanted = form.wanted(request.form)
        if wanted.is_too_long:
            return self._faulty(token, number, "long_words", "#words", wanted.posted)
        command = appointments.AskForChange(token, pass_token(), number or 0, wanted.words, wanted.parts)
        self._run(self._clinic_of(token), appointments.ask_for_change, command)
        return self._back(token, number)

    def _late(self, token: str, number: int | None) -> AnyResponse:
        delay = form.delay(request.form)
        if delay is None:
            return self._faulty(token, number, "no_delay", "#delay-15")
        command = appointments.SayLate(token, pass_token(), number or 0, delay)
        self._run(self._clinic_of(token), appointments.say_late, command)
        return self._back(token, number)

    def _answer_offer(self, token: str, number: int | None) -> AnyResponse:
        takes = request.form[form.DO] == "accept"
        command = appointments.AnswerOffer(token, pass_token(), request.form.get("offer", ""), takes)
        self._run(self._clinic_of(token), appointments.answer_offer, command)
        return self._back(token, number)

    def _back(self, token: str, number: int | None) -> AnyResponse:
        """To reading, so that sending again is not what the back button and loading anew do."""
        return redirect(self._address(token, number), HTTPStatus.SEE_OTHER)

    def _address(self, token: str, number: int | None) -> str:
        return f"{PATH}{token}/{number}" if number else f"{PATH}{token}"

    def _faulty(self, token: str, number: int | None, key: str, href: str, posted: Posted | None = None) -> Response:
        page = self._view(token, number)
        fault = Fault(page.say(key, most=page.most), href)
        return _page(view.with_faults(page, [fault], posted or Posted()), HTTPStatus.UNPROCESSABLE_ENTITY)

    def _view(self, token: str, number: int | None) -> View:
        found = self._read(token)
        say = best(self._texts, found.patient.locale)
        return view.of_one(found, token, number, say) if number else view.of_all(found, token, say)

    def _read(self, token: str) -> Appointments:
        command = ReadAppointments(token, pass_token())
        found: Appointments = self._run(self._clinic_of(token), appointments.read_appointments, command)
        return found

    def _clinic_of(self, token: str) -> str:
        clinic_id: str = self._run(EVERY_CLINIC, appointments.clinic_of_link, token)
        return clinic_id


class _Reading(_Door):
    """The same for what the patient can read about their treatment."""

    def _acts(self) -> Mapping[str, Act]:
        return {"read": self._note_read}

    def _address(self, token: str, _: int | None) -> str:
        return f"{PATH}{token}{READING}"

    def _not_done(self, page: View) -> View:
        return replace(page, notice=page.say("read_changed"))

    def _view(self, token: str, _: int | None) -> View:
        found = self._read(token)
        locale = found.patient.locale
        return view.of_reading(found, token, best(self._texts, locale), best(education_texts(), locale))

    def _note_read(self, token: str, number: int | None) -> AnyResponse:
        command = appointments.NoteRead(token, pass_token(), *form.read(request.form))
        self._run(self._clinic_of(token), appointments.note_read, command)
        return self._back(token, number)


def _page(page: View, status: HTTPStatus = HTTPStatus.OK) -> Response:
    if page.template == "ended":
        status = HTTPStatus.GONE
    return make_response(render_template(f"appointment/{page.template}.html", view=page, say=page.say), status)


def _say(texts: Mapping[str, Texts], template: str, status: HTTPStatus) -> Response:
    """A page for nobody in particular, in the language that the browser asks for."""
    return _page(View(template, as_asked(texts)), status)
