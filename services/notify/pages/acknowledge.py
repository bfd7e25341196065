"""The page behind the link that one of the staff gets: it is read first, and taken on by a button only.

Phones and mail scanners open links by themselves; reading never acknowledges anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from flask import Blueprint, Response, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from services.notify.domain.page import PATH, PageStatus
from services.notify.operations import pages
from services.notify.operations.pages import ByLink, OpenedPage
from shared.http.page_texts import Texts, as_asked, best, load_texts
from shared.http.pages import Run, answer_links, private_pages, spoken
from shared.localtime import to_local
from shared.persistence.unit_of_work import EVERY_CLINIC

PREFIX: Final = "/notify"
TEXTS: Final = Path(__file__).parent / "texts" / "acknowledge"
TEMPLATES: Final = Path(__file__).parent / "templates"
DO: Final = "do"
"""What a button wants."""


@dataclass(frozen=True)
class View:
    """What a template lays out. `phones`: each as it is dialled and as it is read."""

    template: str
    say: Texts
    alias: str = ""
    since: str = ""
    taken: str = ""
    reached: str = ""
    name: str = ""
    phones: tuple[tuple[str, str], ...] = ()


def staff_pages(run: Run) -> Blueprint:
    """The pages below `/notify/p/`."""
    texts = load_texts(TEXTS)
    blueprint = private_pages("staff", TEMPLATES, prefix=PREFIX, say=lambda *page: _say(texts, *page))
    door = _Door(run, texts)
    answer_links(blueprint, PATH, show=door.show, take=door.take)
    return blueprint


class _Door:
    """Finds out whose link it is, then does one thing in that clinic."""

    def __init__(self, run: Run, texts: Mapping[str, Texts]) -> None:
        self._run = run
        self._texts = texts

    def show(self, token: str) -> Response:
        """The page as it now stands; reading it changes nothing."""
        return _page(_view(self._do(token, pages.read_page), self._texts))

    def take(self, token: str) -> AnyResponse:
        """What a button wants: taking it on, or noting that the patient was reached."""
        acts = {"acknowledge": pages.acknowledge_by_link, "reach": pages.reach_by_link}
        self._do(token, acts.get(request.form.get(DO, ""), pages.read_page))
        return redirect(f"{PATH}{token}", HTTPStatus.SEE_OTHER)

    def _do(self, token: str, operation: Any) -> OpenedPage:
        clinic_id: str = self._run(EVERY_CLINIC, pages.clinic_of_page, token)
        opened: OpenedPage = self._run(clinic_id, operation, ByLink(token))
        return opened


def _view(opened: OpenedPage, texts: Mapping[str, Texts]) -> View:
    page, clinic = opened.page, opened.clinic

    def clock(at: datetime | None) -> str:
        return f"{to_local(at, clinic.zone):%H:%M}" if at else ""

    return View(
        template=_template(opened),
        say=best(texts, clinic.locale),
        alias=clinic.sender_alias,
        since=clock(page.raised_at),
        taken=clock(page.acknowledged_at),
        reached=clock(page.contacted_at),
        name=opened.name,
        phones=tuple((phone, spoken(phone)) for phone in opened.phones),
    )


def _template(opened: OpenedPage) -> str:
    if opened.page.status is PageStatus.CONTACTED:
        return "done"
    if opened.page.status is PageStatus.ACKNOWLEDGED:
        return "mine" if opened.is_mine else "taken"
    return "open"


def _page(view: View, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return make_response(render_template(f"staff/{view.template}.html", view=view, say=view.say), status)


def _say(texts: Mapping[str, Texts], template: str, status: HTTPStatus) -> Response:
    """A page for nobody in particular, in the language that the browser asks for."""
    return _page(View(template, as_asked(texts)), status)
