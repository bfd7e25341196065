"""All of booking's routes; reads like a contents page."""

from services.booking.api import access_keys, clinics, patients, protocols, resources, series
from shared.routes import Route

ROUTES: tuple[Route, ...] = (
    *clinics.ROUTES,
    *access_keys.ROUTES,
    *patients.ROUTES,
    *resources.ROUTES,
    *protocols.ROUTES,
    *series.ROUTES,
)
