"""A clinic's own texts over HTTP."""

import unicodedata
from collections.abc import Mapping
from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from services.notify.api.messages import MessageAnswer
from services.notify.api.scopes import ADMIN_OR_OPERATOR, CARE, STAFF
from services.notify.domain.clock_face import FACES
from services.notify.domain.message import Channel
from services.notify.domain.recipient import Privacy
from services.notify.domain.text_keys import KEYS
from services.notify.operations import templates
from shared.http.fields import EmailAddress, Phone
from shared.http.routes import Route

LONGEST: Final = 2000


class Source(fields.String):
    """A template: line ends and composed letters are made the same everywhere."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=True, validate=validate.Length(1, LONGEST), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text = str(super()._deserialize(value, attr, data, **options))
        if not text.replace("\r\n", "").replace("\n", "").isprintable():
            raise ValidationError("No control characters, please.")
        return unicodedata.normalize("NFC", text.replace("\r\n", "\n")) if len(text) <= LONGEST else text


def _key(**options: Any) -> fields.String:
    metadata = {"description": "what is said", "example": "reminder P1D"}
    return fields.String(validate=validate.OneOf(list(KEYS)), metadata=metadata, **options)


def _language(**options: Any) -> fields.String:
    return fields.String(validate=validate.OneOf(list(FACES)), metadata={"example": "en"}, **options)


class TemplateRequest(Schema):
    """Three templates that say the same. The language: words, `{{name}}`, `{% if %}` with `and`, `or`, `not`."""

    class Meta:
        example: Final = {
            "key": "reminder PT2H",
            "language": "en",
            "privacy": "standard",
            "sms": "{{alias}}: we expect you {{when}}, {{early}} min early please. Call {{phone}}.",
            "subject": "{{alias}}: your visit",
            "email": "{{alias}}: we expect you {{when}}.\n\nPlease arrive {{early}} min early.\n\nCall {{phone}}.\n",
        }

    key = _key(required=True)
    language = _language(required=True)
    privacy = fields.Enum(Privacy, by_value=True, required=True)
    sms = Source()
    subject = Source()
    email = Source(metadata={"description": "plain text; paragraphs, `- ` lists, and `words: {{link}}` as a button"})


class SendTestRequest(TemplateRequest):
    """The same, and whom to send it to: one of `phone` and `to_email`."""

    class Meta:
        example: Final = {**TemplateRequest.Meta.example, "phone": "+12125550100"}

    phone = Phone(load_default=None, allow_none=True)
    to_email = EmailAddress(load_default=None, allow_none=True)

    @validates_schema
    def says_where_to(self, data: Mapping[str, Any], **_: Any) -> None:
        if bool(data.get("phone")) == bool(data.get("to_email")):
            raise ValidationError("Give a phone number or an e-mail address, one of them.", "phone")

    @post_load
    def address(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        given = dict(data)
        phone, email = given.pop("phone"), given.pop("to_email")
        return {**given, "channel": Channel.SMS if phone else Channel.EMAIL, "to": phone or email}


class TemplateQuery(Schema):
    """Which texts."""

    key = _key(load_default=None)
    language = _language(load_default=None)


class TextAnswer(Schema):
    """A text that counts."""

    key = fields.String(required=True)
    language = fields.String(required=True)
    privacy = fields.Enum(Privacy, by_value=True, required=True)
    edition = fields.Integer(required=True, metadata={"description": "the clinic's own; 0: the platform's"})
    sms = fields.String(required=True)
    subject = fields.String(required=True)
    email = fields.String(required=True)


class TextsAnswer(Schema):
    """All texts that were asked for."""

    items = fields.List(fields.Nested(TextAnswer), required=True)


class TemplateAnswer(TextAnswer):
    """An edition."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    published_at = fields.AwareDateTime(required=True)
    published_by = fields.String(required=True, metadata={"description": "the access key's id"})


class SampleAnswer(Schema):
    """The texts with facts in them."""

    sms = fields.String(required=True)
    encoding = fields.String(required=True, metadata={"description": "of the SMS: gsm-7 or ucs-2"})
    units = fields.Integer(required=True, metadata={"description": "septets of gsm-7, or 16-bit units of ucs-2"})
    parts = fields.Integer(required=True, metadata={"description": "SMS that it is sent as"})
    subject = fields.String(required=True)
    email = fields.String(required=True)
    html = fields.String(required=True, metadata={"description": "of the e-mail"})


class FaultAnswer(Schema):
    """A reason why it cannot be published."""

    code = fields.String(required=True)
    detail = fields.String(required=True)
    pointer = fields.String(required=True)


class PreviewAnswer(Schema):
    """What it would look like. Without samples where it cannot be read."""

    usual = fields.Nested(SampleAnswer, required=True, allow_none=True)
    longest = fields.Nested(
        SampleAnswer, required=True, allow_none=True, metadata={"description": "with every field at its longest"}
    )
    faults = fields.List(fields.Nested(FaultAnswer), required=True)


ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "GET",
        "/clinics/<clinic_id>/templates",
        "List the texts that messages are made of",
        CARE | ADMIN_OR_OPERATOR,
        templates.ListTemplates,
        templates.list_templates,
        TextsAnswer,
        query=TemplateQuery,
        description="The clinic's own and, where it has none, the platform's.",
    ),
    Route(
        "POST",
        "/clinics/<clinic_id>/templates",
        "Publish a text of the clinic's own",
        ADMIN_OR_OPERATOR,
        templates.PublishTemplate,
        templates.publish_template,
        TemplateAnswer,
        body=TemplateRequest,
        status=201,
        description="The next edition, which every message is made of from now on. A text that says what it must not, "
        "or takes too many SMS at its longest, is refused with every reason.",
    ),
    Route(
        "POST",
        "/clinics/<clinic_id>/templates/preview",
        "Show what a text would look like",
        ADMIN_OR_OPERATOR | STAFF,
        templates.TryTemplate,
        templates.preview_template,
        PreviewAnswer,
        body=TemplateRequest,
        only_asks=True,
        description="With usual facts and with every field at its longest, and why it could not be published.",
    ),
    Route(
        "POST",
        "/clinics/<clinic_id>/templates/test-send",
        "Send a text to a number or an address",
        ADMIN_OR_OPERATOR,
        templates.SendTest,
        templates.send_test,
        MessageAnswer,
        body=SendTestRequest,
        status=201,
        description="With sample facts, by the same way as all messages. What could not be published is not sent.",
    ),
)
