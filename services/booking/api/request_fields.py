"""Local dates and wall times in requests, within the years that anybody books."""

import re
from datetime import date, datetime
from typing import Any, Final

from marshmallow import ValidationError, fields

_FIRST: Final = date(2020, 1, 1)
_LAST: Final = date(2099, 12, 31)
_LOCAL: Final = "^20[2-9][0-9]-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]$"


class LocalMoment(fields.String):
    """A wall time of the clinic, `YYYY-MM-DDTHH:MM`, without offset."""

    def __init__(self, **options: Any) -> None:
        described = {"example": "2026-03-04T09:00", "pattern": _LOCAL, "description": "wall time of the clinic"}
        super().__init__(metadata=described, **options)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> Any:
        return None if value is None else value.isoformat(timespec="minutes")

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        text = super()._deserialize(value, attr, data, **options)
        try:
            if re.fullmatch(_LOCAL, text):
                return datetime.fromisoformat(text)
        except ValueError:
            pass
        raise ValidationError("Not a wall time, such as 2026-03-04T09:00.")


class LocalDate(fields.Date):
    """A date of the clinic, 2020 to 2099."""

    def __init__(self, **options: Any) -> None:
        super().__init__(validate=_in_these_years, **options)


def _in_these_years(day: date) -> None:
    if not _FIRST <= day <= _LAST:
        raise ValidationError(f"Not between {_FIRST} and {_LAST}.")
