"""Puts booking together: one function per process, everything by hand, nothing before it is called."""

from functools import partial
from typing import Final

from flask import Flask

from services.booking.api.routes import ROUTES
from services.booking.events.consumed import HANDLERS
from services.booking.events.published import TYPES
from services.booking.jobs.table import jobs
from services.booking.pages.appointment import appointment_pages
from services.booking.pages.feed import feed_pages
from services.booking.settings import Settings
from services.booking.store.counts import COUNTS
from services.booking.store.forgotten import FORGOTTEN
from services.booking.store.indexes import INDEXES, STEPS, TELLS
from services.booking.store.kept import KEPT
from services.booking.store.unit_of_work import MongoUnitOfWork
from shared.http.pages import in_units
from shared.process.host import Host, Service

ABOUT: Final = "Clinics, access keys, patients, protocols, resources and whole infusion series."


def service(settings: Settings) -> Service[MongoUnitOfWork]:
    """Booking's tables."""
    return Service(
        name="booking",
        about=ABOUT,
        routes=ROUTES,
        types=TYPES,
        handlers=HANDLERS,
        tells=TELLS,
        indexes=INDEXES,
        steps=STEPS,
        counts=COUNTS,
        keeps=KEPT,
        forgets=FORGOTTEN,
        make=partial(MongoUnitOfWork, public_url=settings.public_url),
    )


def app(settings: Settings) -> Flask:
    """The web application: API, patients' pages and calendar feeds."""
    host = Host(service(settings), settings)
    run = in_units(host.units)
    return host.app(pages=[appointment_pages(run, public_url=settings.public_url), feed_pages(run)])


def worker(settings: Settings) -> int:
    """Tell events and do due work until asked to stop."""
    host = Host(service(settings), settings)
    return host.work(jobs(host))
