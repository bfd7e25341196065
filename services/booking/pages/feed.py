"""Calendar feeds: one secret address each, read by calendar programs every now and then."""

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Final

from flask import Blueprint, Response, make_response, request
from werkzeug.wrappers import Response as AnyResponse

from services.booking.domain.views.feed import PATH, SUFFIX, Taken
from services.booking.operations.feeds import FeedTimes, clinic_of_feed, read_feed
from services.booking.pages.appointment import PREFIX, TEMPLATES, TEXTS
from shared.calendar_file import MEDIA_TYPE, Entry, calendar_file, uid_of
from shared.http.page_texts import Texts, best, load_texts
from shared.http.pages import Run, private_pages
from shared.persistence.unit_of_work import EVERY_CLINIC

_MAX_AGE: Final = "private, max-age=300"
"""A program that asks again within five minutes learns nothing new."""
_WORDS: Final = {"unknown": "There is no such calendar.\n", "later": "Please try again later.\n"}


def feed_pages(run: Run) -> Blueprint:
    """The calendars below `/booking/f/`."""
    pages = private_pages("feed", TEMPLATES, prefix=PREFIX, say=_say)
    address = f"{PATH.removeprefix(PREFIX)}<token>{SUFFIX}"
    pages.add_url_rule(address, "read", partial(_read, run, load_texts(TEXTS)), methods=["GET"])
    return pages


def _read(run: Run, texts: Mapping[str, Texts], token: str) -> AnyResponse:
    found: FeedTimes = run(run(EVERY_CLINIC, clinic_of_feed, token), read_feed, token)
    say = best(texts, found.locale)
    # Stamped with the day's begin, so that a calendar in which nothing changed is the same to the byte.
    body = calendar_file([_entry(one, found.zone, say) for one in found.times], stamped_at=found.from_at)
    response = make_response(body)
    response.headers["Content-Type"] = MEDIA_TYPE
    response.headers["Cache-Control"] = _MAX_AGE
    response.add_etag()
    return response.make_conditional(request)


def _entry(taken: Taken, zone: str, say: Texts) -> Entry:
    return Entry(
        uid=uid_of(f"taken/{taken.key}"),
        sequence=taken.revision,
        starts_at=taken.from_at,
        ends_at=taken.until_at,
        zone=zone,
        summary=say("number_of", number=taken.number, count=taken.count),
    )


def _say(page: str, status: HTTPStatus) -> Response:
    return Response(_WORDS[page], status, content_type="text/plain; charset=utf-8")
