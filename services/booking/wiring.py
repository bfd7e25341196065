"""Puts booking together: one function per process, everything by hand, nothing before it is called."""

from services.booking.api.routes import ROUTES
from services.booking.events.consumed import HANDLERS
from services.booking.events.published import TYPES
from services.booking.jobs.table import JOBS
from services.booking.settings import Settings
from services.booking.store.indexes import INDEXES, TELLS
from services.booking.store.unit_of_work import MongoUnitOfWork
from shared.host import Host
from shared.serving import serve

ABOUT = "Clinics, access keys, patients, protocols, resources and whole infusion series."


def host(settings: Settings) -> Host[Settings, MongoUnitOfWork]:
    """What every process of booking stands on."""
    return Host("booking", settings, TYPES, MongoUnitOfWork)


def web(settings: Settings) -> int:
    """Serve the API until asked to stop."""
    serve(lambda: host(settings).app(ABOUT, ROUTES), settings)
    return 0


def worker(settings: Settings) -> int:
    """Tell events and do due work until asked to stop."""
    here = host(settings)
    return here.work(HANDLERS, TELLS, JOBS)


def indexes(settings: Settings) -> int:
    """Create missing indexes."""
    host(settings).create_indexes(INDEXES)
    return 0
