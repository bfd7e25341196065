"""The page behind the link in every e-mail: it is read first, and stops further ones by a button, or by one click in
the mail program (RFC 8058), which posts without ever showing a page.

Mail scanners open links by themselves: reading never changes anything.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from flask import Blueprint, Response, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from services.notify.domain.contact_point import UNSUBSCRIBE
from services.notify.operations.unsubscribe import (
    ByLink,
    Subscription,
    clinic_of_link,
    read_subscription,
    subscribe_again,
    unsubscribe,
)
from shared.http.page_texts import Texts, as_asked, best, load_texts
from shared.http.pages import Run, answer_links, private_pages
from shared.persistence.unit_of_work import EVERY_CLINIC

PREFIX: Final = "/notify"
TEXTS: Final = Path(__file__).parent / "texts" / "unsubscribe"
TEMPLATES: Final = Path(__file__).parent / "templates"
DO: Final = "do"
"""What a button wants."""
ONE_CLICK: Final = ("List-Unsubscribe", "One-Click")
"""What a mail program posts (RFC 8058, section 3.1)."""


@dataclass(frozen=True)
class View:
    """What a template lays out."""

    template: str
    say: Texts
    alias: str = ""


def unsubscribe_pages(run: Run) -> Blueprint:
    """The pages below `/notify/u/`."""
    texts = load_texts(TEXTS)
    pages = private_pages("unsubscribe", TEMPLATES, prefix=PREFIX, say=lambda *page: _say(texts, *page))
    door = _Door(run, texts)
    answer_links(pages, UNSUBSCRIBE, show=door.show, take=door.take)
    return pages


class _Door:
    """Finds out whose link it is, then does one thing in that clinic."""

    def __init__(self, run: Run, texts: Mapping[str, Texts]) -> None:
        self._run = run
        self._texts = texts

    def show(self, token: str) -> Response:
        """The page as things now stand; reading it changes nothing."""
        return self._page(self._do(token, read_subscription))

    def take(self, token: str) -> AnyResponse:
        """One click of a mail program, which must not be sent elsewhere, or what a button wants."""
        name, click = ONE_CLICK
        if request.form.get(name) == click:
            return self._page(self._do(token, unsubscribe, f"{name}={click}"))
        found = self._do(token, read_subscription)
        say = best(self._texts, found.locale)
        wanted = request.form.get(DO)
        if wanted == "stop":
            self._do(token, unsubscribe, say("stop_text", alias=found.alias))
        elif wanted == "restore":
            self._do(token, subscribe_again, say("restore_button"))
        return redirect(f"{UNSUBSCRIBE}{token}", HTTPStatus.SEE_OTHER)

    def _do(self, token: str, operation: Callable[[Any, ByLink], Subscription], wording: str = "") -> Subscription:
        clinic_id: str = self._run(EVERY_CLINIC, clinic_of_link, token)
        found: Subscription = self._run(clinic_id, operation, ByLink(token, wording))
        return found

    def _page(self, found: Subscription) -> Response:
        say = best(self._texts, found.locale)
        return _rendered(View("stopped" if found.is_stopped else "open", say, found.alias))


def _say(texts: Mapping[str, Texts], template: str, status: HTTPStatus) -> Response:
    """A page for nobody in particular."""
    return _rendered(View(template, as_asked(texts)), status)


def _rendered(view: View, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return make_response(render_template(f"unsubscribe/{view.template}.html", view=view, say=view.say), status)
