"""One unit of work: its own clinic only, everything or nothing, events in the aggregate's own document."""

from dataclasses import replace
from typing import Any

import pytest
from pymongo.errors import ExecutionTimeout, NetworkTimeout, OperationFailure

from shared.errors import Conflict, Contended, NotFound, Stale, TransientFailure
from shared.persistence.documents import LinkIndex
from shared.persistence.unit_of_work import EVERY_CLINIC, Change, Insert, as_envelope
from tests.support.memory_database import MemoryDatabase, unreachable
from tests.support.small_bakery import CLINIC, NOW, OTHER_CLINIC, Cake, a_unit, cakes_of, slot_taken

PLUM = Cake("cake-1", "plum")


@pytest.fixture
def database() -> MemoryDatabase:
    return MemoryDatabase()


def keep(database: MemoryDatabase, cake: Cake, *events: Any, clinic_id: str = CLINIC) -> Cake:
    unit = a_unit(database, clinic_id)
    saved = cakes_of(unit).save(cake, events)
    unit.commit()
    return saved


def kept(database: MemoryDatabase, cake_id: str = "cake-1", clinic_id: str = CLINIC) -> Cake:
    return cakes_of(a_unit(database, clinic_id)).get(cake_id)


# --- what is written ------------------------------------------------------------------------------------------------


def test_nothing_is_written_before_the_commit(database):
    cakes_of(a_unit(database)).save(PLUM)
    assert database.documents("cakes") == []


def test_a_new_aggregate_gets_its_clinic_and_its_first_version(database):
    saved = keep(database, PLUM)
    (document,) = database.documents("cakes")
    assert saved == replace(PLUM, version=1) == kept(database)
    assert (document["clinic_id"], document["version"], document["told"], document["outbox"]) == (CLINIC, 1, 0, [])


def test_what_save_returns_can_be_saved_again(database):
    saved = keep(database, PLUM)
    again = keep(database, replace(saved, flavour="apple"))
    assert again == kept(database) == Cake("cake-1", "apple", version=2)


def test_the_stored_version_and_not_a_field_called_version_counts(database):
    keep(database, PLUM)
    (document,) = database.documents("cakes")
    assert document["version"] == 1
    assert "id" not in document


def test_empty_lists_are_not_stored_and_vanish_when_they_become_empty(database):
    keep(database, Cake("cake-0", "plain"))
    assert "tiers" not in database.documents("cakes")[0]
    database = MemoryDatabase()
    saved = keep(database, replace(PLUM, tiers=("big",)))
    assert database.documents("cakes")[0]["tiers"] == ["big"]
    keep(database, replace(saved, tiers=()))
    assert "tiers" not in database.documents("cakes")[0]
    assert kept(database).tiers == ()


def test_one_write_needs_no_transaction_and_several_share_one(database):
    keep(database, PLUM)
    assert database.sessions == 0
    unit = a_unit(database)
    for number in (2, 3):
        cakes_of(unit).save(Cake(f"cake-{number}", "plum"))
    unit.commit()
    assert database.sessions == 1


def test_a_unit_without_writes_asks_nobody(database):
    unit = a_unit(database)
    database.fault = unreachable()
    unit.commit()


def test_all_or_nothing(database):
    keep(database, PLUM)
    unit = a_unit(database)
    cakes_of(unit).save(Cake("cake-2", "apple"))
    cakes_of(unit).save(Cake("cake-1", "apple"))  # is there already
    with pytest.raises(Contended):
        unit.commit()
    assert [cake["_id"] for cake in database.documents("cakes")] == ["cake-1"]


def test_a_commit_that_failed_does_not_come_back_with_the_next_one(database):
    unit = a_unit(database)
    cakes_of(unit).save(PLUM)
    database.fault = unreachable()
    with pytest.raises(TransientFailure):
        unit.commit()
    database.fault = None
    unit.commit()
    assert database.documents("cakes") == []


