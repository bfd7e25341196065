"""An index migration on a real database: a program beside its successor, and never on what it does not know."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from shared.persistence import schema
from shared.persistence.mongo import Index, create_indexes
from shared.persistence.schema import Step, WrongSchema, without
from tests.integration.shared.bakery import DB, Bakery

OLD = Index("cakes", (("flavour", 1),))
NEW = Index("cakes", (("taste", 1),))


def rename(database: DB) -> None:
    """As often as it is run."""
    database["cakes"].update_many({"taste": None}, [{"$set": {"taste": "$flavour"}}])


FIRST: list[Step] = []
EXPAND = Step("cakes have a taste beside their flavour", run=rename, oldest=0)
CONTRACT = Step("no flavour is found by any more", run=without("cakes.flavour", "ovens.heat"), oldest=1)


def indexes_of(bakery: Bakery) -> set[str]:
    return {name for name in bakery.database["cakes"].index_information() if name in {"flavour", "taste"}}


def stands(bakery: Bakery) -> Any:
    return bakery.database[schema.COLLECTION].find_one({}, {"_id": 0})


def brought_up(database: DB, steps: list[Step]) -> list[str]:
    """Bring it up; what each step was about that was begun, as the log has it. All of them were done."""
    with capture_logs() as lines:
        schema.bring_up(database, steps)
    begun, done = ([line for line in lines if line["event"] == f"schema step {what}"] for what in ("begins", "done"))
    assert [line["version"] for line in begun] == [line["version"] for line in done]
    return [line["about"] for line in begun]


@pytest.fixture
def old(bakery: Bakery) -> Bakery:
    """As a program without steps left it."""
    schema.bring_up(bakery.database, FIRST)
    create_indexes(bakery.database, [OLD])
    bakery.database["cakes"].insert_one({"_id": "cake-1", "flavour": "plum"})
    return bakery


def test_a_program_works_on_beside_its_successor_until_that_takes_away_what_it_needs(old: Bakery) -> None:
    database = old.database
    with pytest.raises(WrongSchema, match=r"of version 0, this program needs 1\. Run `indexes` first"):
        schema.require_known(database, [EXPAND])
    assert brought_up(database, [EXPAND]) == [EXPAND.about]
    create_indexes(database, [NEW])
    assert (indexes_of(old), stands(old)) == ({"flavour", "taste"}, {"version": 1, "oldest": 0})
    for program in (FIRST, [EXPAND]):
        schema.require_known(database, program)
        assert brought_up(database, program) == []

    assert brought_up(database, [EXPAND, CONTRACT]) == [CONTRACT.about]
    assert (indexes_of(old), stands(old)) == ({"taste"}, {"version": 2, "oldest": 1})
    schema.require_known(database, [EXPAND])
    for act in (schema.require_known, schema.bring_up):
        with pytest.raises(WrongSchema, match="kept as of version 2, which programs before version 1"):
            act(database, FIRST)
    assert database["cakes"].find_one({}, {"_id": 0}) == {"flavour": "plum", "taste": "plum"}


def test_a_step_that_was_cut_off_is_run_again_and_nobody_older_starts_meanwhile(old: Bakery) -> None:
    def cut_off(_: DB) -> None:
        raise KeyboardInterrupt

    half = Step("", run=cut_off, oldest=1)
    with pytest.raises(KeyboardInterrupt):
        schema.bring_up(old.database, [half])
    assert stands(old) == {"version": 0, "oldest": 1}
    for program in (FIRST, [half]):
        with pytest.raises(WrongSchema):
            schema.require_known(old.database, program)
    whole = Step("", run=without("cakes.flavour"), oldest=1)
    schema.bring_up(old.database, [whole])
    schema.require_known(old.database, [whole])
    assert indexes_of(old) == set()


def test_a_database_that_nobody_has_brought_up_serves_nobody(bakery: Bakery) -> None:
    with pytest.raises(WrongSchema, match="of version none, this program needs 0"):
        schema.require_known(bakery.database, FIRST)
