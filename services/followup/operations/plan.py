"""What can be done with a clinic's plan of follow-up."""

from dataclasses import dataclass

from services.followup.domain.plan import Plan, Questions
from services.followup.domain.publishing import publish
from services.followup.operations.planning import latest_plan
from services.followup.operations.ports import UnitOfWork
from shared.paging import Page, page_of


@dataclass(frozen=True)
class PublishPlan:
    """The next edition of the clinic's plan."""

    questions: Questions


@dataclass(frozen=True)
class ListPlans:
    """All editions, the first one first."""

    limit: int
    after: str | None


def publish_plan(uow: UnitOfWork, command: PublishPlan) -> Plan:
    """Publish; series that run keep their edition. Raises `RuleBroken` with every reason why it cannot be followed."""
    known = {instrument.id for instrument in uow.instruments.instruments}
    return uow.plans.save(publish(latest_plan(uow), command.questions, known))


def list_plans(uow: UnitOfWork, command: ListPlans) -> Page[Plan]:
    """A page of the clinic's editions."""
    return page_of(uow.plans.list(after=command.after, limit=command.limit + 1), command.limit)
