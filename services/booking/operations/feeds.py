"""What can be done with calendar feeds."""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Final

from services.booking.domain.views.feed import FEED_AHEAD, Feed, Taken, times_taken
from services.booking.operations.ports import UnitOfWork
from shared.errors import NotFound
from shared.localtime import at_local_time
from shared.paging import Page, page_of
from shared.private_link import digest

_MIDNIGHT: Final = time()


@dataclass(frozen=True)
class AddFeed:
    """A feed of a resource; `label` says whom it is for."""

    resource_id: str
    label: str


@dataclass(frozen=True)
class ListFeeds:
    """A resource's feeds in the order of making, the revoked ones among them."""

    resource_id: str
    limit: int
    after: str | None


@dataclass(frozen=True)
class RevokeFeed:
    """Let a feed's address lead nowhere."""

    resource_id: str
    feed_id: str


@dataclass(frozen=True)
class NewFeed:
    """A feed together with the address that nobody will ever see again."""

    feed: Feed
    url: str


@dataclass(frozen=True)
class FeedTimes:
    """What a feed shows: times from `from_at`, the begin of the clinic's day, on. `locale` is the clinic's."""

    zone: str
    locale: str
    from_at: datetime
    times: tuple[Taken, ...]


def add_feed(uow: UnitOfWork, command: AddFeed) -> NewFeed:
    """A new feed of a resource. Raises `NotFound`."""
    uow.resources.get(command.resource_id)
    link = uow.new_feed_link()
    feed = Feed(uow.new_id(), command.resource_id, command.label, link.digest, uow.now)
    return NewFeed(uow.feeds.save(feed), link.url)


def list_feeds(uow: UnitOfWork, command: ListFeeds) -> Page[Feed]:
    """A page of a resource's feeds. Raises `NotFound` without such a resource."""
    uow.resources.get(command.resource_id)
    found = uow.feeds.list(after=command.after, limit=command.limit + 1, resource_id=command.resource_id)
    return page_of(found, command.limit)


def revoke_feed(uow: UnitOfWork, command: RevokeFeed) -> Feed:
    """Void at once. Raises `NotFound`, and `Conflict` when it is void already."""
    feed = uow.feeds.get(command.feed_id)
    if feed.resource_id != command.resource_id:
        raise NotFound("feed")
    return uow.feeds.save(feed.revoke(uow.now))


def clinic_of_feed(uow: UnitOfWork, token: str) -> str:
    """Whose feed it is: the one question that is asked across clinics. Raises `NotFound`."""
    return uow.feeds.clinic_of_link(digest(token))


def read_feed(uow: UnitOfWork, token: str) -> FeedTimes:
    """What a feed shows. Raises `NotFound`, for a revoked one as for one that never was."""
    feed = uow.feeds.by_link(digest(token))
    if feed.revoked_at is not None:
        raise NotFound("feed")
    clinic = uow.clinics.get(uow.clinic_id)
    from_at = at_local_time(uow.now, clinic.zone, _MIDNIGHT)
    series = uow.series.between(from_at, from_at + FEED_AHEAD)
    coming = [one for one in times_taken(series, feed.resource_id) if one.until_at > from_at]
    shown = tuple(one for one in coming if one.from_at < from_at + FEED_AHEAD)
    return FeedTimes(clinic.zone, clinic.locale, from_at, shown)
