"""The audit chain at rest: it only grows, in the commit of what it tells of, and people's words cannot be read."""

import ast
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import pytest

from services.booking.domain.audit.entry import BEGIN, Act, Break, Fracture
from services.booking.store import audit
from services.booking.store.audit import AUDIT, HEADS, AuditStore
from shared.errors import Contended, TransientFailure
from shared.persistence.sealed import Sealer
from shared.persistence.unit_of_work import Cause, Unit
from tests.architecture.checks.stores import collections_in
from tests.architecture.checks.tables import modules_below
from tests.support.booking_builders import CLINIC, NOW, OTHER_CLINIC, PATIENT
from tests.support.letters import Letters
from tests.support.memory_database import MemoryDatabase, unreachable

ACT = Act(NOW, "key-1", ("clinician",), "session.release", "series/1", PATIENT, "seen and discussed", '{"number":1}')


class Place:
    """One database and what is done with its chains."""

    def __init__(self) -> None:
        self.database = MemoryDatabase({AUDIT: [("clinic_id", "seq")]})

    def unit(self, clinic_id: str = CLINIC) -> tuple[Unit, AuditStore]:
        unit = Unit(
            self.database.as_database(),
            source="booking",
            clinic_id=clinic_id,
            now=NOW,
            new_id=str,
            cause=Cause("", "", ""),
            tell=lambda _, envelope: envelope,
        )
        return unit, AuditStore(unit, cast("Sealer", Letters()))

    def add(self, *acts: Act, clinic_id: str = CLINIC) -> None:
        unit, store = self.unit(clinic_id)
        for act in acts:
            store.add(act)
        unit.commit()

    def breaks(self, clinic_id: str = CLINIC) -> list[Break]:
        return self.unit(clinic_id)[1].stretch(0, 100).breaks(BEGIN)

    def listed(self, **asked: Any) -> list[int]:
        everything = {"after": None, "limit": 10, "patient_id": None, "record": None, "action": None}
        return [entry.seq for entry in self.unit()[1].page(**{**everything, **asked}).items]


@pytest.fixture
def place() -> Place:
    return Place()


def test_each_act_is_chained_behind_the_one_before_in_one_unit_or_several(place):
    place.add(ACT, replace(ACT, record="series/2"))
    place.add(replace(ACT, record="series/3"))
    assert place.breaks() == []
    assert place.listed() == [1, 2, 3]
    assert place.unit()[1].stretch(0, 100).head.seq == 3


def test_each_clinic_has_its_own_chain(place):
    place.add(ACT, ACT)
    place.add(ACT, clinic_id=OTHER_CLINIC)
    assert [row["seq"] for row in place.database.documents(AUDIT)] == [1, 2, 1]
    assert (place.listed(), place.breaks(), place.breaks(OTHER_CLINIC)) == ([1, 2], [], [])


def test_a_clinic_without_entries_holds(place):
    assert place.breaks() == []
    assert place.unit()[1].stretch(0, 100).head == BEGIN


@pytest.mark.parametrize("kept_before", [0, 1])
def test_of_two_at_once_one_decides_again(place, kept_before):
    place.add(*[ACT] * kept_before)
    slow, store = place.unit()
    store.add(ACT)
    place.add(ACT)
    with pytest.raises(Contended):
        slow.commit()
    assert (place.listed(), place.breaks()) == (list(range(1, kept_before + 2)), [])


def test_words_are_kept_sealed_and_read_by_those_who_list(place):
    place.add(ACT)
    assert "seen" not in str(place.database.documents(AUDIT))
    assert '"number"' not in str(place.database.documents(AUDIT))
    [entry] = place.unit()[1].page(after=None, limit=1, patient_id=None, record=None, action=None).items
    assert entry.act == ACT


def test_the_chain_is_found_by_patient_record_and_action_in_pages(place):
    place.add(ACT, replace(ACT, patient_id=None, action="protocol.publish"), replace(ACT, record="series/2"))
    assert place.listed(patient_id=PATIENT) == [1, 3]
    assert place.listed(record="series/2") == [3]
    assert place.listed(action="protocol.publish") == [2]
    page = place.unit()[1].page(after=None, limit=2, patient_id=None, record=None, action=None)
    assert (page.after, place.listed(after=page.after)) == ("2", [3])


