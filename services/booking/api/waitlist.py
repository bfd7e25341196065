"""The waitlist over HTTP."""

from collections.abc import Mapping
from typing import Any, Final

from marshmallow import Schema, fields, post_load, validate

from services.booking.api.request_fields import AN_ID, LocalDate, Many, an_id
from services.booking.api.scopes import CARE
from services.booking.domain.calendar.slots import Weekday
from services.booking.domain.waiting.waitlist import DayTimes, EntryStatus, Wishes
from services.booking.operations import waitlist
from shared.http.cursors import PageQuery, page_schema
from shared.http.fields import WallTime
from shared.http.routes import Route

ENTRY: Final = "/clinics/<clinic_id>/waitlist/<entry_id>"


class DayTimesSchema(Schema):
    """Wall times at which a session may start, both included."""

    from_time = WallTime(required=True)
    until_time = WallTime(required=True)

    @post_load
    def build(self, data: Mapping[str, Any], **_: Any) -> DayTimes:
        return DayTimes(**data)


class WishesSchema(Schema):
    """What a place must be like; what is left out does not matter."""

    weekdays = Many(fields.Enum(Weekday, by_value=True), load_default=(), validate=validate.Length(max=7))
    times = Many(fields.Nested(DayTimesSchema), load_default=(), validate=validate.Length(max=10))
    earliest = LocalDate(load_default=None, allow_none=True)
    latest = LocalDate(load_default=None, allow_none=True)
    resource_ids = Many(
        an_id(),
        load_default=(),
        validate=validate.Length(max=6),
        metadata={"description": "who or what it must be"},
    )
    only_earlier = fields.Boolean(
        load_default=True, metadata={"description": "a booked session only wants what is before its present place"}
    )

    @post_load
    def build(self, data: Mapping[str, Any], **_: Any) -> Wishes:
        return Wishes(**data)


class WaitlistEntryRequest(Schema):
    """For which session another place is wanted, and what it must be like."""

    class Meta:
        example: Final = {
            "series_id": AN_ID,
            "number": 3,
            "wishes": {"weekdays": ["MO", "WE"], "times": [{"from_time": "09:00", "until_time": "12:00"}]},
        }

    series_id = an_id(required=True)
    number = fields.Integer(required=True, strict=True, validate=validate.Range(1, 1000))
    wishes = fields.Nested(WishesSchema, load_default=Wishes)
    priority = fields.Integer(
        load_default=5,
        strict=True,
        validate=validate.Range(1, 9),
        metadata={"description": "1 is asked first, then who waits longest"},
    )


class WaitlistEntryAnswer(Schema):
    """Somebody who waits, or waited."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    patient_id = fields.String(required=True)
    series_id = fields.String(required=True)
    number = fields.Integer(required=True)
    wishes = fields.Nested(WishesSchema, required=True)
    priority = fields.Integer(required=True)
    since = fields.AwareDateTime(required=True)
    status = fields.Enum(EntryStatus, by_value=True, required=True)
    offer_id = fields.String(required=True, allow_none=True, metadata={"description": "what they are asked about now"})
    ended_at = fields.AwareDateTime(required=True, allow_none=True)


class WaitlistQuery(PageQuery):
    """Which entries."""

    status = fields.Enum(EntryStatus, by_value=True, load_default=None)
    series_id = an_id(load_default=None)


ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "POST",
        "/clinics/<clinic_id>/waitlist",
        "Wait for another place for a session",
        CARE,
        waitlist.JoinWaitlist,
        waitlist.join_waitlist,
        WaitlistEntryAnswer,
        body=WaitlistEntryRequest,
        status=201,
    ),
    Route(
        "GET",
        "/clinics/<clinic_id>/waitlist",
        "List who waits",
        CARE,
        waitlist.ListWaitlist,
        waitlist.list_waitlist,
        page_schema(WaitlistEntryAnswer),
        query=WaitlistQuery,
    ),
    Route("GET", ENTRY, "Show an entry", CARE, waitlist.ShowEntry, waitlist.show_entry, WaitlistEntryAnswer),
    Route(
        "POST",
        f"{ENTRY}/withdraw",
        "Wait no longer",
        CARE,
        waitlist.WithdrawEntry,
        waitlist.withdraw_entry,
        WaitlistEntryAnswer,
    ),
)
