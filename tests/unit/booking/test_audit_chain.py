"""The audit chain: no entry of it is changed, left out, put in or moved without a trace."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.booking.domain.audit.entry import (
    BEGIN,
    Act,
    Break,
    Entry,
    Fracture,
    Head,
    chained,
    hash_of,
    trace_of,
    verify,
)
from tests.support.booking_builders import CLINIC, OTHER_CLINIC

ACT = Act(
    at=datetime(2026, 3, 9, 13, 5, 7, 123000, tzinfo=UTC),
    actor="key-1",
    scopes=("clinician",),
    action="clinical-hold.release",
    record="clearance/patient-1",
    patient_id="patient-1",
    reason="sealed:reason",
    facts="sealed:facts",
)
LENGTH = 6


def a_chain(length: int = LENGTH) -> list[Entry]:
    entries: list[Entry] = []
    head = BEGIN
    for number in range(length):
        entries.append(chained(CLINIC, head, replace(ACT, record=f"clearance/patient-{number}")))
        head = entries[-1].head
    return entries


CHAIN = a_chain()
HEAD = CHAIN[-1].head
PLACES = st.integers(0, LENGTH - 1)
ANOTHER: dict[str, Any] = {
    "at": ACT.at + timedelta(milliseconds=1), "actor": "key-2", "scopes": ("admin",), "action": "session.release",
    "record": "series/1", "patient_id": None, "reason": None, "facts": "sealed:others",
}  # fmt: skip


def test_a_chain_as_it_was_made_holds():
    assert verify(CHAIN, HEAD) == []
    assert verify([], BEGIN) == []
    assert [entry.seq for entry in CHAIN] == list(range(1, LENGTH + 1))
    assert [entry.previous for entry in CHAIN] == ["", *(entry.hash for entry in CHAIN[:-1])]


def test_the_hash_does_not_depend_on_who_computes_it():
    """Written down, so that a change of what is hashed, which would break every chain that exists, is seen."""
    assert CHAIN[0].hash == "229d0eb36864b70b090e97159636ad70a4615f1ae45fc799069a46446aee0f05"
    moved = replace(
        CHAIN[0], act=replace(ACT, record="clearance/patient-0", at=ACT.at.astimezone(timezone(timedelta(hours=-5))))
    )
    assert hash_of(moved) == CHAIN[0].hash


def test_words_can_be_erased_and_nothing_be_put_in_their_place():
    bare = [
        replace(one, act=replace(one.act, reason=trace_of("sealed:reason"), facts=trace_of("sealed:facts")))
        for one in CHAIN
    ]
    assert verify(bare, HEAD) == []
    forged = [replace(bare[0], act=replace(bare[0].act, facts="sealed:others")), *bare[1:]]
    assert verify(forged, HEAD) == [Break(1, Fracture.CHANGED)]
    other_trace = [replace(bare[0], act=replace(bare[0].act, facts=trace_of("sealed:others"))), *bare[1:]]
    assert verify(other_trace, HEAD) == [Break(1, Fracture.CHANGED)]


def test_every_field_of_an_act_is_tried():
    assert ANOTHER.keys() == {field.name for field in fields(Act)}


@given(PLACES, st.sampled_from(sorted(ANOTHER)))
def test_a_changed_act_is_found_at_its_place(place, field):
    entry = CHAIN[place]
    changed = replace(entry, act=replace(entry.act, **{field: ANOTHER[field]}))
    assert verify([*CHAIN[:place], changed, *CHAIN[place + 1 :]], HEAD) == [Break(place + 1, Fracture.CHANGED)]


@given(PLACES, st.sampled_from([{"clinic_id": OTHER_CLINIC}, {"seq": 99}, {"previous": "f" * 64}, {"hash": "f" * 64}]))
def test_a_changed_place_is_found(place, change):
    assert verify([*CHAIN[:place], replace(CHAIN[place], **change), *CHAIN[place + 1 :]], HEAD) != []


@given(PLACES)
def test_a_changed_act_is_found_when_its_hash_was_made_anew(place):
    changed = replace(CHAIN[place], act=replace(ACT, actor="key-2"))
    forged = replace(changed, hash=hash_of(changed))
    last = place == LENGTH - 1
    where = Break(LENGTH, Fracture.OTHER_HEAD) if last else Break(place + 2, Fracture.UNLINKED)
    assert verify([*CHAIN[:place], forged, *CHAIN[place + 1 :]], HEAD) == [where]


@given(st.sets(PLACES, min_size=1))
def test_entries_that_were_left_out_are_found(places):
    kept = [entry for place, entry in enumerate(CHAIN) if place not in places]
    assert verify(kept, HEAD) != []


@given(st.integers(0, LENGTH - 1))
def test_a_cut_tail_is_found_where_it_begins(length):
    assert verify(CHAIN[:length], HEAD) == [Break(length + 1, Fracture.CUT)]


@given(PLACES, PLACES)
def test_two_entries_that_changed_places_are_found(one, other):
    swapped = list(CHAIN)
    swapped[one], swapped[other] = CHAIN[other], CHAIN[one]
    assert (verify(swapped, HEAD) == []) == (one == other)


@given(st.integers(0, LENGTH), st.booleans())
def test_an_entry_that_was_put_in_is_found(place, numbered):
    before = CHAIN[place - 1].head if place else BEGIN
    forged = chained(CLINIC, before if numbered else Head(LENGTH, before.hash), ACT)
    assert verify([*CHAIN[:place], forged, *CHAIN[place:]], HEAD) != []


def test_a_place_that_was_left_out_from_the_start_is_found():
    first = CHAIN[0]
    third = chained(CLINIC, Head(2, first.hash), ACT)
    assert verify([first, third], third.head) == [Break(2, Fracture.MISSING)]


def test_an_entry_behind_the_head_and_another_head_are_found():
    longer = [*CHAIN, chained(CLINIC, HEAD, ACT)]
    assert verify(longer, HEAD) == [Break(LENGTH + 1, Fracture.BEYOND)]
    assert verify(CHAIN, Head(LENGTH, "f" * 64)) == [Break(LENGTH, Fracture.OTHER_HEAD)]
    assert verify(CHAIN, BEGIN) == [Break(1, Fracture.BEYOND)]


@given(PLACES)
def test_an_entry_that_cannot_be_read_is_found_and_the_others_are_looked_at(place):
    worn = [*CHAIN[:place], None, *CHAIN[place + 1 :]]
    assert verify(worn, HEAD) == [Break(place + 1, Fracture.UNREADABLE)]
