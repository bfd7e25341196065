"""Plans over HTTP."""

from typing import Final

from services.booking.api import plan_schemas as schemas
from services.booking.api.scopes import CARE
from services.booking.operations import plans
from shared.http.routes import Route

ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "POST",
        "/clinics/<clinic_id>/plans",
        "Find places for a whole series",
        CARE,
        plans.FindPlans,
        plans.find_plans,
        schemas.PlansAnswer,
        body=schemas.PlansRequest,
        description=(
            "Up to five complete plans, the best first, or the reasons why there is none, each with the nearest change "
            "that would help. Nothing is reserved: book or hold a plan by sending its `sessions`."
        ),
        only_asks=True,
    ),
)
