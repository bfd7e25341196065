"""Request fields of booking: local dates and wall times within the years that anybody books, lists as tuples."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from marshmallow import ValidationError, fields, validate

from services.booking.domain.calendar.resource import SKILL_CODE

MAX_ID: Final = 64
AN_ID: Final = "0199b1de-7c55-7d00-a5d1-3f8f3cf5a9a1"
"""For examples."""
_FIRST: Final = date(2020, 1, 1)
_LAST: Final = date(2099, 12, 31)
_LOCAL: Final = "^20[2-9][0-9]-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]$"


class LocalMoment(fields.String):
    """A wall time of the clinic, `YYYY-MM-DDTHH:MM`, without offset."""

    def __init__(self, **options: Any) -> None:
        described = {"example": "2027-03-09T09:00", "pattern": _LOCAL, "description": "wall time of the clinic"}
        super().__init__(metadata=described, **options)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> Any:  # noqa: ARG002
        return None if value is None else value.isoformat(timespec="minutes")

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        text = str(super()._deserialize(value, attr, data, **options))
        try:
            if re.fullmatch(_LOCAL, text):
                return datetime.fromisoformat(text)
        except ValueError:
            pass  # such as 31 April: refused like any other text
        raise ValidationError("Not a wall time, such as 2027-03-09T09:00.")


class Instant(fields.AwareDateTime):
    """An instant of the years in which anybody is treated; it becomes one in UTC, of whole milliseconds."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        at = super()._deserialize(value, attr, data, **options)
        _in_these_years(at.date())
        return at.astimezone(UTC).replace(microsecond=at.microsecond // 1000 * 1000)


class LocalDate(fields.Date):
    """A date of the clinic, 2020 to 2099."""

    def __init__(self, **options: Any) -> None:
        super().__init__(validate=_in_these_years, **options)


def _in_these_years(day: date) -> None:
    if not _FIRST <= day <= _LAST:
        raise ValidationError(f"Not between {_FIRST} and {_LAST}.")


class DecimalText(fields.String):
    """A decimal from `least` to `most` with at most `places` behind the point: text, in requests a number as well."""

    def __init__(
        self, least: Decimal, most: Decimal, *, places: int, metadata: Mapping[str, Any] | None = None, **options: Any
    ) -> None:
        self._least, self._most = least, most
        self._pattern = rf"^[0-9]{{1,9}}(\.[0-9]{{1,{places}}})?$"
        described = {"pattern": self._pattern, "description": f"{least} to {most}", "example": str(most)}
        super().__init__(metadata={**described, **(metadata or {})}, **options)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> Any:  # noqa: ARG002
        return None if value is None else format(value, "f")

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        text = str(super()._deserialize(str(value) if is_number else value, attr, data, **options))
        if not re.fullmatch(self._pattern, text) or not self._least <= Decimal(text) <= self._most:
            raise ValidationError(f"Not a decimal number from {self._least} to {self._most}.")
        return Decimal(text)


class Many(fields.List[Any]):
    """A list that becomes a tuple, as frozen dataclasses hold it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        return tuple(super()._deserialize(value, attr, data, **options))


class Whole(validate.Regexp):
    """The whole text matches; `$` alone also matches before a line's end."""

    def __call__(self, value: Any) -> Any:
        if self.regex.fullmatch(value) is None:
            raise ValidationError(self._format_error(value))
        return value


def an_id(**options: Any) -> fields.String:
    """The id of something; whether it is there, the operation says."""
    return fields.String(validate=[Whole("^[!-~]+$"), validate.Length(1, MAX_ID)], **options)


def a_skill(**options: Any) -> fields.String:
    """A skill or a credential, as protocols and resources call it."""
    return fields.String(
        validate=[Whole(f"^{SKILL_CODE}$"), validate.Length(max=80)], metadata={"example": "acls"}, **options
    )


def a_slug(**options: Any) -> fields.String:
    """The name of a protocol in addresses."""
    return fields.String(
        validate=[Whole("^[a-z0-9]+(-[a-z0-9]+){0,9}$"), validate.Length(max=80)],
        metadata={"example": "mood-iv-6x2w"},
        **options,
    )


def as_changes(data: Mapping[str, Any], *beside: str) -> dict[str, Any]:
    """A body of optional fields as the one field of a command that takes them; those named `beside` stay apart."""
    apart = {name: data[name] for name in beside if name in data}
    return {"changes": {name: value for name, value in data.items() if name not in beside}, **apart}
