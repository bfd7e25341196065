"""Consent over HTTP: what patients said of their numbers and addresses, and the proof of it."""

import csv
from io import StringIO
from typing import Any, Final

from marshmallow import Schema, fields, post_load, validate

from services.notify.api.replies import is_of_our_time
from services.notify.api.scopes import CARE
from services.notify.domain.contact_point import ConsentStatus, Medium, Source
from services.notify.domain.message import Channel, Kind
from services.notify.operations import consent_proof, consents
from services.notify.operations.consent_proof import Proof, ProvenAddress, ProvenStep
from shared.http.fields import Text
from shared.http.routes import File, Route

_SAID: Final = (ConsentStatus.OPTED_IN, ConsentStatus.OPTED_OUT)
_COLUMNS: Final = (
    "channel",
    "address",
    "status",
    "said_at",
    "effective_at",
    "delay_seconds",
    "limit_on",
    "is_in_time",
    "source",
    "medium",
    "by",
    "wording",
)


class ConsentBody(Schema):
    """What a patient told the clinic about messages to them."""

    channel = fields.String(required=True, validate=validate.OneOf(consents.BY_ADDRESS))
    status = fields.String(required=True, validate=validate.OneOf(_SAID))
    wording = Text(2000, required=True, metadata={"description": "what was said, or shown and agreed to"})
    source = fields.Enum(Medium, by_value=True, required=True)
    given_at = fields.AwareDateTime(
        required=True, validate=is_of_our_time, metadata={"description": "when it was said"}
    )

    @post_load
    def _as_meant(self, body: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**body, "channel": Channel(body["channel"]), "status": ConsentStatus(body["status"])}

    class Meta:
        example: Final = {
            "channel": "sms",
            "status": "opted-out",
            "wording": "Please call me, do not text me.",
            "source": "phone",
            "given_at": "2026-03-05T14:00:00Z",
        }


class ConsentStepAnswer(Schema):
    """One statement, and the status that it left."""

    status = fields.Enum(ConsentStatus, by_value=True, required=True)
    at = fields.AwareDateTime(required=True, metadata={"description": "since when it counts"})
    said_at = fields.AwareDateTime(required=True)
    source = fields.Enum(Source, by_value=True, required=True)
    medium = fields.Enum(Medium, by_value=True, required=True, allow_none=True)
    wording = fields.String(required=True)
    by = fields.String(required=True, metadata={"description": "the access key's id, or `platform`"})


class AddressConsentAnswer(Schema):
    """What is known of one number or e-mail address."""

    channel = fields.Enum(Channel, by_value=True, required=True)
    address = fields.String(required=True, metadata={"description": "masked, unless an administrator asks"})
    is_present = fields.Boolean(required=True, metadata={"description": "whether the patient has it now"})
    status = fields.Enum(ConsentStatus, by_value=True, required=True)
    history = fields.List(fields.Nested(ConsentStepAnswer), required=True)


class PatientConsentsAnswer(Schema):
    """All numbers and e-mail addresses that a patient ever gave."""

    patient_id = fields.String(required=True)
    addresses = fields.List(fields.Nested(AddressConsentAnswer), required=True)


class ProvenStepAnswer(Schema):
    """One statement; for a stop also how soon it was effective, and the legal limit."""

    status = fields.Enum(ConsentStatus, by_value=True, required=True)
    said_at = fields.AwareDateTime(required=True)
    effective_at = fields.AwareDateTime(required=True)
    delay = fields.TimeDelta("milliseconds", required=True, data_key="delay_ms")
    limit_on = fields.Date(
        required=True, allow_none=True, metadata={"description": "ten US business days; null: no such limit"}
    )
    is_in_time = fields.Boolean(required=True)
    source = fields.Enum(Source, by_value=True, required=True)
    medium = fields.Enum(Medium, by_value=True, required=True, allow_none=True)
    wording = fields.String(required=True)
    by = fields.String(required=True)


class ToldHowAnswer(Schema):
    """A message that told its reader how to stop."""

    message_id = fields.String(required=True)
    kind = fields.Enum(Kind, by_value=True, required=True)
    sent_at = fields.AwareDateTime(required=True)


class ProvenAddressAnswer(Schema):
    """One number or e-mail address with everything that was said of it."""

    channel = fields.Enum(Channel, by_value=True, required=True)
    address = fields.String(required=True, metadata={"description": "masked, unless an administrator asks"})
    is_present = fields.Boolean(required=True)
    status = fields.Enum(ConsentStatus, by_value=True, required=True)
    steps = fields.List(fields.Nested(ProvenStepAnswer), required=True)
    told_how_to_stop = fields.List(fields.Nested(ToldHowAnswer), required=True)


class ProofAnswer(Schema):
    """The proof of one patient's consent."""

    patient_id = fields.String(required=True)
    sender = fields.String(required=True, metadata={"description": "the name that the clinic goes by in messages"})
    zone = fields.String(required=True, metadata={"description": "of the patient; days of limits are days there"})
    made_at = fields.AwareDateTime(required=True)
    addresses = fields.List(fields.Nested(ProvenAddressAnswer), required=True)


def as_table(proof: Proof) -> bytes:
    """The proof as CSV, one line for each statement."""
    written = StringIO()
    table = csv.writer(written)
    table.writerow(_COLUMNS)
    table.writerows(_row(address, step) for address in proof.addresses for step in address.steps)
    return written.getvalue().encode()


def _row(address: ProvenAddress, step: ProvenStep) -> list[Any]:
    return [
        address.channel,
        _inert(address.address),
        step.status,
        step.said_at.isoformat(),
        step.effective_at.isoformat(),
        step.delay.total_seconds(),
        step.limit_on or "",
        str(step.is_in_time).lower(),
        step.source,
        step.medium or "",
        step.by,
        _inert(step.wording),
    ]


def _inert(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


_OF_PATIENT: Final = "/clinics/<clinic_id>/patients/<patient_id>/consents"
ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "GET",
        _OF_PATIENT,
        "Show what a patient said about messages to them",
        CARE,
        consents.ShowConsents,
        consents.show_consents,
        PatientConsentsAnswer,
        description="Of every number and e-mail address that they ever gave.",
    ),
    Route(
        "POST",
        _OF_PATIENT,
        "Take down what a patient said about messages to them",
        CARE,
        consents.RecordConsent,
        consents.record_consent,
        AddressConsentAnswer,
        body=ConsentBody,
        status=201,
        description="About the number or e-mail address that the patient has now. Effective at once. "
        "Stopping what has stopped is one stop.",
    ),
    Route(
        "GET",
        f"{_OF_PATIENT}/export",
        "Export the proof of a patient's consent",
        CARE,
        consent_proof.ExportConsents,
        consent_proof.export_consents,
        ProofAnswer,
        description="Who said what, when and how, how soon each stop was effective, the legal limit, "
        "and the messages that told how to stop.",
    ),
    Route(
        "GET",
        f"{_OF_PATIENT}/export.csv",
        "Export the statements of a patient as a table",
        CARE,
        consent_proof.ExportConsents,
        consent_proof.export_consents_table,
        File("text/csv; charset=utf-8", as_table),
    ),
)
