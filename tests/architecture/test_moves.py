from dataclasses import dataclass
from enum import StrEnum
from types import ModuleType

import pytest

from tests.architecture.checks.moves import faults_of, first_state, steps_of
from tests.architecture.checks.tables import SERVICES, module_of, modules_below

ENDS = {
    "services.booking.domain.chart.assessment": {"superseded"},
    "services.booking.domain.series.offer": {"accepted", "declined", "expired", "withdrawn"},
    "services.booking.domain.waiting.opening": {"ended"},
    "services.booking.domain.series.series": {"completed", "cancelled", "lapsed"},
    "services.booking.domain.series.session": {"fulfilled"},
    "services.booking.domain.clinic.task": {"completed", "cancelled"},
    "services.booking.domain.treatment.treatment": {"discharged", "left", "not-infused"},
    "services.booking.domain.waiting.waitlist": {"placed", "withdrawn"},
    "services.followup.domain.alert": {"closed"},
    "services.followup.domain.check_in": {"answered", "missed", "cancelled"},
    "services.notify.domain.contact_point": set(),
    "services.notify.domain.reply": {"done"},
    "services.notify.domain.page": {"contacted"},
    "services.notify.domain.message": {"delivered", "undelivered", "failed", "suppressed", "expired", "cancelled"},
}
"""Every table of moves and the states that nothing leads out of."""


def tables() -> set[str]:
    """Modules that write a table of moves (those that only read one do not count)."""
    names = [name for service in SERVICES for name in modules_below(f"services.{service}.domain")]
    modules = [module_of(name.split(".")[1], name.split(".", 2)[2]) for name in names if name.count(".") > 2]
    written = [module for module in modules if module and "\nMOVES" in source_of(module)]
    return {module.__name__ for module in written}


def source_of(module: ModuleType) -> str:
    with open(module.__file__ or "") as file:  # noqa: PTH123 -- a module's file is a str
        return file.read()


@pytest.mark.parametrize("name", ENDS)
def test_moves_are_closed_and_every_state_is_reached(name):
    module = module_of(name.split(".")[1], name.split(".", 2)[2])
    assert module is not None
    assert faults_of(module.MOVES, first_state(module, module.MOVES), ENDS[name]) == []


def test_every_table_of_moves_is_looked_at():
    assert tables() == set(ENDS)


# --- negative proofs ------------------------------------------------------------------------------------------------


class Cake(StrEnum):
    RAW = "raw"
    BAKED = "baked"
    SOLD = "sold"


class Oven(StrEnum):
    HOT = "hot"


class Move(StrEnum):
    BAKE = "bake"
    SELL = "sell"


GOOD = {(Cake.RAW, Move.BAKE): Cake.BAKED, (Cake.BAKED, Move.SELL): Cake.SOLD}


@pytest.mark.parametrize(
    "table",
    [
        GOOD,
        {Cake.RAW: frozenset({Cake.BAKED}), Cake.BAKED: frozenset({Cake.SOLD}), Cake.SOLD: frozenset()},
        {"bake": (frozenset({Cake.RAW}), Cake.BAKED), "sell": (frozenset({Cake.BAKED}), Cake.SOLD)},
    ],
)
def test_the_same_moves_may_be_written_in_three_ways(table):
    assert steps_of(table) == {(Cake.RAW, Cake.BAKED), (Cake.BAKED, Cake.SOLD)}
    assert faults_of(table, Cake.RAW, {"sold"}) == []


def test_another_way_of_writing_is_refused():
    with pytest.raises(TypeError, match="no known way"):
        steps_of({"raw": "baked"})


@pytest.mark.parametrize(
    ("table", "ends", "fault"),
    [
        ({**GOOD, (Cake.BAKED, Move.BAKE): Oven.HOT}, {"sold"}, "<Oven.HOT: 'hot'> is no state of Cake"),
        ({(Cake.RAW, Move.BAKE): Cake.BAKED}, {"baked", "sold"}, "sold is never reached"),
        ({**GOOD, (Cake.SOLD, Move.BAKE): Cake.RAW}, {"sold"}, "sold is an end and has a way out"),
        (GOOD, {"sold", "eaten"}, "eaten is an end and no state"),
        (GOOD, set(), "sold has no way out and is no end"),
    ],
)
def test_a_bad_table_is_found(table, ends, fault):
    assert fault in faults_of(table, Cake.RAW, ends)


def test_an_aggregate_without_a_first_state_is_found():
    @dataclass(frozen=True)
    class Bread:
        status: Cake

    bakery = ModuleType("bakery")
    vars(bakery).update(Bread=Bread)
    with pytest.raises(ValueError, match="0 aggregates"):
        first_state(bakery, GOOD)
