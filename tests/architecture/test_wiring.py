"""The tables that are checked here are the ones that run."""

import pytest

from shared.process.jobs import Job
from tests.architecture.checks.tables import SERVICES, module_of, table_of
from tests.support.lazy_service import worker_of

WIRED = [service for service in SERVICES if module_of(service, "wiring")]


def job_faults(jobs: tuple[Job, ...]) -> list[str]:
    """Jobs that share a name, or never run."""
    names = [job.name for job in jobs]
    return [
        *(f"{name} is the name of several jobs" for name in sorted(set(names)) if names.count(name) > 1),
        *(f"{job.name} never runs" for job in jobs if job.every_seconds <= 0 or not callable(job.run)),
    ]


@pytest.mark.parametrize("service", WIRED)
def test_a_worker_works_with_the_tables_of_its_service(service):
    running, jobs = worker_of(service)
    assert running.name == service
    assert running.routes is table_of(service, "api.routes", "ROUTES")
    assert running.types is table_of(service, "events.published", "TYPES")
    assert running.handlers is table_of(service, "events.consumed", "HANDLERS")
    assert running.tells is table_of(service, "store.indexes", "TELLS")
    assert running.indexes is table_of(service, "store.indexes", "INDEXES")
    assert running.steps is table_of(service, "store.indexes", "STEPS")
    assert running.keeps is table_of(service, "store.kept", "KEPT")
    assert running.counts is table_of(service, "store.counts", "COUNTS")
    assert running.forgets is table_of(service, "store.forgotten", "FORGOTTEN")
    assert job_faults(tuple(jobs)) == []


@pytest.mark.parametrize("service", [service for service in WIRED if service != "booking"])
def test_a_service_with_due_work_has_jobs(service):
    assert worker_of(service)[1]


def test_jobs_of_one_name_or_without_pace_are_found():
    knead, rest = Job("knead", 1.0, list), Job("knead", 0.0, list)
    assert job_faults((knead, rest)) == ["knead is the name of several jobs", "knead never runs"]