def test_what_somebody_changes_in_the_database_is_found(place):
    place.add(ACT, ACT, ACT)
    kept = place.database[AUDIT].documents
    kept[f"{CLINIC}/2"]["act"]["actor"] = "somebody else"
    assert place.breaks() == [Break(2, Fracture.CHANGED)]
    del kept[f"{CLINIC}/2"]["act"]["actor"]
    assert place.breaks() == [Break(2, Fracture.UNREADABLE)]
    del kept[f"{CLINIC}/3"]
    assert place.breaks() == [Break(2, Fracture.UNREADABLE), Break(3, Fracture.CUT)]


def test_a_head_that_is_gone_or_lags_behind_is_found(place):
    place.add(ACT, ACT)
    place.database[HEADS].documents[CLINIC]["seq"] = 1
    assert place.breaks() == [Break(2, Fracture.BEYOND)]
    del place.database[HEADS].documents[CLINIC]
    assert place.breaks() == [Break(1, Fracture.BEYOND)]


@pytest.mark.parametrize(
    ("damage", "found"),
    [({"seq": "three"}, Break(1, Fracture.BEYOND)), ({"hash": 7}, Break(3, Fracture.OTHER_HEAD))],
)
def test_a_damaged_head_is_a_break_and_no_failure(place, damage, found):
    place.add(ACT, ACT, ACT)
    place.database[HEADS].documents[CLINIC].update(damage)
    assert place.breaks() == [found]
    assert place.listed() == [1, 2, 3]


def test_a_damaged_entry_is_left_out_of_the_list_and_is_a_break(place):
    place.add(ACT, ACT, ACT)
    place.database[AUDIT].documents[f"{CLINIC}/2"]["act"] = "nothing"
    assert place.breaks() == [Break(2, Fracture.UNREADABLE)]
    assert [place.listed(), place.listed(limit=2), place.listed(limit=2, after="2")] == [[1, 3], [1], [3]]


def test_a_chain_is_walked_part_by_part(place):
    place.add(*[ACT] * 5)
    store, before, untils = place.unit()[1], BEGIN, []
    while before.seq < 5:
        part = store.stretch(before.seq, 2)
        assert part.breaks(before) == []
        before = part.end
        untils.append(before.seq)
    assert (untils, before) == ([2, 4, 5], store.stretch(0, 100).head)


@pytest.mark.parametrize(("gone", "where"), [(1, Break(1, Fracture.MISSING)), (2, Break(2, Fracture.CUT))])
def test_what_is_missing_at_the_begin_or_end_of_a_part_is_found(place, gone, where):
    place.add(*[ACT] * 5)
    del place.database[AUDIT].documents[f"{CLINIC}/{gone}"]
    assert where in place.unit()[1].stretch(0, 2).breaks(BEGIN)


def test_a_part_that_does_not_belong_behind_the_one_before_is_found(place):
    place.add(*[ACT] * 5)
    before = replace(place.unit()[1].stretch(0, 2).end, hash="f" * 64)
    assert place.unit()[1].stretch(2, 2).breaks(before) == [Break(3, Fracture.UNLINKED)]


def test_without_a_database_it_is_tried_again(place):
    place.database.fault = unreachable()
    for read in (place.listed, place.breaks):
        with pytest.raises(TransientFailure):
            read()


def test_entries_are_added_and_read_and_nothing_else_is_done_with_them():
    assert {name for name in vars(AuditStore) if not name.startswith("_")} == {"open", "add", "page", "stretch"}
    calls = [node for node in ast.walk(ast.parse(Path(audit.__file__).read_text())) if isinstance(node, ast.Call)]
    names = {node.func.attr for node in calls if isinstance(node.func, ast.Attribute)}
    assert {name for name in names if "find" in name} == {"find", "find_one"}
    assert not any(name.startswith(("update", "replace_", "delete", "insert", "bulk", "drop")) for name in names)
    changed = [node.args[0] for node in calls if isinstance(node.func, ast.Name) and node.func.id == "Change"]
    assert [ast.unparse(name) for name in changed] == ["HEADS"]


def test_nobody_else_reaches_the_chain():
    modules = [import_module(name) for name in modules_below("services.booking", "shared")]
    assert [one.__name__ for one in modules if collections_in(one) & {AUDIT, HEADS}] == [audit.__name__]
