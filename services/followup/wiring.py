"""Puts followup together: one function per process, everything by hand, nothing before it is called."""

from functools import partial
from typing import Final

from flask import Flask

from services.followup.api.routes import ROUTES
from services.followup.events.consumed import HANDLERS
from services.followup.events.published import TYPES
from services.followup.instruments import load_library
from services.followup.jobs.table import jobs
from services.followup.pages.check_in import check_in_pages
from services.followup.plans import load_default
from services.followup.rules import load_rules
from services.followup.settings import Settings
from services.followup.store.counts import COUNTS
from services.followup.store.forgotten import FORGOTTEN
from services.followup.store.indexes import INDEXES, STEPS, TELLS
from services.followup.store.kept import KEPT
from services.followup.store.unit_of_work import MongoUnitOfWork
from shared.http.pages import in_units
from shared.process.host import Host, Service

ABOUT: Final = "Check-ins after each session, the patient's private page, scores and their change."


def service(settings: Settings) -> Service[MongoUnitOfWork]:
    """Followup's tables. A fault in an instrument, in the default plan or in the rules stops the start here."""
    library = load_library()
    default_plan = load_default(frozenset(instrument.id for instrument in library.instruments))
    return Service(
        name="followup",
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
        make=partial(
            MongoUnitOfWork,
            instruments=library,
            default_plan=default_plan,
            default_rules=load_rules(library.instruments),
            public_url=settings.public_url,
        ),
    )


def app(settings: Settings) -> Flask:
    """The web application: API and patients' pages."""
    host = Host(service(settings), settings)
    return host.app(pages=[check_in_pages(in_units(host.units), public_url=settings.public_url)])


def worker(settings: Settings) -> int:
    """Hear and tell events, open and close check-ins, until asked to stop."""
    host = Host(service(settings), settings)
    return host.work(jobs(host))