def test_the_guard_of_all_writes_goes_first(database):
    keep(database, PLUM)
    database["guards"].insert_one({"_id": "g"})
    unit = a_unit(database)
    cakes_of(unit).save(PLUM)  # is there already, and so is the guard: only the first to be written can say so
    unit.write(Insert("guards", {"_id": "g"}), first=True)
    with pytest.raises(Contended, match="guards"):
        unit.commit()


# --- events ---------------------------------------------------------------------------------------------------------


def test_events_ride_in_the_document_of_their_aggregate(database):
    keep(database, PLUM, {"layer": 1}, {"layer": 2})
    (document,) = database.documents("cakes")
    assert [entry["data"] for entry in document["outbox"]] == [{"layer": 1}, {"layer": 2}]
    assert [entry["seq"] for entry in document["outbox"]] == [1, 2]
    envelope = as_envelope(document["outbox"][0])
    assert (envelope.subject, envelope.clinic_id, envelope.time) == ("cake/cake-1", CLINIC, NOW)
    assert (envelope.correlation_id, envelope.causation_id, envelope.traceparent) == ("correlation", "cause", "trace")


def test_the_numbers_of_events_go_on_without_gaps(database):
    keep(database, PLUM, {}, {})
    unit = a_unit(database)
    cakes = cakes_of(unit)
    once = cakes.save(cakes.get("cake-1"), [{}])
    cakes.save(once, [{}, {}])
    unit.commit()
    (document,) = database.documents("cakes")
    assert [entry["seq"] for entry in document["outbox"]] == [1, 2, 3, 4, 5]
    assert (document["told"], document["version"]) == (5, 3)


def test_a_silent_change_keeps_the_number(database):
    saved = keep(database, PLUM, {})
    keep(database, saved)
    assert database.documents("cakes")[0]["told"] == 1


# --- tenancy --------------------------------------------------------------------------------------------------------


def test_another_clinics_aggregate_is_not_there(database):
    keep(database, PLUM)
    foreign = cakes_of(a_unit(database, OTHER_CLINIC))
    with pytest.raises(NotFound):
        foreign.get("cake-1")
    assert foreign.find_one({"flavour": "plum"}) is None
    assert foreign.find({}) == []
    assert foreign.parts({}, "flavour") == []


def test_absent_and_foreign_are_told_in_the_same_words(database):
    keep(database, PLUM)
    words = []
    for clinic_id, cake_id in ((OTHER_CLINIC, "cake-1"), (CLINIC, "cake-2")):
        with pytest.raises(NotFound) as refused:
            cakes_of(a_unit(database, clinic_id)).get(cake_id)
        words.append((refused.value.code, refused.value.detail))
    assert words[0] == words[1]


def test_another_clinics_aggregate_cannot_be_changed(database):
    saved = keep(database, PLUM)
    with pytest.raises(Contended):
        keep(database, replace(saved, flavour="mud"), clinic_id=OTHER_CLINIC)
    assert kept(database).flavour == "plum"


def test_a_filter_cannot_name_another_clinic(database):
    keep(database, PLUM)
    foreign = cakes_of(a_unit(database, OTHER_CLINIC))
    assert foreign.find({"clinic_id": CLINIC}) == []
    assert foreign.find_one({"clinic_id": CLINIC}) is None


def test_the_platform_sees_every_clinic_and_owns_nothing(database):
    keep(database, PLUM)
    keep(database, Cake("cake-2", "apple"), clinic_id=OTHER_CLINIC)
    everywhere = cakes_of(a_unit(database, EVERY_CLINIC))
    assert [cake.id for cake in everywhere.find({})] == ["cake-1", "cake-2"]
    with pytest.raises(ValueError, match="belongs to one clinic"):
        everywhere.save(Cake("cake-3", "plum"))


# --- somebody was faster --------------------------------------------------------------------------------------------


def test_a_caller_who_means_another_version_is_told_so(database):
    keep(database, keep(database, PLUM))
    cakes = cakes_of(a_unit(database))
    assert cakes.get("cake-1", 2).version == 2
    for version in (0, 1, 3):
        with pytest.raises(Stale):
            cakes.get("cake-1", version)


