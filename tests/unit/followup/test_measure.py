from datetime import timedelta

from services.followup.domain.measure import history
from tests.support.followup_builders import DISCHARGED_AT, PHQ_9, a_scheduled_check_in, an_open_check_in, answers_of
from tests.support.followup_fakes import LIBRARY


def answered(total, *, session, series="series-1", days=0):
    due_at = DISCHARGED_AT + timedelta(days=days + session)
    check_in = an_open_check_in(id=f"{series}-{session}", series_id=series, session_number=session, due_at=due_at)
    values = [min(3, max(0, total - 3 * item)) for item in range(9)]
    return check_in.answer(answers_of(values), PHQ_9, at=DISCHARGED_AT + timedelta(days=2))[0]


def test_the_first_score_of_a_series_is_its_baseline():
    measures = history([answered(10, session=2), answered(20, session=1), answered(4, session=3)], LIBRARY)
    assert [measure.total for measure in measures] == [20, 10, 4]
    changes = [measure.change and (measure.change.drop, measure.change.response) for measure in measures]
    assert changes == [None, (10, True), (16, True)]


def test_a_later_series_is_judged_by_its_own_baseline():
    measures = history(
        [answered(20, session=1), answered(8, session=1, series="series-2", days=90)],
        LIBRARY,
    )
    assert [measure.change for measure in measures] == [None, None]


def test_a_score_that_was_entered_late_stands_where_it_was_due():
    late = answered(20, session=1)
    assert history([answered(10, session=2), late], LIBRARY)[0].check_in_id == late.id


def test_check_ins_without_answers_are_no_measures():
    assert history([a_scheduled_check_in(), an_open_check_in(answers={"1": 3})], LIBRARY) == ()


def test_a_measure_carries_its_code_and_what_a_person_must_see():
    [measure] = history([answered(27, session=1)], LIBRARY)
    assert (measure.code_system, measure.code) == ("http://loinc.org", "44261-6")
    assert [(each.item, each.value, each.tier) for each in measure.escalation] == [("9", 3, 1)]
