"""Holds on treatment and newest measures: what a patient's clearance keeps, whatever is heard first."""

from datetime import UTC, datetime, timedelta

import pytest

from services.booking.domain.patient.clearance import Clearance, ClinicalHold, Measure, Release
from shared.errors import Conflict, NotFound
from tests.support.booking_builders import PATIENT

AT = datetime(2026, 3, 9, 13, tzinfo=UTC)
RISK = ClinicalHold("alert-1", "suicide-risk-high", 1, AT)
MANIA = ClinicalHold("alert-2", "mania", 4, AT)
WORD = Release("seen and discussed", "key-1", AT + timedelta(hours=1))


def a_measure(instrument="phq-9", total=14, scored_at=AT):
    return Measure(instrument, total, "moderate", scored_at)


def test_nothing_is_held_of_whom_nothing_was_heard():
    assert (Clearance(PATIENT).is_held, Clearance(PATIENT).faults) == (False, [])


def test_each_hold_that_stands_is_told_with_what_led_to_it():
    clearance = Clearance(PATIENT).hold(RISK).hold(MANIA)
    assert clearance.is_held
    assert [fault.code for fault in clearance.faults] == ["clinical-hold.stands"] * 2
    assert clearance.faults[0].context == {
        "alert_id": "alert-1", "trigger": "suicide-risk-high", "tier": 1, "raised_at": "2026-03-09T13:00:00+00:00"
    }  # fmt: skip
    assert "mania" in clearance.faults[1].detail


def test_an_alert_that_is_heard_again_holds_once_and_not_again_after_its_release():
    held = Clearance(PATIENT).hold(RISK)
    assert held.hold(RISK) == held
    released = held.released("alert-1", WORD)
    assert released.hold(RISK) == released
    assert not released.is_held


def test_a_release_ends_one_hold_and_is_kept_with_who_when_and_why():
    clearance = Clearance(PATIENT).hold(RISK).hold(MANIA).released("alert-1", WORD)
    assert [hold.release for hold in clearance.holds] == [WORD, None]
    assert [fault.context["alert_id"] for fault in clearance.faults] == ["alert-2"]


def test_what_is_not_held_is_not_released():
    held = Clearance(PATIENT).hold(RISK)
    with pytest.raises(NotFound):
        held.released("alert-2", WORD)
    with pytest.raises(Conflict, match=r"clinical-hold\.released"):
        held.released("alert-1", WORD).released("alert-1", WORD)


def test_the_newest_measure_of_each_instrument_is_kept_whichever_is_heard_first():
    older, newer, other = a_measure(), a_measure(total=9, scored_at=AT + timedelta(days=7)), a_measure("peg")
    for order in ((older, newer, other), (newer, other, older), (other, newer, older, newer)):
        clearance = Clearance(PATIENT)
        for measure in order:
            clearance = clearance.with_measure(measure)
        assert clearance.measures == (other, newer)
