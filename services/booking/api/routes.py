"""All of booking's routes; reads like a contents page."""

from services.booking.api import (
    access_keys,
    clearance,
    clinics,
    confirmations,
    feeds,
    holds,
    moves,
    offers,
    patients,
    people,
    plans,
    protocols,
    resources,
    series,
    tasks,
    views,
    waitlist,
)
from shared.routes import Route

ROUTES: tuple[Route, ...] = (
    *clinics.ROUTES,
    *access_keys.ROUTES,
    *patients.ROUTES,
    *people.ROUTES,
    *clearance.ROUTES,
    *resources.ROUTES,
    *protocols.ROUTES,
    *plans.ROUTES,
    *series.ROUTES,
    *moves.ROUTES,
    *confirmations.ROUTES,
    *feeds.ROUTES,
    *holds.ROUTES,
    *waitlist.ROUTES,
    *offers.ROUTES,
    *tasks.ROUTES,
    *views.ROUTES,
)
