"""What reaches a person at a clinic, and how fast: the platform's defaults until the clinic publishes its own."""

from dataclasses import dataclass

from services.followup.domain.alert_rules import AlertRules, clinic_faults, rule_faults, unpublished
from services.followup.domain.triggers import Rules
from services.followup.operations.ports import UnitOfWork
from shared.errors import Stale
from shared.paging import Page, page_of


@dataclass(frozen=True)
class ShowAlertRules:
    """The edition in force."""


@dataclass(frozen=True)
class PublishAlertRules:
    """All rules, in place of the edition `version`."""

    version: int
    rules: Rules


@dataclass(frozen=True)
class ListAlertRules:
    """All editions that the clinic has published, the first one first."""

    limit: int
    after: str | None


def rules_of(uow: UnitOfWork) -> Rules:
    """What holds for the clinic now."""
    return show_alert_rules(uow, ShowAlertRules()).rules.above(uow.default_rules)


def show_alert_rules(uow: UnitOfWork, _: ShowAlertRules) -> AlertRules:
    """The clinic's newest edition, or the defaults as edition 0."""
    return uow.alert_rules.latest() or unpublished(uow.default_rules)


def publish_alert_rules(uow: UnitOfWork, command: PublishAlertRules) -> AlertRules:
    """From this commit on they say what is raised; alerts that are there keep their clock. Raises `Stale`, and
    `RuleBroken` with every reason why not.
    """
    latest = show_alert_rules(uow, ShowAlertRules())
    if latest.edition != command.version:
        raise Stale
    rota = uow.rotas.of_clinic()
    faults = [
        *rule_faults(command.rules, uow.instruments.instruments),
        *clinic_faults(command.rules, uow.default_rules, rota),
    ]
    published = latest.next(command.rules, faults, by=f"key/{uow.actor.id}", at=uow.now)
    if rota.version:
        # Written again unchanged: a rota that is published meanwhile has been held against other rules.
        uow.rotas.save(rota)
    return uow.alert_rules.save(published)


def list_alert_rules(uow: UnitOfWork, command: ListAlertRules) -> Page[AlertRules]:
    """A page of the clinic's editions."""
    return page_of(uow.alert_rules.list(after=command.after, limit=command.limit + 1), command.limit)
