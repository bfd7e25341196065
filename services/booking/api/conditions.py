"""What is treated, over HTTP."""

from typing import Final

from marshmallow import Schema, fields

from services.booking.api.scopes import CARE
from services.booking.domain.protocol.protocol import Condition
from services.booking.operations import conditions
from shared.http.routes import Route


class ConditionAnswer(Schema):
    """What is treated."""

    code = fields.Enum(Condition, by_value=True, required=True)
    status = fields.Enum(
        conditions.Standing,
        by_value=True,
        required=True,
        metadata={"description": "what is investigational takes a consent of its own and a psychiatrist's word"},
    )
    instruments = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "any of these tells how the treatment does", "example": ["gad-7", "phq-9"]},
    )


class ConditionsAnswer(Schema):
    """Every condition once."""

    items = fields.List(fields.Nested(ConditionAnswer), required=True)


ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "GET",
        "/clinics/<clinic_id>/conditions",
        "List what is treated",
        CARE,
        conditions.ListConditions,
        conditions.list_conditions,
        ConditionsAnswer,
    ),
)
