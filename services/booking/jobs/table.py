"""Booking's due work: none yet."""

from shared.jobs import Job

JOBS: tuple[Job, ...] = ()
