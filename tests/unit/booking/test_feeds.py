"""Calendar feeds: what they show, to whom, and for how long."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from flask import Flask

from services.booking.domain.calendar.slots import Claim
from services.booking.domain.series.series import Series, SeriesStatus
from services.booking.domain.series.session import SessionStatus
from services.booking.domain.views.feed import Feed, times_taken
from services.booking.operations.feeds import (
    AddFeed,
    ListFeeds,
    RevokeFeed,
    add_feed,
    list_feeds,
    revoke_feed,
)
from services.booking.pages.feed import feed_pages
from shared.errors import Conflict, NotFound
from tests.support.booking_builders import CLINIC, OTHER_CLINIC, a_chair, a_nurse
from tests.support.booking_fakes import PUBLIC_URL
from tests.support.booking_pages import a_town_with_a_link, a_visit, calendar_of

BLOCK = timedelta(minutes=20)


def a_visit_in(chair="chair-1", number=1, **fields):
    """In the chair all the time, with a nurse at its begin and its end."""
    visit = a_visit(number, **fields)
    start, end = visit.starts_at, visit.ends_at
    claims = (
        Claim("chair", chair, start, start + BLOCK),
        Claim("chair", chair, start + BLOCK, end, places=(1,)),
        Claim("nurse", "nurse-1", start, start + BLOCK),
        Claim("nurse", "nurse-1", end - BLOCK, end),
    )
    return replace(visit, claims=(*visit.claims, *claims))


@pytest.fixture
def town():
    world = a_town_with_a_link(a_visit_in(number=1), a_visit_in("chair-2", number=2), a_visit_in(number=3))
    unit = world.unit(CLINIC)
    for resource in (a_chair(), a_chair("chair-2"), a_nurse()):
        unit.resources.save(resource)
    unit.commit()
    return world


def a_feed(town, resource_id="chair-1"):
    return town.run(CLINIC, add_feed, AddFeed(resource_id, "phone at the desk"))


def fetch(town, url, **headers):
    app = Flask("booking", static_folder=None)
    app.register_blueprint(feed_pages(town.run))
    return app.test_client().get(url.removeprefix(PUBLIC_URL), base_url=PUBLIC_URL, headers=headers)


def times(answer):
    events = calendar_of(answer).events
    return [(event["DTSTART"].dt.astimezone(UTC), event["DTEND"].dt.astimezone(UTC)) for event in events]


def test_a_feed_shows_when_its_resource_is_taken_as_one_block_each(town):
    answer = fetch(town, a_feed(town).url)

    assert answer.mimetype == "text/calendar"
    assert times(answer) == [(a_visit(number).starts_at, a_visit(number).ends_at) for number in (1, 3)]


def test_a_nurse_who_is_free_in_between_is_shown_free_in_between(town):
    answer = fetch(town, a_feed(town, "nurse-1").url)
    first, last = times(answer)[:2]
    assert first == (a_visit(1).starts_at, a_visit(1).starts_at + BLOCK)
    assert last == (a_visit(1).ends_at - BLOCK, a_visit(1).ends_at)


def test_a_feed_names_nobody_and_nothing_that_leads_to_somebody(town):
    text = fetch(town, a_feed(town).url).text
    assert "SUMMARY:Appointment 1 of 3" in text
    for secret in ("patient", "series-1", "Ada", "Lakeside", "Chair", "chair", "induction", "mood"):
        assert secret not in text


def test_every_time_has_a_key_of_its_own_that_stays_when_it_moves(town):
    [series] = town.all(Series)
    url = a_feed(town, "nurse-1").url
    another = replace(series, id="series-2", link_digest=None, version=0, sessions=(a_visit_in("chair-3", 4),))
    moved = series.with_sessions(replace(a_visit_in(number=1), revision=1))

    def keys():
        return [event["UID"] for event in calendar_of(fetch(town, url)).events]

    town.run(CLINIC, lambda uow, _: uow.series.save(another), None)
    before = keys()
    town.run(CLINIC, lambda uow, _: uow.series.save(moved), None)

    assert len(before) == len(set(before)) == 8
    assert keys() == before
    other_series = replace(series, id="series-3")
    assert not {one.key for one in times_taken([series], "nurse-1")} & {
        one.key for one in times_taken([other_series], "nurse-1")
    }


def test_what_does_not_take_place_or_is_only_held_is_not_shown(town):
    [series] = town.all(Series)
    gone = series.with_sessions(replace(series.session(1), status=SessionStatus.CANCELLED))
    town.run(CLINIC, lambda uow, _: uow.series.save(gone), None)
    url = a_feed(town).url
    assert [start for start, _ in times(fetch(town, url))] == [a_visit(3).starts_at]

    held = replace(gone, status=SeriesStatus.HELD, version=gone.version + 1)
    town.run(CLINIC, lambda uow, _: uow.series.save(held), None)
    assert times(fetch(town, url)) == []


def test_a_feed_looks_sixty_days_ahead_from_today_on(town):
    url = a_feed(town).url
    town.now = datetime.combine(a_visit(1).starts_at.date(), time(12), UTC) - timedelta(days=60)
    assert times(fetch(town, url)) == []
    town.pass_time(days=1)
    assert len(times(fetch(town, url))) == 1
    town.now = a_visit(1).ends_at + timedelta(minutes=5)
    assert len(times(fetch(town, url))) == 2
    town.pass_time(days=1)
    assert len(times(fetch(town, url))) == 1


def test_a_feed_in_which_nothing_changed_is_not_sent_again(town):
    url = a_feed(town).url
    first = fetch(town, url)
    town.pass_time(minutes=30)

    again = fetch(town, url, **{"If-None-Match": first.headers["ETag"]})

    assert (again.status_code, again.data) == (304, b"")
    assert first.headers["Cache-Control"] == "private, max-age=300"
    assert first.headers["Referrer-Policy"] == "no-referrer"


def test_a_feed_in_which_something_changed_is_sent(town):
    url = a_feed(town).url
    etag = fetch(town, url).headers["ETag"]
    [series] = town.all(Series)
    moved = series.with_sessions(replace(series.session(1), revision=1))
    town.run(CLINIC, lambda uow, _: uow.series.save(moved), None)
    assert fetch(town, url, **{"If-None-Match": etag}).status_code == 200


def test_a_revoked_feed_is_as_absent_as_one_that_never_was(town):
    new = a_feed(town)
    town.run(CLINIC, revoke_feed, RevokeFeed("chair-1", new.feed.id))

    gone, never = fetch(town, new.url), fetch(town, f"{PUBLIC_URL}/booking/f/guessed.ics")

    assert (gone.status_code, gone.data) == (never.status_code, never.data) == (404, b"There is no such calendar.\n")
    with pytest.raises(Conflict):
        town.run(CLINIC, revoke_feed, RevokeFeed("chair-1", new.feed.id))


def test_the_address_is_secret_and_not_kept(town):
    new = a_feed(town)
    [kept] = town.all(Feed)
    token = new.url.rpartition("/")[2].removesuffix(".ics")
    assert token
    assert token not in repr(kept)


def test_feeds_are_listed_by_resource(town):
    made = [a_feed(town).feed.id, a_feed(town).feed.id]
    a_feed(town, "nurse-1")
    page = town.run(CLINIC, list_feeds, ListFeeds("chair-1", 1, None))
    rest = town.run(CLINIC, list_feeds, ListFeeds("chair-1", 1, page.after))
    assert [feed.id for feed in (*page.items, *rest.items)] == made


@pytest.mark.parametrize(
    ("operation", "command"),
    [
        (add_feed, AddFeed("chair-9", "x")),
        (list_feeds, ListFeeds("chair-9", 1, None)),
        (revoke_feed, RevokeFeed("chair-1", "feed-9")),
    ],
)
def test_what_is_not_there_is_not_found(town, operation, command):
    with pytest.raises(NotFound):
        town.run(CLINIC, operation, command)


def test_another_clinic_and_another_resource_have_no_such_feed(town):
    new = a_feed(town)
    for clinic, resource_id in ((OTHER_CLINIC, "chair-1"), (CLINIC, "chair-2")):
        with pytest.raises(NotFound):
            town.run(clinic, revoke_feed, RevokeFeed(resource_id, new.feed.id))
