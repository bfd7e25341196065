"""Check-ins at rest while the database does not answer: every reading says so, and none of them is a bug."""

from typing import cast

import pytest

from services.followup.store.check_in import CheckInStore
from shared.errors import TransientFailure
from shared.persistence.sealed import Sealer
from shared.persistence.unit_of_work import Cause, Unit
from tests.support.followup_builders import CLINIC, DISCHARGED_AT
from tests.support.letters import Letters
from tests.support.memory_database import MemoryDatabase, unreachable


@pytest.fixture
def store() -> CheckInStore:
    database = MemoryDatabase()
    database.fault = unreachable()
    unit = Unit(
        database.as_database(),
        source="followup",
        clinic_id=CLINIC,
        now=DISCHARGED_AT,
        new_id=str,
        cause=Cause("", "", ""),
        tell=lambda _, envelope: envelope,
    )
    return CheckInStore(unit, cast("Sealer", Letters()))


@pytest.mark.parametrize("name", ["get", "of_patient", "scores", "by_link", "clinic_of_link"])
def test_without_a_database_it_is_tried_again(store, name):
    with pytest.raises(TransientFailure):
        list(getattr(store, name)("asked"))
