"""Dose orders over HTTP."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from marshmallow import Schema, fields, post_load, validate

from services.booking.api.request_fields import DecimalText, LocalDate
from services.booking.api.scopes import CARE, CLINICIAN
from services.booking.domain.chart.answers import Sex
from services.booking.domain.chart.dose_order import CENTIMETRES, DEVICE_MG, KILOGRAMS, MINUTES, MOST, Basis
from services.booking.domain.chart.dose_order import Route as Way
from services.booking.domain.chart.weight import Weight, WeightType
from services.booking.operations import dose_orders
from shared.http.fields import Text
from shared.http.routes import Route

ORDERS: Final = "/clinics/<clinic_id>/series/<series_id>/dose-orders"


class WeightSchema(Schema):
    """What the patient weighs: from a body mass index of 30 on the ideal weight counts, unless the order says which."""

    kg = DecimalText(*KILOGRAMS, places=2, required=True, metadata={"description": "as measured"})
    measured_on = LocalDate(required=True)
    height_cm = DecimalText(*CENTIMETRES, places=1, load_default=None, allow_none=True)
    sex = fields.Enum(Sex, by_value=True, load_default=None, allow_none=True)
    chosen = fields.Enum(
        WeightType,
        by_value=True,
        load_default=None,
        allow_none=True,
        metadata={
            "description": "which weight counts; null: by the body mass index, for which height and sex are needed"
        },
    )

    @post_load
    def build(self, data: Mapping[str, Any], **_: Any) -> Weight:
        return Weight(**data)


class DoseOrderRequest(Schema):
    """What each dose of a series to come is to give."""

    class Meta:
        example: Final = {
            "basis": "mg-per-kg",
            "amount": "0.5",
            "weight": {"kg": "70", "measured_on": "2027-03-08", "height_cm": "175", "sex": "male"},
        }

    basis = fields.Enum(Basis, by_value=True, required=True)
    amount = DecimalText(
        Decimal(0),
        max(MOST.values()),
        places=3,
        required=True,
        metadata={"description": f"in the unit of the basis; a device gives {', '.join(map(str, DEVICE_MG))} mg"},
    )
    minutes = fields.Integer(
        load_default=None,
        allow_none=True,
        strict=True,
        validate=validate.Range(*MINUTES),
        metadata={"description": "null: as the protocol says"},
    )
    weight = fields.Nested(
        WeightSchema,
        load_default=None,
        allow_none=True,
        metadata={"description": "needed unless the protocol limits nothing per kilogram"},
    )
    reason = Text(
        500, load_default=None, allow_none=True, metadata={"description": "needed where another order is in force"}
    )


class SignatureAnswer(Schema):
    """Who signed, and when."""

    by = fields.String(required=True, metadata={"description": "id of the access key"})
    at = fields.AwareDateTime(required=True)


class Figure(fields.String):
    """A decimal number as text, to a tenth where it is computed."""

    def __init__(self, *, is_computed: bool = False, metadata: Mapping[str, Any] | None = None, **options: Any) -> None:
        self._is_computed = is_computed
        described = {"pattern": r"^-?[0-9]+(\.[0-9]+)?$", "example": "35.0", **(metadata or {})}
        super().__init__(required=True, metadata=described, **options)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> Any:  # noqa: ARG002
        if value is None:
            return None
        return format(value.quantize(Decimal("0.1")) if self._is_computed else value, "f")


class WeightAnswer(Schema):
    """What was measured, and what the dose was counted by."""

    kg = Figure(metadata={"description": "as measured"})
    measured_on = LocalDate(required=True)
    height_cm = Figure(allow_none=True)
    sex = fields.Enum(Sex, by_value=True, required=True, allow_none=True)
    bmi = Figure(allow_none=True, is_computed=True, metadata={"description": "kg/m²"})
    ideal_kg = Figure(allow_none=True, is_computed=True, metadata={"description": "Devine 1974"})
    type = fields.Enum(WeightType, by_value=True, required=True, metadata={"description": "which weight counts"})
    dosing_kg = Figure(is_computed=True, metadata={"description": "what counts, at most what was measured"})


class DoseOrderAnswer(Schema):
    """An order. The one in force is that which none has superseded."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    patient_id = fields.String(required=True)
    series_id = fields.String(required=True)
    number = fields.Integer(required=True, metadata={"description": "counted within the series"})
    basis = fields.Enum(Basis, by_value=True, required=True, attribute="wanted.basis")
    amount = Figure(attribute="wanted.amount")
    minutes = fields.Integer(required=True, attribute="wanted.minutes")
    weight = fields.Nested(WeightAnswer, required=True, allow_none=True, attribute="wanted.weight")
    route = fields.Enum(Way, by_value=True, required=True)
    computed_mg = Figure(metadata={"description": "to a tenth"})
    dose_mg = Figure(metadata={"description": "what is given: never rounded up"})
    step = Figure(metadata={"description": "the dose is rounded down to a multiple of so many mg"})
    most_mg_per_kg = Figure(allow_none=True, metadata={"description": "more needs a second signature"})
    rate = Figure(allow_none=True, metadata={"description": "of the pump, mg/h; null for a device"})
    reason = fields.String(required=True, allow_none=True, attribute="wanted.reason")
    signed = fields.Nested(SignatureAnswer, required=True)
    needs_second = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "why another clinician had to sign, when it was signed", "example": []},
    )
    second = fields.Nested(SignatureAnswer, required=True, allow_none=True)
    supersedes = fields.String(required=True, allow_none=True)
    superseded_by = fields.String(required=True, allow_none=True, metadata={"description": "null: in force"})


class DoseOrdersAnswer(Schema):
    """All orders of a series, the last one in force."""

    items = fields.List(fields.Nested(DoseOrderAnswer), required=True)


ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "POST",
        ORDERS,
        "Sign what each dose to come gives",
        CLINICIAN,
        dose_orders.SignDoseOrder,
        dose_orders.sign_dose_order,
        DoseOrderAnswer,
        body=DoseOrderRequest,
        status=201,
        description="It takes the place of the order before. What is given is rounded down and never raised.",
    ),
    Route(
        "GET",
        ORDERS,
        "List the dose orders of a series",
        CARE,
        dose_orders.ListDoseOrders,
        dose_orders.list_dose_orders,
        DoseOrdersAnswer,
    ),
    Route(
        "GET",
        f"{ORDERS}/<order_id>",
        "Show a dose order",
        CARE,
        dose_orders.ShowDoseOrder,
        dose_orders.show_dose_order,
        DoseOrderAnswer,
    ),
    Route(
        "POST",
        f"{ORDERS}/<order_id>/second-signature",
        "Sign a dose order as the second clinician",
        CLINICIAN,
        dose_orders.CountersignDoseOrder,
        dose_orders.countersign_dose_order,
        DoseOrderAnswer,
    ),
)
