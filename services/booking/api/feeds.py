"""Calendar feeds of resources over HTTP."""

from typing import Final

from marshmallow import Schema, fields

from services.booking.api.scopes import ADMIN_DESK
from services.booking.operations import feeds
from shared.http.cursors import PageQuery, page_schema
from shared.http.fields import Text
from shared.http.routes import Route

FEEDS: Final = "/clinics/<clinic_id>/resources/<resource_id>/feeds"


class FeedRequest(Schema):
    """A feed to be made."""

    label = Text(80, required=True, metadata={"description": "whom it is for", "example": "phone at the desk"})


class FeedAnswer(Schema):
    """A feed, without its address."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    resource_id = fields.String(required=True)
    label = fields.String(required=True)
    made_at = fields.AwareDateTime(required=True)
    revoked_at = fields.AwareDateTime(required=True, allow_none=True)


class NewFeedAnswer(Schema):
    """A feed together with its address, shown this one time."""

    feed = fields.Nested(FeedAnswer, required=True)
    url = fields.String(required=True, metadata={"description": "for calendar programs; whoever has it can read it"})


ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "POST",
        FEEDS,
        "Make a calendar feed of a resource",
        ADMIN_DESK,
        feeds.AddFeed,
        feeds.add_feed,
        NewFeedAnswer,
        body=FeedRequest,
        status=201,
        description="An iCalendar feed of the coming 60 days: when it is taken, and nobody's name.",
    ),
    Route(
        "GET",
        FEEDS,
        "List the calendar feeds of a resource",
        ADMIN_DESK,
        feeds.ListFeeds,
        feeds.list_feeds,
        page_schema(FeedAnswer),
        query=PageQuery,
    ),
    Route(
        "POST",
        f"{FEEDS}/<feed_id>/revoke",
        "Revoke a calendar feed",
        ADMIN_DESK,
        feeds.RevokeFeed,
        feeds.revoke_feed,
        FeedAnswer,
    ),
)
