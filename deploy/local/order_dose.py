"""A clinician's dose order over HTTP, as every dose needs one: half a milligram per kilogram."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any


def a_dose_order(today: date) -> dict[str, Any]:
    """A body that orders 35 mg over the protocol's minutes, for somebody who was weighed today."""
    weight = {"kg": "70", "measured_on": f"{today}", "height_cm": "175", "sex": "male"}
    return {"basis": "mg-per-kg", "amount": "0.5", "weight": weight, "reason": "weighed again"}


def order_dose(post: Callable[[str, Mapping[str, Any]], Any], series_id: str, today: date) -> str:
    """Sign the order of a series; its id. `post` sends a body to a path below the clinic's, as a clinician."""
    return str(post(f"/series/{series_id}/dose-orders", a_dose_order(today))["id"])
