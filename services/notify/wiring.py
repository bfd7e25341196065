"""Puts notify together: one function per process, everything by hand, nothing before it is called."""

from services.notify.api.routes import ROUTES
from services.notify.channels.table import providers
from services.notify.events.consumed import HANDLERS
from services.notify.events.published import TYPES
from services.notify.jobs.table import jobs
from services.notify.settings import Settings
from services.notify.store.indexes import INDEXES, TELLS
from services.notify.store.unit_of_work import MongoUnitOfWork
from shared.host import Host, Service
from shared.serving import serve

ABOUT = "Messages to patients: what was said, what will be, by which channel, and what became of it."

SERVICE = Service(
    name="notify",
    about=ABOUT,
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
    """Hear and tell events, send what is due, until asked to stop."""
    host = Host(SERVICE, settings)
    return host.work(jobs(host, providers(settings, host.database, host.sealer, host.clock)))


def indexes(settings: Settings) -> int:
    """Create missing indexes."""
    Host(SERVICE, settings).create_indexes()
    return 0
