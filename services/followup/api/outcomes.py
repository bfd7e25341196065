"""The routes of what became of patients: one patient's chart, all patients' rates, the export."""

import csv
from collections.abc import Iterator
from io import StringIO
from typing import Final

from marshmallow import Schema, fields

from services.followup import charts
from services.followup.api.scopes import ADMIN, CARE
from services.followup.domain.outcome import Week
from services.followup.operations import outcomes, queries
from shared.http.fields import Text
from shared.http.routes import File, Route

_COLUMNS: Final = (
    *("person", "course", "protocol", "condition", "instrument", "instrument_version", "day", "day_after_last_dose"),
    *("total", "band", "baseline", "drop", "response", "remission", "reliable"),
)
_FEW: Final = "null: too few people, or no such rule"


def _percent(count: int | None, week: Week) -> float | None:
    return None if count is None or not week.n else round(100 * count / week.n, 1)


def _rate(about: str) -> dict[str, object]:
    return {"type": ["number", "null"], "description": about, "example": 66.7}


class OutcomesQuery(Schema):
    """Which series, and by which instrument."""

    instrument = Text(40, required=True, metadata={"example": "phq-9"})
    protocol = Text(80, load_default=None, metadata={"description": "only series of this protocol"})


class ExportQuery(Schema):
    """Which series and instruments."""

    instrument = Text(40, load_default=None, metadata={"description": "only scores of this instrument"})
    protocol = Text(80, load_default=None, metadata={"description": "only series of this protocol"})


class WeekAnswer(Schema):
    """Series with a score in one week after their last dose; the last score of the week counts."""

    week = fields.Integer(required=True, attribute="number", metadata={"description": "1 are the days 1 to 7"})
    n = fields.Integer(required=True, allow_none=True, metadata={"description": "series; null: too few people"})
    responders = fields.Integer(required=True, allow_none=True, metadata={"description": _FEW})
    response_percent = fields.Function(lambda week: _percent(week.responders, week), metadata=_rate("of n"))
    remitters = fields.Integer(required=True, allow_none=True, metadata={"description": _FEW})
    remission_percent = fields.Function(lambda week: _percent(week.remitters, week), metadata=_rate("of n"))


class OutcomesAnswer(Schema):
    """Rates by week. Series that began at 0 or in remission are left out, and figures of fewer than five people."""

    instrument = fields.String(required=True, attribute="instrument.id")
    protocol = fields.String(required=True, allow_none=True, metadata={"description": "null: all"})
    n = fields.Integer(required=True, allow_none=True, metadata={"description": "series with a baseline"})
    weeks = fields.List(fields.Nested(WeekAnswer), required=True)


def as_table(export: outcomes.Export) -> bytes:
    """RFC 4180, with a heading; yes and no as true and false, empty where there is no such rule."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    writer.writerows([*_cells(row)] for row in export.rows)
    return out.getvalue().encode()


def _cells(row: outcomes.Row) -> Iterator[object]:
    found, scored, change = row.outcome, row.outcome.scored, row.outcome.change
    yield from (row.person, row.course, found.course.protocol, found.course.condition)
    yield from (scored.instrument, scored.instrument_version, found.day, found.day_after)
    yield from (scored.total, scored.band, found.baseline)
    yield change and change.drop
    yield from map(_verdict, (change.response, change.remission, change.reliable) if change else (None, None, None))


def _verdict(holds: bool | None) -> str:  # noqa: FBT001 - a cell of the table
    return "" if holds is None else str(holds).lower()


ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "GET",
        "/clinics/<clinic_id>/patients/<patient_id>/charts/<code>.svg",
        "Draw a patient's scores of one instrument",
        CARE,
        queries.ShowChart,
        queries.show_chart,
        File(charts.MEDIA_TYPE, charts.as_svg),
        description="Bands shaded, sessions marked, the newest score in words; can be read aloud.",
    ),
    Route(
        "GET",
        "/clinics/<clinic_id>/outcomes",
        "Show response and remission by week after the last dose",
        CARE,
        outcomes.ShowOutcomes,
        outcomes.show_outcomes,
        OutcomesAnswer,
        query=OutcomesQuery,
    ),
    Route(
        "GET",
        "/clinics/<clinic_id>/outcomes.csv",
        "Export all scores without who they are of",
        ADMIN,
        outcomes.ExportOutcomes,
        outcomes.export_outcomes,
        File("text/csv; charset=utf-8", as_table),
        query=ExportQuery,
        description="Days instead of dates, numbers of this export instead of ids. Refused for fewer than five people.",
    ),
)
