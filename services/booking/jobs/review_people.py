"""Lets every clinic count the caps anew of people of whose doses more has come to light in another clinic.

No claim is needed: a clinic that has counted is taken off the person's list in the same commit, and counting twice
changes nothing.
"""

from typing import Any, Final

from services.booking.operations.exposure import ReviewPerson, review_person
from services.booking.store.exposure import EXPOSURES, to_review
from shared.ids import new_id
from shared.persistence.unit_of_work import Cause
from shared.process.host import Host
from shared.process.jobs import run_batch

_AT_ONCE: Final = 100


def review_people(host: Host[Any, Any]) -> int:
    """Do a batch; how many went well."""
    found = host.database[EXPOSURES].find(to_review(), {"to_review": 1}, limit=_AT_ONCE)
    waiting = [(clinic_id, row["_id"]) for row in found for clinic_id in row["to_review"]]
    return run_batch(waiting, lambda one: _review(host, *one), job="review-people")


def _review(host: Host[Any, Any], clinic_id: str, person: str) -> None:
    cause = Cause(correlation_id=new_id(), causation_id="job/review-people", traceparent="")
    host.units.run(clinic_id, cause, review_person, ReviewPerson(person))
