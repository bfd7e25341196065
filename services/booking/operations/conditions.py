"""What is treated, and what says how a treatment of it does."""

from dataclasses import dataclass
from enum import StrEnum

from services.booking.domain.protocol.protocol import INVESTIGATIONAL, Condition
from services.booking.domain.series.gate import MEASURES
from services.booking.operations.ports import UnitOfWork


class Standing(StrEnum):
    """What the treatment of a condition rests on."""

    ESTABLISHED = "established-offlabel"
    INVESTIGATIONAL = "investigational"
    """It takes a consent of its own and a psychiatrist's word."""


@dataclass(frozen=True)
class ListConditions:
    """All of them."""


@dataclass(frozen=True)
class Treated:
    """A condition, and the instruments any of which tells how its treatment does."""

    code: Condition
    status: Standing
    instruments: tuple[str, ...]


@dataclass(frozen=True)
class Catalogue:
    """Every condition once."""

    items: tuple[Treated, ...]


def list_conditions(uow: UnitOfWork, _: ListConditions) -> Catalogue:
    """The conditions that a clinic treats. Raises `NotFound` without such a clinic."""
    uow.clinics.get(uow.clinic_id)
    return Catalogue(tuple(Treated(one, _standing(one), tuple(sorted(MEASURES[one]))) for one in Condition))


def _standing(condition: Condition) -> Standing:
    return Standing.INVESTIGATIONAL if condition in INVESTIGATIONAL else Standing.ESTABLISHED
