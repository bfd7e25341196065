"""Who is on call: the clinic's rota, published as a whole."""

from dataclasses import dataclass, replace

from services.followup.domain.hours import Opening
from services.followup.domain.rota import Contact, Rota, Shift, StandIn
from services.followup.operations.alert_rules import rules_of
from services.followup.operations.ports import UnitOfWork


@dataclass(frozen=True)
class ShowRota:
    """The clinic's rota."""


@dataclass(frozen=True)
class PublishRota:
    """The whole rota in place of the one of that `version`."""

    version: int
    contacts: tuple[Contact, ...]
    shifts: tuple[Shift, ...]
    stand_ins: tuple[StandIn, ...] = ()
    openings: tuple[Opening, ...] = ()


def show_rota(uow: UnitOfWork, _: ShowRota) -> Rota:
    """The clinic's rota, an empty one of version 0 when none was ever published."""
    return uow.rotas.of_clinic()


def publish_rota(uow: UnitOfWork, command: PublishRota) -> Rota:
    """From this commit on it says who is paged. Raises `Stale`, and `RuleBroken` with every reason why not."""
    rota = uow.rotas.of_clinic(command.version)
    wanted = replace(
        rota,
        contacts=command.contacts,
        shifts=command.shifts,
        stand_ins=command.stand_ins,
        openings=command.openings,
    )
    return uow.rotas.save(rota.published(wanted, rules_of(uow).on_call))
