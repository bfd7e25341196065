"""Protocols over HTTP."""

from collections.abc import Mapping
from typing import Any, Final

from marshmallow import Schema, fields, post_load, validate

from services.booking.api.care_schemas import CareSchema
from services.booking.api.request_fields import Many, a_skill, a_slug
from services.booking.api.scopes import CARE, CLINICAL
from services.booking.domain.calendar.resource import MOST_PLACES, ResourceKind
from services.booking.domain.calendar.slots import Weekday
from services.booking.domain.protocol.caps import LOOKED_BACK, Caps
from services.booking.domain.protocol.care import ORDINARY
from services.booking.domain.protocol.protocol import Block, Condition, Modality, Need, Phase, Regimen
from services.booking.domain.protocol.publishing import MOST_SESSIONS
from services.booking.operations import protocol
from shared.http.cursors import PageQuery, page_schema
from shared.http.fields import Text
from shared.http.routes import Route

_EDITION: Final = validate.Range(1, 100_000)


def _days(least: int, **options: Any) -> fields.Integer:
    return fields.Integer(strict=True, validate=validate.Range(least, 400), **options)


class NeedSchema(Schema):
    """One resource of a kind, with skills. One person may attend to `per` patients, as far as their capacity goes."""

    kind = fields.Enum(ResourceKind, by_value=True, required=True)
    per = fields.Integer(
        load_default=1,
        strict=True,
        validate=validate.Range(1, MOST_PLACES),
        metadata={"description": "1: nobody else at that time"},
    )
    skills = Many(
        a_skill(),
        load_default=(),
        validate=validate.Length(max=10),
        metadata={"description": "what it must hold on the day"},
    )

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Need:
        return Need(**data)


class BlockSchema(Schema):
    """A part of a session."""

    name = Text(40, required=True, metadata={"example": "infusion"})
    minutes = fields.Integer(
        required=True, strict=True, validate=validate.Range(5, 720), metadata={"multipleOf": 5, "example": 40}
    )
    needs = Many(
        fields.Nested(NeedSchema),
        load_default=(),
        validate=validate.Length(max=len(ResourceKind)),
        metadata={"description": "each kind once; leading blocks that need nothing lie before the session's start"},
    )
    with_patient = fields.Boolean(load_default=True, metadata={"description": "false: turnover, behind the end"})

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Block:
        return Block(**data)


class PhaseSchema(Schema):
    """A run of like sessions. Days are local dates: doses are counted from the dose before, talks from the session."""

    name = Text(40, required=True, metadata={"example": "induction"})
    sessions = fields.Integer(
        required=True,
        strict=True,
        allow_none=True,
        validate=validate.Range(1, MOST_SESSIONS),
        metadata={"description": "null: open-ended, only in the last phase"},
    )
    blocks = Many(fields.Nested(BlockSchema), required=True, validate=validate.Length(1, 20))
    min_days = _days(1, load_default=1)
    max_days = _days(
        1,
        load_default=None,
        allow_none=True,
        metadata={"description": "null: no session of this phase follows another one"},
    )
    per_seven_days = fields.Integer(
        load_default=1,
        strict=True,
        validate=validate.Range(1, 7),
        metadata={"description": "the most doses on any seven dates in a row"},
    )
    doses = fields.Boolean(load_default=True, metadata={"description": "whether the medicine is given"})

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Phase:
        return Phase(**data)


def _most(**options: Any) -> fields.Integer:
    return fields.Integer(strict=True, validate=validate.Range(1, 366), **options)


_NO_RULE: Final[Mapping[str, Any]] = {"load_default": None, "allow_none": True}


class CapsSchema(Schema):
    """The most doses that one person may have in so many local dates in a row, whichever clinics give them."""

    per_7 = _most(required=True, metadata={"description": "more is refused unless a clinician overrides it"})
    per_30 = _most(required=True, metadata={"description": "more is refused unless a clinician overrides it"})
    per_90 = _most(**_NO_RULE, metadata={"description": "more is noted for review"})
    per_365 = _most(**_NO_RULE, metadata={"description": "more is noted for review"})
    weekly_after_month = _most(**_NO_RULE, metadata={"description": "per 7 days from day 31 on; more is noted"})
    repeat_after_days = fields.Integer(
        strict=True,
        validate=validate.Range(1, LOOKED_BACK),
        **_NO_RULE,
        metadata={"description": "between two full inductions; less is noted"},
    )

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Caps:
        return Caps(**data)