def test_of_two_units_that_read_the_same_version_one_wins(database):
    keep(database, PLUM)
    first, second = a_unit(database), a_unit(database)
    for unit, flavour in ((first, "apple"), (second, "mud")):
        cakes_of(unit).save(replace(cakes_of(unit).get("cake-1"), flavour=flavour))
    first.commit()
    with pytest.raises(Contended):
        second.commit()
    assert kept(database).flavour == "apple"


def test_what_a_unit_has_read_stays_as_it_was_and_is_not_saved_over_something_newer(database):
    keep(database, PLUM)
    cakes = cakes_of(unit := a_unit(database))
    before = cakes.get("cake-1")
    keep(database, replace(before, flavour="apple"))
    assert cakes.get("cake-1") == before
    cakes.save(replace(before, flavour="cherry"))
    with pytest.raises(Contended):
        unit.commit()
    assert kept(database).flavour == "apple"


def test_a_taken_key_is_contention_unless_the_store_refuses():
    database = MemoryDatabase({"cakes": [("clinic_id", "flavour")]})
    keep(database, PLUM)
    with pytest.raises(Contended, match="flavour"):
        keep(database, Cake("cake-2", "plum"))
    unit = a_unit(database)
    cakes_of(unit, on_duplicate=slot_taken).save(Cake("cake-2", "plum"))
    with pytest.raises(Conflict):
        unit.commit()
    keep(database, Cake("cake-2", "plum"), clinic_id=OTHER_CLINIC)


def test_a_change_that_takes_a_key_is_refused_by_the_store_too():
    database = MemoryDatabase({"cakes": [("clinic_id", "flavour")]})
    keep(database, PLUM)
    apple = keep(database, Cake("cake-2", "apple"))
    unit = a_unit(database)
    cakes_of(unit, on_duplicate=slot_taken).save(replace(apple, flavour="plum"))
    with pytest.raises(Conflict):
        unit.commit()


def test_a_store_may_ask_more_of_an_update(database):
    saved = keep(database, PLUM)
    unit = a_unit(database)

    def only_mine(_: Cake, change: Change) -> Change:
        return replace(change, filter={**change.filter, "owner": "me"})

    cakes_of(unit, on_change=only_mine).save(saved)
    with pytest.raises(Contended):
        unit.commit()


def test_a_link_says_whose_it_is_to_all_and_what_it_leads_to_in_its_own_clinic_only(database):
    saved = keep(database, PLUM)
    own, theirs, every = (
        LinkIndex(cakes_of(a_unit(database, clinic_id)), "flavour", "cake")
        for clinic_id in (CLINIC, OTHER_CLINIC, EVERY_CLINIC)
    )
    assert (own.by_link("plum"), every.clinic_of_link("plum")) == (saved, CLINIC)
    for read in (lambda: theirs.by_link("plum"), lambda: every.clinic_of_link("guessed")):
        with pytest.raises(NotFound, match="cake"):
            read()


# --- the database does not answer -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        unreachable(),
        NetworkTimeout("slow"),
        ExecutionTimeout("slow"),
        OperationFailure("again", details={"errorLabels": ["TransientTransactionError"]}),
    ],
)
def test_what_may_pass_is_a_transient_failure(database, fault):
    unit = a_unit(database)
    cakes_of(unit).save(PLUM)
    database.fault = fault
    with pytest.raises(TransientFailure):
        unit.commit()


def test_what_will_not_pass_is_a_bug(database):
    unit = a_unit(database)
    cakes_of(unit).save(PLUM)
    database.fault = OperationFailure("no such operator")
    with pytest.raises(OperationFailure):
        unit.commit()


@pytest.mark.parametrize("fault", [unreachable(), ExecutionTimeout("slow")])
def test_a_read_without_answer_is_a_transient_failure(database, fault):
    cakes = cakes_of(a_unit(database))
    database.fault = fault
    for read in (lambda: cakes.get("cake-1"), lambda: cakes.find({}), lambda: cakes.parts({}, "flavour")):
        with pytest.raises(TransientFailure):
            read()
