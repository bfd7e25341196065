"""What keeps a session from beginning: holds on treatment, and a re-evaluation of which nobody knows a measure."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.booking.domain.patient.clearance import Clearance, ClinicalHold, Measure
from services.booking.domain.protocol.protocol import Condition
from services.booking.domain.protocol.templates import TEMPLATES
from services.booking.domain.series.gate import MEASURES, NO_MEASURE, closed_by
from services.booking.domain.series.override import Override
from tests.support.booking_builders import MOOD, PATIENT, a_series, a_session

NEW_YORK_MIDNIGHT = datetime(2026, 3, 4, 5, tzinfo=UTC)
"""Of 4 March; session 4 of case A is on 11 March, behind the re-evaluation after session 3."""
HELD = Clearance(PATIENT).hold(ClinicalHold("alert-1", "suicide-risk-high", 1, NEW_YORK_MIDNIGHT))


def cleared(*instruments, scored_at=NEW_YORK_MIDNIGHT):
    clearance = Clearance(PATIENT)
    for instrument in instruments:
        clearance = clearance.with_measure(Measure(instrument, 14, "", scored_at))
    return clearance


def codes(number, clearance, series=None, regimen=MOOD):
    return [fault.code for fault in closed_by(series or a_series(), number, regimen, clearance)]


def test_a_measure_counts_for_seven_local_days():
    assert codes(4, cleared("phq-9")) == []
    assert codes(4, cleared("phq-9", scored_at=NEW_YORK_MIDNIGHT - timedelta(milliseconds=1))) == [NO_MEASURE]
    assert codes(4, cleared()) == [NO_MEASURE]


def test_the_refusal_says_which_instruments_would_do():
    (fault,) = closed_by(a_series(condition=Condition.PTSD), 4, MOOD, cleared())
    assert fault.context == {"number": 4, "instruments": ["pcl-5", "phq-9"]}


@pytest.mark.parametrize("condition", Condition)
def test_any_instrument_that_says_how_the_treatment_does_will_do(condition):
    series = a_series(condition=condition)
    assert [codes(4, cleared(one), series) for one in MEASURES[condition]] == [[]] * len(MEASURES[condition])
    for other in ("c-ssrs", "cadss-6", "audit-c", "dast-10", "mdq"):
        assert codes(4, cleared(other), series) == [NO_MEASURE]


def test_only_the_dose_behind_a_re_evaluation_asks_for_a_measure():
    assert [number for number in range(1, 7) if codes(number, cleared())] == [4]
    each = replace(MOOD, re_evaluate_after=TEMPLATES["bipolar-iv-6x3w"].re_evaluate_after)
    assert [number for number in range(1, 7) if codes(number, cleared(), regimen=each)] == [2, 3, 4, 5, 6]


def test_a_talk_goes_on_and_the_dose_behind_it_asks():
    talk = a_session(2, doses=False)
    series = a_series(a_session(1), talk, a_session(3), a_session(4))
    for point in (1, 2):
        regimen = replace(MOOD, re_evaluate_after=(point,))
        assert [number for number in range(1, 5) if codes(number, cleared(), series, regimen)] == [3]
    assert codes(2, HELD, series) == []


def test_a_clinicians_word_takes_the_place_of_a_measure_for_that_session():
    word = Override(NO_MEASURE, "seen today", "key-1", NEW_YORK_MIDNIGHT, (4,))
    assert codes(4, cleared(), a_series(overrides=(word,))) == []
    assert codes(4, cleared(), a_series(overrides=(replace(word, numbers=(3,)),))) == [NO_MEASURE]
    assert codes(4, cleared(), a_series(overrides=(replace(word, code="cap.per-7-days"),))) == [NO_MEASURE]


def test_every_reason_is_told_at_once():
    assert codes(1, HELD) == ["clinical-hold.stands"]
    assert codes(4, HELD) == ["clinical-hold.stands", NO_MEASURE]
