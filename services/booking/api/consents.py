"""What patients sign and withdraw, and the summary for whom they agreed to, over HTTP."""

from typing import Any, Final

from marshmallow import Schema, fields, validate

from services.booking.api.clearance import NewestMeasureAnswer
from services.booking.api.people import PATIENT
from services.booking.api.request_fields import Instant, LocalDate, Whole, an_id
from services.booking.api.scopes import CARE, CLINICAL, STAFF
from services.booking.domain.chart.consent import ConsentKind, ConsentState, Manner
from services.booking.domain.protocol.protocol import Condition
from services.booking.domain.series.series import SeriesStatus
from services.booking.operations import consents, sharing
from shared.http.fields import Text
from shared.http.routes import Route

TEXTS: Final = "/clinics/<clinic_id>/consent-texts"
_MOST_RECIPIENT: Final = 120


def _a_text_version(**options: Any) -> fields.String:
    return fields.String(
        validate=Whole(r"^[0-9]{1,4}(\.[0-9]{1,4})?$"),
        metadata={"example": "2.1", "description": "another number before the point voids what was signed before"},
        **options,
    )


def _a_kind(**options: Any) -> fields.Enum[ConsentKind]:
    return fields.Enum(ConsentKind, by_value=True, **options)


class ConsentRequest(Schema):
    """What a patient has signed."""

    class Meta:
        example: Final = {"kind": "treatment", "text_version": "2.1", "how": "in-person"}

    kind = _a_kind(required=True)
    text_version = _a_text_version(required=True)
    how = fields.Enum(Manner, by_value=True, required=True)
    signed_at = Instant(load_default=None, allow_none=True, metadata={"description": "default: now"})
    series_id = an_id(
        load_default=None,
        allow_none=True,
        metadata={"description": "the course that it is for; without it, of what is signed for a course, the next one"},
    )
    recipient = Text(
        _MOST_RECIPIENT,
        load_default=None,
        allow_none=True,
        metadata={"description": "who may be told; of a release of information, and only there"},
    )


class WithdrawalRequest(Schema):
    """Why the patient does not agree any more."""

    class Meta:
        example: Final = {"reason": "Wants to think about it."}

    reason = Text(500, required=True)


class WithdrawalAnswer(Schema):
    """The patient does not agree any more."""

    reason = fields.String(required=True)
    by = fields.String(required=True, metadata={"description": "id of the access key"})
    at = fields.AwareDateTime(required=True)


class ConsentAnswer(Schema):
    """A signature."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    patient_id = fields.String(required=True)
    kind = _a_kind(required=True)
    text_version = fields.String(required=True)
    how = fields.Enum(Manner, by_value=True, required=True)
    witness = fields.String(required=True, metadata={"description": "id of the access key of who saw it"})
    signed_at = fields.AwareDateTime(required=True)
    signed_on = LocalDate(required=True)
    expires_on = LocalDate(
        required=True,
        allow_none=True,
        metadata={"description": "the last local day on which it holds; null: until its course ends"},
    )
    series_id = fields.String(required=True, allow_none=True)
    recipient = fields.String(required=True, allow_none=True)
    withdrawal = fields.Nested(WithdrawalAnswer, required=True, allow_none=True)


class ProofAnswer(Schema):
    """A signature and what it is worth today."""

    consent = fields.Nested(ConsentAnswer, required=True)
    state = fields.Enum(ConsentState, by_value=True, required=True)


class ProofsAnswer(Schema):
    """All that a patient ever signed, by time of signing."""

    items = fields.List(fields.Nested(ProofAnswer), required=True)


class ConsentTextsRequest(Schema):
    """Which texts are signed from now on; kinds that are not named keep theirs."""

    class Meta:
        example: Final = {"texts": {"privacy-notice": "2"}}

    texts = fields.Dict(keys=_a_kind(), values=_a_text_version(), required=True, validate=validate.Length(1))


class ConsentTextsAnswer(Schema):
    """Which texts the clinic has signed now."""

    id = fields.String(required=True, metadata={"description": "the clinic's"})
    version = fields.Integer(required=True)
    texts = fields.Dict(keys=_a_kind(), values=fields.String(), required=True, attribute="versions")


class SummaryQuery(Schema):
    """For whom the summary is."""

    recipient = Text(_MOST_RECIPIENT, required=True, metadata={"description": "as the patient has agreed to it"})

    class Meta:
        example: Final = {"recipient": "Dr. Example, Family Practice"}


class CourseOfDosesAnswer(Schema):
    """A series: local dates of the doses that were given, and of those to come."""

    protocol = fields.String(required=True)
    condition = fields.Enum(Condition, by_value=True, required=True)
    status = fields.Enum(SeriesStatus, by_value=True, required=True)
    given_on = fields.List(LocalDate(), required=True)
    to_come_on = fields.List(LocalDate(), required=True)


class SummaryAnswer(Schema):
    """How a patient is treated, for a clinician outside."""

    name = fields.String(required=True)
    birth_date = fields.Date(required=True)
    recipient = fields.String(required=True)
    on = LocalDate(required=True)
    courses = fields.List(fields.Nested(CourseOfDosesAnswer), required=True)
    measures = fields.List(fields.Nested(NewestMeasureAnswer), required=True)


ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "POST",
        f"{PATIENT}/consents",
        "Keep what a patient has signed",
        STAFF,
        consents.SignConsent,
        consents.sign_consent,
        ConsentAnswer,
        body=ConsentRequest,
        status=201,
        description="Who calls is the witness.",
    ),
    Route(
        "GET",
        f"{PATIENT}/consents",
        "List what a patient ever signed, and what it is worth today",
        CARE,
        consents.ListConsents,
        consents.list_consents,
        ProofsAnswer,
    ),
    Route(
        "POST",
        f"{PATIENT}/consents/<consent_id>/withdraw",
        "Note that a patient does not agree any more",
        STAFF,
        consents.WithdrawConsent,
        consents.withdraw_consent,
        ConsentAnswer,
        body=WithdrawalRequest,
        description="Every dose to come that needs it goes on hold at once.",
    ),
    Route(
        "GET",
        f"{PATIENT}/summary",
        "Summarise how a patient is treated, for one recipient",
        STAFF,
        sharing.ShareSummary,
        sharing.share_summary,
        SummaryAnswer,
        query=SummaryQuery,
        description="Refused (403) without the patient's release of information for this recipient; kept in the audit.",
    ),
    Route(
        "GET",
        TEXTS,
        "Show which texts are signed now",
        CARE,
        consents.ShowConsentTexts,
        consents.show_consent_texts,
        ConsentTextsAnswer,
    ),
    Route(
        "PATCH",
        TEXTS,
        "Publish which texts are signed from now on",
        CLINICAL,
        consents.PublishConsentTexts,
        consents.publish_consent_texts,
        ConsentTextsAnswer,
        body=ConsentTextsRequest,
    ),
)
