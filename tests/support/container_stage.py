"""The stage of the fault tests, on an installation by docker-compose."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import time
from typing import Final, cast

from deploy.local.platform import Platform
from deploy.local.story import Clinic
from deploy.local.story_stage import ZONE
from shared.clock import SimulatedClock
from shared.localtime import at_local_time
from tests.support.containers import Containers
from tests.support.fault_checks import TELLS
from tests.support.fault_stage import Stage

ASKED_BY: Final = time(17, 30)
"""On the evening before a session its patient has been asked how they are, by the default plan at 17:00."""


@contextmanager
def looked_into(installation: Containers) -> Iterator[Stage]:
    """The installation with its databases open, as long as the member that is now the primary stays it."""
    with installation.database() as databases:
        # It offers what a stage asks of a platform of processes.
        yield Stage(cast("Platform", installation), SimulatedClock(installation.installation.clock_file), databases)


def to_the_eve(stage: Stage, clinic: Clinic) -> None:
    """Move the clock to the evening before the clinic's first session, so that every service has had its work."""
    series = stage.evidence(clinic).rows("booking", "series", status="active")
    first = min(one["starts_at"] for row in series for one in row["sessions"] if one["status"] == "booked")
    stage.clock.move_to(at_local_time(first, ZONE, ASKED_BY, days=-1))


def everybody_told(stage: Stage, clinic: Clinic) -> bool:
    """Whether each service told something of the clinic: where nothing happened, nothing can have been lost."""
    evidence = stage.evidence(clinic)
    return all(evidence.rows(service, "events") for service in TELLS)