class RegimenSchema(Schema):
    """The content of a protocol. All numbers are the clinic's own decision."""

    name = Text(120, required=True)
    conditions = Many(fields.Enum(Condition, by_value=True), required=True, validate=validate.Length(1, len(Condition)))
    phases = Many(fields.Nested(PhaseSchema), required=True, validate=validate.Length(1, 20))
    dose_basis = Text(
        120, required=True, metadata={"description": "a label for people, never computed with", "example": "0.5 mg/kg"}
    )
    window_days = _days(
        1, load_default=None, allow_none=True, metadata={"description": "planned, from the first dose to the last"}
    )
    tolerance_days = _days(
        1, load_default=None, allow_none=True, metadata={"description": "longest time that is still this course"}
    )
    rest_days = _days(0, load_default=0, metadata={"description": "since the last dose of another series"})
    allowed_weekdays = Many(
        fields.Enum(Weekday, by_value=True),
        load_default=(),
        validate=validate.Length(max=7),
        metadata={"description": "for doses; none listed: any", "example": ["MO", "TU", "WE", "TH", "FR"]},
    )
    preferred = Many(
        Many(fields.Enum(Weekday, by_value=True), validate=validate.Length(1, 7)),
        load_default=(),
        validate=validate.Length(max=10),
        metadata={"description": "weekday patterns for doses, best first", "example": [["TU", "FR"], ["MO", "TH"]]},
    )
    re_evaluate_after = Many(
        fields.Integer(strict=True, validate=validate.Range(1, MOST_SESSIONS)),
        load_default=(),
        validate=validate.Length(max=MOST_SESSIONS),
        metadata={"description": "numbers of sessions", "example": [3, 6]},
    )
    is_investigational = fields.Boolean(load_default=False)
    missed_after_minutes = fields.Integer(
        load_default=30,
        strict=True,
        validate=validate.Range(0, 24 * 60),
        metadata={"description": "so late after the start a session counts as missed"},
    )
    caps = fields.Nested(
        CapsSchema,
        load_default=None,
        allow_none=True,
        metadata={"description": "null: those that hold for the condition treated"},
    )

    modality = fields.Enum(
        Modality,
        by_value=True,
        load_default=Modality.INFUSION,
        metadata={"description": "decides what is signed and who is there"},
    )
    care = fields.Nested(CareSchema, load_default=ORDINARY, metadata={"description": "what the day of a dose asks for"})

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Regimen:
        return Regimen(**data)


class ProtocolRequest(Schema):
    """A new protocol, or the next edition of the one with this slug."""

    class Meta:
        example: Final = {
            "slug": "mood-iv-6x2w",
            "regimen": {
                "name": "Mood: six infusions in two weeks",
                "conditions": ["depression"],
                "dose_basis": "0.5 mg/kg",
                "window_days": 14,
                "tolerance_days": 21,
                "phases": [
                    {
                        "name": "induction",
                        "sessions": 6,
                        "min_days": 2,
                        "max_days": 4,
                        "per_seven_days": 3,
                        "blocks": [
                            {"name": "infusion", "minutes": 40, "needs": [{"kind": "chair"}, {"kind": "nurse"}]},
                            {
                                "name": "recovery",
                                "minutes": 60,
                                "needs": [{"kind": "chair"}, {"kind": "nurse", "per": 2}],
                            },
                        ],
                    }
                ],
            },
        }

    slug = a_slug(required=True)
    regimen = fields.Nested(RegimenSchema, required=True)


class ProtocolAnswer(Schema):
    """One published edition; series that run keep theirs."""

    id = fields.String(required=True, metadata={"example": "mood-iv-6x2w@1"})
    slug = fields.String(required=True)
    edition = fields.Integer(required=True)
    regimen = fields.Nested(RegimenSchema, required=True)


class ProtocolsQuery(PageQuery):
    """Which protocols; all their editions."""

    slug = a_slug(load_default=None)


class EditionQuery(Schema):
    """Which edition; the latest unless said."""

    edition = fields.Integer(load_default=None, validate=_EDITION)


ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "POST",
        "/clinics/<clinic_id>/protocols",
        "Publish a protocol or its next edition",
        CLINICAL,
        protocol.PublishProtocol,
        protocol.publish_protocol,
        ProtocolAnswer,
        body=ProtocolRequest,
        status=201,
    ),
    Route(
        "GET",
        "/clinics/<clinic_id>/protocols",
        "List protocols",
        CARE,
        protocol.ListProtocols,
        protocol.list_protocols,
        page_schema(ProtocolAnswer),
        query=ProtocolsQuery,
    ),
    Route(
        "GET",
        "/clinics/<clinic_id>/protocols/<slug>",
        "Show a protocol",
        CARE,
        protocol.ShowProtocol,
        protocol.show_protocol,
        ProtocolAnswer,
        query=EditionQuery,
    ),
)
