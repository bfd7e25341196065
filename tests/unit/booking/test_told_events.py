"""What series tell keeps the contracts that their hearers read."""

from typing import Any

import pytest

from services.booking.domain.protocol.care import ORDINARY
from services.booking.domain.series.confirmation import ConfirmedBy, confirm
from services.booking.domain.series.series import Series
from services.booking.domain.series.session import CancelReason, MissReason
from services.booking.events.published import TYPES
from shared import contracts
from shared.converters import from_document, to_document, to_json
from tests.support.booking_builders import a_held_series, a_link, a_series, a_session, a_world, booked

AT = a_session().starts_at


def a_life() -> list[Any]:
    """Every event that a series tells, at least once."""
    series, told = a_held_series().book(a_link(), ORDINARY)
    for change in (
        lambda one: confirm(one, 3, by=ConfirmedBy.PATIENT, at=AT),
        lambda one: one.move(a_session(3), ()),
        lambda one: one.pause(reason=CancelReason.PATIENT, at=AT),
        lambda one: one.resume(one.sessions, (), at=AT),
        lambda one: one.cancel(3, reason=CancelReason.CLINIC, at=AT),
        lambda one: one.check_in(1, closed_by=(), at=AT),
        lambda one: one.start(1, at=AT),
        lambda one: one.discharge(1, at=AT),
        lambda one: one.miss(2, reason=MissReason.NO_SHOW, at=a_session(2).starts_at),
        lambda one: one.close(at=AT),
    ):
        series, events = change(series)
        told += events
    return [*told, *a_series(a_session()).cancel_rest(reason=CancelReason.PATIENT, at=AT)[1]]


def test_a_life_holds_every_event_of_series_and_sessions():
    types = {TYPES[type(event)].type for event in a_life()}
    assert types == {each.type for each in TYPES.values() if each.type.split(".")[0] in {"series", "session"}}


ADDED_LATER = {"link", "no_driving_until", "solids_hours", "fluids_minutes"}
"""Fields that events told before an update lack: hearers do without them."""


def sealed(event: Any) -> dict[str, Any]:
    """What goes on the wire of an event."""
    return {**to_json(event), **dict.fromkeys(TYPES[type(event)].sealed, "sealed:AAAA")}


@pytest.mark.parametrize("event", a_life(), ids=lambda event: type(event).__name__)
def test_event_keeps_its_contract(event: Any):
    assert contracts.faults(TYPES[type(event)].type, sealed(event)) == []


@pytest.mark.parametrize("event", a_life(), ids=lambda event: type(event).__name__)
def test_every_required_field_is_told_and_nothing_that_no_contract_names(event: Any):
    data = sealed(event)
    for field in data.keys() - ADDED_LATER:
        rest = {name: value for name, value in data.items() if name != field}
        assert contracts.faults(TYPES[type(event)].type, rest) != []


def test_a_series_survives_being_stored():
    series = booked(a_world())
    assert from_document(Series, {**to_document(series), "slots": sorted(series.slots)}) == series
