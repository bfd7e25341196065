"""Views of the calendar over HTTP: a day, a patient's time line, how resources are used."""

from typing import Final

from services.booking.api import view_schemas as schemas
from services.booking.api.scopes import CARE
from services.booking.operations import views
from shared.http.cursors import page_schema
from shared.http.routes import Route

ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "GET",
        "/clinics/<clinic_id>/day-sheet",
        "Show a day, resource by resource",
        CARE,
        views.ShowDaySheet,
        views.show_day_sheet,
        page_schema(schemas.ColumnAnswer),
        query=schemas.DaySheetQuery,
        description="One column for each resource: when it is there, who has it, what is free.",
    ),
    Route(
        "GET",
        "/clinics/<clinic_id>/patients/<patient_id>/timeline",
        "Show a patient's sessions in the order of time",
        CARE,
        views.ShowTimeline,
        views.show_timeline,
        page_schema(schemas.MilestoneAnswer),
        query=schemas.TimelineQuery,
    ),
    Route(
        "GET",
        "/clinics/<clinic_id>/utilisation",
        "Show how each resource is used, day by day",
        CARE,
        views.ShowUtilisation,
        views.show_utilisation,
        page_schema(schemas.ResourceUseAnswer),
        query=schemas.UtilisationQuery,
    ),
    Route(
        "GET",
        "/clinics/<clinic_id>/utilisation/kinds",
        "Show how each kind of resource is used",
        CARE,
        views.SumUtilisation,
        views.sum_utilisation,
        schemas.KindsAnswer,
        query=schemas.DatesQuery,
    ),
)
