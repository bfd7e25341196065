"""Request fields that every service reads the same way."""

import re
from datetime import time
from typing import Any, Final

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from marshmallow import ValidationError, fields, validate

from shared.localtime import is_zone

LOCALES = ("en", "es", "de")


class Text(fields.String):
    """Printable text without control characters, trimmed, at least one character."""

    def __init__(self, max_length: int, **options: Any) -> None:
        super().__init__(validate=validate.Length(1, max_length), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text = str(super()._deserialize(value, attr, data, **options)).strip()
        if not text.isprintable():
            raise ValidationError("No control characters, please.")
        return text


class Phone(Text):
    """A phone number in international form, kept as E.164 (`+12125550100`)."""

    def __init__(self, **options: Any) -> None:
        super().__init__(40, metadata={"example": "+12125550100"}, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options)
        try:
            number = phonenumbers.parse(text, None)
        except phonenumbers.NumberParseException as error:
            raise ValidationError("Not a phone number in international form, such as +12125550100.") from error
        if not phonenumbers.is_possible_number(number):
            raise ValidationError("No such phone number can exist.")
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


class EmailAddress(Text):
    """An e-mail address, normalised; whether its domain takes mail is not asked."""

    def __init__(self, **options: Any) -> None:
        super().__init__(254, metadata={"example": "ada@example.com", "format": "email"}, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options)
        try:
            return validate_email(text, check_deliverability=False, test_environment=True).normalized
        except EmailNotValidError as error:
            raise ValidationError(str(error)) from error


class Zone(Text):
    """An IANA time zone."""

    def __init__(self, **options: Any) -> None:
        super().__init__(64, metadata={"example": "America/New_York"}, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options)
        if not is_zone(text):
            raise ValidationError("Not an IANA time zone, such as America/New_York.")
        return text


class Seconds(fields.TimeDelta):
    """A length of time in whole seconds."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        try:
            return super()._deserialize(value, attr, data, **options)
        except OverflowError as error:
            raise self.make_error("invalid") from error


class WallTime(fields.String):
    """A local time of day, `HH:MM`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(validate=_is_wall_time, metadata={"example": "21:00", "pattern": _WALL_TIME}, **options)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> Any:
        return None if value is None else value.isoformat(timespec="minutes")

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        text = super()._deserialize(value, attr, data, **options)
        return time.fromisoformat(text) if re.fullmatch(_WALL_TIME, text) else text


_WALL_TIME: Final = "^([01][0-9]|2[0-3]):[0-5][0-9]$"


def _is_wall_time(value: Any) -> None:
    if not isinstance(value, time):
        raise ValidationError("Not a time of day, such as 21:00.")


def country(**options: Any) -> fields.String:
    """An ISO 3166 alpha-2 country code."""
    # The length as well: `$` also matches before a line's end.
    letters = [validate.Length(equal=2), validate.Regexp("^[A-Z]{2}$")]
    return fields.String(validate=letters, metadata={"example": "US"}, **options)


def locale(**options: Any) -> fields.String:
    """A language that patients are written to in."""
    return fields.String(validate=validate.OneOf(LOCALES), **options)
