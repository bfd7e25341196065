"""Puts booking together: one function per process, everything by hand, nothing before it is called."""

from services.booking.api.routes import ROUTES
from services.booking.events.consumed import HANDLERS
from services.booking.events.published import TYPES
from services.booking.jobs.table import JOBS
from services.booking.settings import Settings
from services.booking.store.indexes import INDEXES, TELLS
from services.booking.store.unit_of_work import MongoUnitOfWork
from shared.host import Host, Service
from shared.serving import serve

SERVICE = Service(
    name="booking",
    about="Clinics, access keys, patients, protocols, resources and whole infusion series.",
    routes=ROUTES,
    types=TYPES,
    handlers=HANDLERS,
    tells=TELLS,
    indexes=INDEXES,
    make=MongoUnitOfWork,
)


def web(settings: Settings) -> int:
    """Serve the API until asked to stop."""
    serve(lambda: Host(SERVICE, settings).app(), settings)
    return 0


def worker(settings: Settings) -> int:
    """Tell events and do due work until asked to stop."""
    return Host(SERVICE, settings).work(JOBS)


def indexes(settings: Settings) -> int:
    """Create missing indexes."""
    Host(SERVICE, settings).create_indexes()
    return 0
