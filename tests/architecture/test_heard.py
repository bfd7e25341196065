from dataclasses import dataclass
from typing import Any

import pytest

from shared import contracts
from shared.messaging.hearing import Heard
from tests.architecture.checks.heard import table_faults
from tests.architecture.checks.tables import SERVICES, table_of


@pytest.mark.parametrize("service", SERVICES)
def test_every_heard_type_has_a_handler_and_no_other(service):
    heard = {type for types in contracts.heard_by(service).values() for type in types}
    assert table_faults(table_of(service, "events.consumed", "HANDLERS", {}), heard) == []


# --- negative proofs ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ShelveCake:
    cake_id: str


@dataclass(frozen=True)
class SellCake:
    cake_id: str


def shelve_cake(_uow: Any, _command: ShelveCake) -> None:
    pass


def shelve_blindly(_uow: Any) -> None:
    pass


BLIND: Any = shelve_blindly


def test_a_matching_table_has_no_faults():
    assert table_faults({"cake.baked.v1": Heard(ShelveCake, shelve_cake)}, {"cake.baked.v1"}) == []


def test_a_missing_and_a_stray_handler_are_found():
    assert table_faults({"cake.eaten.v1": Heard(ShelveCake, shelve_cake)}, {"cake.baked.v1"}) == [
        "cake.baked.v1 is heard and has no handler",
        "cake.eaten.v1 has a handler and is in no topic for this service",
    ]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (Heard(SellCake, shelve_cake), f"shelve_cake wants {ShelveCake}, not SellCake"),
        (Heard(ShelveCake, BLIND), "shelve_blindly takes ['_uow'], not a unit of work and a command"),
        (Heard(dict, BLIND), "dict is no command class"),
    ],
)
def test_a_row_that_does_not_fit_is_found(row, fault):
    assert f"cake.baked.v1: {fault}" in table_faults({"cake.baked.v1": row}, {"cake.baked.v1"})
