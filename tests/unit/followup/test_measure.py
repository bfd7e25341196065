from dataclasses import replace
from datetime import timedelta

import pytest

from services.followup.domain.check_in import Part
from services.followup.domain.library import Library
from services.followup.domain.measure import history
from tests.support.followup_builders import DISCHARGED_AT, PHQ_9, a_scheduled_check_in, an_open_check_in, answers_of
from tests.support.followup_instruments import LIBRARY, answers_to, the


def answered(total, *, session, series="series-1", days=0):
    due_at = DISCHARGED_AT + timedelta(days=days + session)
    check_in = an_open_check_in(id=f"{series}-{session}", series_id=series, session_number=session, due_at=due_at)
    answers = answers_of([min(3, max(0, total - 3 * item)) for item in range(9)])
    return check_in.answer({"phq-9": answers}, {"phq-9": PHQ_9}, at=DISCHARGED_AT + timedelta(days=2))[0]


def answered_to(id, values, *, session=1):
    check_in = an_open_check_in(id=f"check-in-{session}", session_number=session, parts=(Part(id, 1),))
    return check_in.answer({id: answers_to(id, values)}, {id: the(id)}, at=DISCHARGED_AT + timedelta(days=2))[0]


def test_the_first_score_of_a_series_is_its_baseline():
    measures = history([answered(10, session=2), answered(20, session=1), answered(4, session=3)], LIBRARY)
    assert [measure.total for measure in measures] == [20, 10, 4]
    changes = [measure.change and (measure.change.drop, measure.change.response) for measure in measures]
    assert changes == [None, (10, True), (16, True)]


def test_a_later_series_is_judged_by_its_own_baseline():
    measures = history([answered(20, session=1), answered(8, session=1, series="series-2", days=90)], LIBRARY)
    assert [measure.change for measure in measures] == [None, None]


def test_each_instrument_of_a_check_in_is_a_measure_with_its_own_baseline():
    asked = {"phq-9": PHQ_9, "gad-7": the("gad-7")}
    check_ins = []
    for session, value in ((1, 2), (2, 1)):
        check_in = an_open_check_in(
            id=f"both-{session}", session_number=session, parts=tuple(Part(id, 1) for id in asked)
        )
        answers = {id: {item.id: value for item in instrument.items} for id, instrument in asked.items()}
        check_ins.append(check_in.answer(answers, asked, at=DISCHARGED_AT + timedelta(days=2))[0])
    measures = history(check_ins, LIBRARY)
    found = [(each.instrument, each.total, each.change and each.change.drop) for each in measures]
    assert found == [("phq-9", 18, None), ("gad-7", 14, None), ("phq-9", 9, 9), ("gad-7", 7, 7)]


def test_a_score_that_was_entered_late_stands_where_it_was_due():
    late = answered(20, session=1)
    assert history([answered(10, session=2), late], LIBRARY)[0].check_in_id == late.id


def test_check_ins_without_answers_are_no_measures():
    half = an_open_check_in().draft({"phq-9": {"1": 3}}, {"phq-9": PHQ_9}, at=DISCHARGED_AT + timedelta(days=2))
    assert history([a_scheduled_check_in(), half], LIBRARY) == ()


def test_what_counts_nothing_is_no_measure():
    assert history([answered_to("day-after", [0] * len(the("day-after").items))], LIBRARY) == ()


def test_a_measure_carries_its_code_its_words_and_what_a_person_must_see():
    [measure] = history([answered(27, session=1)], LIBRARY)
    assert (measure.code_system, measure.code, measure.text) == ("http://loinc.org", "44261-6", "phq-9.1.en.1")
    assert [(each.item, each.value, each.tier) for each in measure.escalation] == [("9", 3, 1)]
    assert [(each.name, each.at_least, each.is_positive) for each in measure.screens] == [("caseness", 10, True)]


@pytest.mark.parametrize(
    ("id", "values", "code"),
    [
        ("bsl-23", (1,) * 23, "bsl-23.mean"),
        ("oci-r", (1,) * 18, "oci-r.total"),
        ("cadss-6", (1,) * 6, "cadss-6.total"),
        ("bpi-sf", (1,) * 11, "bpi-sf.severity"),
    ],
)
def test_without_a_loinc_code_a_local_one_stands(id, values, code):
    [measure] = history([answered_to(id, values)], LIBRARY)
    assert (measure.code_system, measure.code) == ("urn:clinic:instrument", code)


@pytest.mark.parametrize(
    ("locale", "at_least", "is_positive"), [("en-US", 33, True), ("de-DE", 34, False), ("", 33, True)]
)
def test_a_cut_off_is_that_of_the_patients_language(locale, at_least, is_positive):
    values = (2,) * 8 + (1, 2, 2, 2) + (1,) * 4 + (2, 2, 1, 1)
    [measure] = history([answered_to("pcl-5", values)], LIBRARY, locale)
    [screen] = measure.screens
    assert (measure.total, measure.band) == (33, None)
    assert (screen.at_least, screen.is_positive) == (at_least, is_positive)


def test_a_response_of_the_peg_is_computed_from_sums_while_means_are_shown():
    first, second = answered_to("peg", (7, 7, 6)), answered_to("peg", (5, 5, 4), session=2)
    measures = history([replace(first, due_at=DISCHARGED_AT), second], LIBRARY)
    assert [(each.total, each.shown) for each in measures] == [(20, "6.7"), (14, "4.7")]
    assert measures[1].change is not None
    assert (measures[1].change.drop_per_mille, measures[1].change.response) == (300, True)


def test_an_old_score_is_compared_by_its_own_version():
    newer = replace(PHQ_9, version=2, change=replace(PHQ_9.change, remission_at_most=9))
    library = Library((*LIBRARY.instruments, newer), LIBRARY.texts)
    measures = history([answered(20, session=1), answered(8, session=2)], library)
    assert (measures[1].instrument_version, measures[1].change and measures[1].change.remission) == (1, False)


def test_a_score_from_before_scores_were_written_out_is_shown_as_its_total():
    old = answered(20, session=1)
    [part] = old.parts
    assert part.score is not None
    [measure] = history([replace(old, parts=(replace(part, score=replace(part.score, shown="")),))], LIBRARY)
    assert measure.shown == "20"
