"""The JSON of instruments and their words."""

from typing import Any, ClassVar

from marshmallow import Schema, fields, validate

from shared.http.fields import Text, locale

_MANY = 60
"""More questions, or more answers to one, than any instrument has."""


def _few(each: fields.Field[Any], *, key: fields.Field[Any], **options: Any) -> fields.Dict:
    return fields.Dict(keys=key, values=each, validate=validate.Length(max=_MANY), **options)


def _item_id() -> fields.String:
    return fields.String(validate=validate.Length(1, 20))


def _value() -> fields.Integer:
    return fields.Integer(validate=validate.Range(0, 99))


class LicenceAnswer(Schema):
    """Whether the wording comes with this installation, and who says so."""

    may_ship = fields.Boolean(required=True)
    text = fields.String(required=True)


class TextAnswer(Schema):
    """Words that patients are asked with."""

    name = fields.String(required=True, metadata={"example": "c-ssrs.1.en.c1", "description": "kept with the answers"})
    language = fields.String(required=True)
    edition = fields.Integer(required=True)
    is_own = fields.Boolean(required=True, metadata={"description": "loaded by the clinic"})
    source = fields.String(required=True)


class InstrumentAnswer(Schema):
    """An instrument; without `not_asked_because` patients can be asked, else only staff enter its answers."""

    code = fields.String(required=True, attribute="instrument.id", metadata={"example": "c-ssrs"})
    version = fields.Integer(required=True, attribute="instrument.version")
    name = fields.String(required=True, attribute="instrument.name")
    rated_by = fields.String(required=True, attribute="instrument.rated_by")
    min_interval_days = fields.Integer(required=True, attribute="instrument.min_interval_days")
    needs_crisis_line = fields.Boolean(required=True, attribute="instrument.needs_crisis_line")
    licence = fields.Nested(LicenceAnswer, required=True, attribute="instrument.licence")
    sources = fields.List(fields.String(), required=True, attribute="instrument.sources")
    texts = fields.List(fields.Nested(TextAnswer), required=True, metadata={"description": "one for each language"})
    not_asked_because = fields.List(
        fields.String(), required=True, metadata={"description": "no-text, clinician-rated, no-crisis-line"}
    )


class InstrumentsAnswer(Schema):
    """All instruments, by their code."""

    items = fields.List(fields.Nested(InstrumentAnswer), required=True)


class TextRequest(Schema):
    """An official wording, whole: words for every item and for every value that can be answered."""

    language = locale(required=True)
    source = Text(200, required=True, metadata={"description": "where the official wording was taken from"})
    prompt = Text(1000)
    items = _few(Text(1000), key=_item_id(), required=True, metadata={"description": "item id to question"})
    options = _few(Text(200), key=_value(), metadata={"description": "value to answer, for items without their own"})
    item_options = _few(_few(Text(200), key=_value()), key=_item_id(), metadata={"description": "answers of one item"})
    notice = Text(1000, metadata={"description": "what the owner wants to be shown with it"})

    class Meta:
        """What the API pages fill in."""

        example: ClassVar = {
            "language": "en",
            "source": "the owner's own form, 2024",
            "prompt": "Over the last week, how much were you bothered by:",
            "items": {"pain": "Pain", "enjoyment": "Enjoyment", "activity": "Activity"},
            "options": {str(value): str(value) for value in range(11)},
        }
