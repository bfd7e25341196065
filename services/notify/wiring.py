"""Puts notify together: one function per process, everything by hand, nothing before it is called."""

from functools import partial

from flask import Flask

from services.notify.api.routes import ROUTES
from services.notify.channels.table import providers
from services.notify.events.consumed import HANDLERS
from services.notify.events.published import TYPES
from services.notify.hooks.door import Secrets, hooks
from services.notify.jobs.table import jobs
from services.notify.pages.acknowledge import staff_pages
from services.notify.pages.unsubscribe import unsubscribe_pages
from services.notify.settings import Settings
from services.notify.store.counts import COUNTS
from services.notify.store.forgotten import FORGOTTEN
from services.notify.store.indexes import INDEXES, STEPS, TELLS
from services.notify.store.kept import KEPT
from services.notify.store.unit_of_work import MongoUnitOfWork
from services.notify.words import load_words
from shared.http.pages import in_units
from shared.process.host import Host, Service

ABOUT = "Messages to patients: what was said, what will be, by which channel, and what became of it."


def service(settings: Settings) -> Service[MongoUnitOfWork]:
    """Notify's tables."""
    return Service(
        name="notify",
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
        make=partial(MongoUnitOfWork, keywords=load_words(), public_url=settings.public_url),
    )


def app(settings: Settings) -> Flask:
    """The web application: API and the pages behind private links."""
    host = Host(service(settings), settings)
    run = in_units(host.units)
    secrets = Secrets(gateway=settings.sms_gateway_secret, twilio=settings.twilio_auth_token)
    return host.app(
        pages=[
            staff_pages(run),
            unsubscribe_pages(run),
            hooks(run, host.clock, secrets, public_url=settings.public_url),
        ]
    )


def worker(settings: Settings) -> int:
    """Hear and tell events, send what is due, until asked to stop."""
    host = Host(service(settings), settings)
    return host.work(jobs(host, providers(settings, host.database, host.sealer, host.clock)))
