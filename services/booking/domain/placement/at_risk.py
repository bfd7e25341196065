"""Booked sessions that the clinic can no longer keep as they are: somebody has closed, changed or left since.

Nothing is moved by itself. Such a session stays where it is, at risk, until a person decides.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import date

from services.booking.domain.calendar.resource import Resource
from services.booking.domain.calendar.slots import Claim
from services.booking.domain.series.session import Session
from shared.errors import Fault
from shared.localtime import local_date


def at_risk(session: Session, resources: Iterable[Resource], holidays: Collection[date], zone: str) -> list[Fault]:
    """Why an open session cannot take place as it is, in a clinic in `zone`; nothing when it can, or is over.

    Only the given resources are looked at. Each fault names a resource in its context, but `clinic.closed`.
    """
    if not session.is_open:
        return []
    faults = [Fault("clinic.closed", f"The clinic is closed on {session.on}.")] if session.on in holidays else []
    for resource in resources:
        claims = [claim for claim in session.claims if claim.resource_id == resource.id]
        if claims and (fault := next(_why_not(resource, claims, zone), None)):
            faults.append(fault)
    return faults


def _why_not(resource: Resource, claims: Iterable[Claim], zone: str) -> Iterator[Fault]:
    """Everything that forbids it, what weighs most first."""
    context = {"kind": str(resource.kind), "resource_id": resource.id}
    if not resource.is_active:
        yield Fault("resource.inactive", f"{resource.name} is not in use.", context=context)
    for claim in claims:
        if not resource.has_skills(claim.skills, local_date(claim.from_at, zone)):
            missing = ", ".join(claim.skills)
            yield Fault("resource.unskilled", f"{resource.name} does not hold on that day: {missing}.", context=context)
        if not resource.is_open(claim.from_at, claim.until_at, zone):
            yield Fault("resource.closed", f"{resource.name} is not there for the whole session.", context=context)
