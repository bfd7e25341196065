"""Plans: where a whole series could be placed, best first. Nothing is reserved and nothing is written."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from services.booking.domain.placement.placement import Wish
from services.booking.domain.planning.plan import Plan, Planner, Wanted
from services.booking.domain.planning.reasons import Reason, outlook, reasons
from services.booking.domain.planning.request import checked
from services.booking.domain.planning.wishes import Wishes
from services.booking.domain.protocol.protocol import Condition, condition_of
from services.booking.operations.free_time import free_time_of
from services.booking.operations.ports import UnitOfWork
from shared.localtime import local_date

STARTS_WITHIN: Final = timedelta(weeks=4)
"""How long after `from_date` the first session may lie when nobody says. Clinic default."""


@dataclass(frozen=True)
class FixedSession:
    """Session `number` is where `wish` says, whatever becomes of the others."""

    number: int
    wish: Wish


@dataclass(frozen=True)
class FindPlans:
    """A series of a protocol whose first session lies from `from_date` (default today) to `until_date`.

    Without `edition` the latest counts; `condition` may be left out when the protocol treats only one.
    """

    patient_id: str
    protocol: str
    edition: int | None = None
    condition: Condition | None = None
    from_date: date | None = None
    until_date: date | None = None
    wishes: Wishes = Wishes()
    fixed: tuple[FixedSession, ...] = ()


@dataclass(frozen=True)
class Plans:
    """Up to five plans, the best first; or, when there are none, the reasons."""

    protocol: str
    edition: int
    zone: str
    plans: tuple[Plan, ...]
    reasons: tuple[Reason, ...] = ()


def find_plans(uow: UnitOfWork, command: FindPlans) -> Plans:
    """The best plans, or why there are none.

    Raises `NotFound` for a patient or a protocol that is not there, and `RuleBroken` with every reason for what cannot
    be looked for.
    """
    person = uow.patients.get(command.patient_id).person
    zone = uow.clinics.get(uow.clinic_id).zone
    protocol = uow.protocols.get(command.protocol, command.edition)
    today = local_date(uow.now, zone)
    from_date = command.from_date or today
    asked = Wanted(
        protocol.regimen,
        from_date,
        command.until_date or from_date + STARTS_WITHIN,
        condition=condition_of(protocol.regimen, command.condition),
        wishes=command.wishes,
        fixed=tuple((one.number, one.wish) for one in command.fixed),
        elsewhere=uow.exposures.of(person).dates,
    )
    wanted = checked(asked, uow.resources.all(), zone, today)
    wanted = replace(wanted, from_date=max(wanted.from_date, today))
    planner = Planner(free_time_of(uow, command.patient_id, wanted.from_date, wanted.last_date))
    answer = Plans(protocol.slug, protocol.edition, zone, tuple(planner.best(wanted)))
    return answer if answer.plans else replace(answer, reasons=_why(uow, command.patient_id, wanted, today))


def _why(uow: UnitOfWork, patient_id: str, wanted: Wanted, today: date) -> tuple[Reason, ...]:
    planner = Planner(free_time_of(uow, patient_id, *outlook(wanted, today)))
    return tuple(reasons(planner, wanted, today))
