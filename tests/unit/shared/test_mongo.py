"""How long a write may wait until a majority has it."""

import pytest

from shared.persistence.mongo import connect, database

NOWHERE = "mongodb://nowhere.invalid/?connect=false"


@pytest.mark.parametrize(("may_take_long", "waits"), [(False, {"wtimeout": 10_000}), (True, {})])
def test_only_work_that_may_take_long_waits_for_members_that_lag(may_take_long, waits):
    with connect(NOWHERE, may_take_long=may_take_long) as client:
        bakery = database(client, "bakery", "oven", may_take_long=may_take_long)
        assert bakery.write_concern.document == {"w": "majority", **waits}
        assert bakery["cakes"].write_concern == bakery.write_concern
