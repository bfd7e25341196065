"""The watch for misuse over HTTP."""

from typing import Final

from marshmallow import Schema, fields

from services.booking.api.people import PATIENT
from services.booking.api.request_fields import LocalDate
from services.booking.api.scopes import NURSING, STAFF
from services.booking.domain.chart.misuse import RULES, SignalKind
from services.booking.operations import misuse
from shared.http.fields import Text
from shared.http.routes import Route


class SignalRequest(Schema):
    """Something that staff noticed."""

    class Meta:
        example: Final = {"kind": "early-request", "note": "asked for another one next week"}

    kind = fields.Enum(SignalKind, by_value=True, required=True)
    on = LocalDate(load_default=None, allow_none=True, metadata={"description": "null: today"})
    note = Text(500, load_default=None, allow_none=True)


class SignalAnswer(Schema):
    """Something that staff noticed."""

    id = fields.String(required=True)
    patient_id = fields.String(required=True)
    kind = fields.Enum(SignalKind, by_value=True, required=True)
    on = LocalDate(required=True)
    note = fields.String(required=True, allow_none=True)
    by = fields.String(required=True, metadata={"description": "id of the access key"})
    noted_at = fields.AwareDateTime(required=True)


class FlagAnswer(Schema):
    """A sign, with the figures that it rests on."""

    code = fields.String(required=True, metadata={"example": "DW-1", "description": f"one of {', '.join(RULES)}"})
    name = fields.String(required=True, metadata={"example": "early-request"})
    facts = fields.Dict(keys=fields.String(), required=True)


class MisuseWatchAnswer(Schema):
    """What the record shows today."""

    patient_id = fields.String(required=True)
    on = LocalDate(required=True)
    flags = fields.List(fields.Nested(FlagAnswer), required=True)
    asks_for_review = fields.Boolean(required=True, metadata={"description": "two flags or more"})
    holds_treatment = fields.Boolean(required=True, metadata={"description": "three flags or more"})
    signals = fields.List(fields.Nested(SignalAnswer), required=True, metadata={"description": "all, by date"})


ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "POST",
        f"{PATIENT}/signals",
        "Note a sign of misuse or dependency",
        STAFF,
        misuse.NoteSignal,
        misuse.note_signal,
        SignalAnswer,
        body=SignalRequest,
        status=201,
    ),
    Route(
        "GET",
        f"{PATIENT}/misuse-watch",
        "Show the signs of misuse or dependency",
        NURSING,
        misuse.ShowMisuseWatch,
        misuse.show_misuse_watch,
        MisuseWatchAnswer,
        description="Two flags make a task to review the treatment, three hold it until a clinician's release.",
    ),
)
