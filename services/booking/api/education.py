"""What patients can read about their treatment, over HTTP: clinicians review it, and see who has read it."""

from typing import Any, Final

from marshmallow import Schema, fields, validate

from services.booking.api.people import PATIENT
from services.booking.api.request_fields import LocalDate
from services.booking.api.scopes import CARE, CLINICIAN
from services.booking.domain.page.education import Standing, Topic
from services.booking.education.texts import article, education_texts
from services.booking.operations import education
from shared.http.routes import Route

EDUCATION: Final = "/clinics/<clinic_id>/education"
_MOST_VERSION: Final = 9999


def _a_topic(**options: Any) -> fields.Enum[Topic]:
    return fields.Enum(Topic, by_value=True, required=True, **options)


class ReviewRequest(Schema):
    """The version that was reviewed, in every language."""

    class Meta:
        example: Final = {"version": 1, "review_due": "2027-06-30"}

    version = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(1, _MOST_VERSION),
        metadata={"description": "the present one, as it was read"},
    )
    review_due = LocalDate(required=True)


class ReviewAnswer(Schema):
    """Who stands behind which version."""

    version = fields.Integer(required=True)
    reviewer = fields.String(required=True, attribute="by", metadata={"description": "id of the access key"})
    reviewed_at = fields.AwareDateTime(required=True, attribute="at")
    review_due = LocalDate(required=True, attribute="due")


class ArticleAnswer(Schema):
    """A text in one language."""

    question = fields.String(required=True)
    answer = fields.List(fields.String(), required=True, metadata={"description": "its paragraphs"})


class InEveryLanguage(fields.Dict):
    """A topic, written as its text in each language."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> Any:
        articles = {language: article(value, say) for language, say in education_texts().items()}
        return super()._serialize(articles, attr, obj, **options)  # type: ignore[no-untyped-call]


class TopicAnswer(Schema):
    """A text in its present version, and its latest review."""

    topic = _a_topic()
    version = fields.Integer(required=True)
    standing = fields.Enum(
        Standing, by_value=True, required=True, metadata={"description": "patients see only what is `shown`"}
    )
    review = fields.Nested(ReviewAnswer, required=True, allow_none=True)
    texts = InEveryLanguage(
        keys=fields.String(), values=fields.Nested(ArticleAnswer), attribute="topic", dump_only=True
    )


class EducationAnswer(Schema):
    """Every text, as it stands on the clinic's date today."""

    items = fields.List(fields.Nested(TopicAnswer), required=True)


class ReceiptAnswer(Schema):
    """The patient says that they have read this version."""

    topic = _a_topic()
    version = fields.Integer(required=True)
    read_at = fields.AwareDateTime(required=True, attribute="at")
    is_of_present_version = fields.Boolean(required=True)


class ReceiptsAnswer(Schema):
    """What a patient says they have read, by time."""

    items = fields.List(fields.Nested(ReceiptAnswer), required=True)


ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "GET",
        EDUCATION,
        "Show what patients can read about their treatment",
        CARE,
        education.ShowEducation,
        education.show_education,
        EducationAnswer,
    ),
    Route(
        "POST",
        f"{EDUCATION}/<topic>/review",
        "Let patients see a text, reviewed by a clinician",
        CLINICIAN,
        education.ReviewEducation,
        education.review_education,
        EducationAnswer,
        body=ReviewRequest,
        description="Patients see it through the day on which the review is due, or until there is another version.",
    ),
    Route(
        "GET",
        f"{PATIENT}/education",
        "List what a patient says they have read",
        CARE,
        education.ListReceipts,
        education.list_receipts,
        ReceiptsAnswer,
    ),
)
