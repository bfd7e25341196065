"""All of notify's routes; reads like a contents page."""

from services.notify.api import consents, desk, messages, pages, policy, replies, templates
from shared.http.routes import Route
from shared.personal_data.route import export_route

ROUTES: tuple[Route, ...] = (
    *messages.ROUTES,
    *replies.ROUTES,
    *desk.ROUTES,
    *consents.ROUTES,
    *policy.ROUTES,
    *pages.ROUTES,
    *templates.ROUTES,
    export_route(),
)
