from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.booking.domain.protocol.caps import Caps, Window, allows, earliest_allowed, fullest, in_window, strictest
from services.booking.domain.protocol.protocol import CAPS, Condition, Regimen
from services.booking.domain.protocol.spacing import Course, Finding, breaches, notes
from services.booking.domain.protocol.templates import TEMPLATES
from tests.support.booking_builders import a_course

MOOD = CAPS[Condition.DEPRESSION]
DAY_ONE = date(2026, 3, 1)
EIGHT = (1, 5, 9, 13, 17, 21, 25, 29)
"""Eight doses within days 1 to 29, the first on day 1, never more than two in a week."""
ANY_SPACING = replace(
    TEMPLATES["booster-single"],
    rest_days=0,
    phases=(replace(TEMPLATES["booster-single"].phases[0], sessions=None, max_days=400, per_seven_days=7),),
)
"""Nothing but the caps forbids anything."""


def days(*numbers: int) -> tuple[date, ...]:
    """Day 1 is 1 March."""
    return tuple(DAY_ONE + timedelta(days=number - 1) for number in numbers)


def a_run(numbers: Sequence[int], elsewhere: Sequence[int] = (), condition: Condition = Condition.DEPRESSION) -> Course:
    return replace(a_course(ANY_SPACING, days(*numbers), elsewhere=days(*elsewhere)), condition=condition)


def found(findings: Sequence[Finding]) -> list[tuple[str, tuple[int, ...]]]:
    return [(one.code, one.numbers) for one in findings]


@pytest.mark.parametrize(
    ("condition", "caps"),
    [
        *((one, (3, 8, 16, 36, 1, 60)) for one in ("depression", "anxiety", "ptsd", "ocd")),
        *((one, (2, 6, 12, 24, 1, 90)) for one in ("bipolar", "bpd")),
        ("chronic-pain", (5, 10, 20, 36, None, 30)),
    ],
)
def test_each_condition_has_its_caps(condition: str, caps: tuple[int | None, ...]):
    assert tuple(vars(CAPS[Condition(condition)]).values()) == caps


def test_the_esketamine_label_has_caps_of_its_own():
    label = TEMPLATES["esket-label"].caps_for(Condition.DEPRESSION)
    assert label == Caps(per_7=2, per_30=10, per_90=20)


def test_a_protocol_for_everything_takes_the_caps_of_what_is_treated_or_the_strictest():
    booster = TEMPLATES["booster-single"]
    assert booster.caps_for(Condition.PTSD) == MOOD
    assert booster.caps_for() == Caps(2, 6, 12, 24, 1, 90)


def test_the_strictest_of_several_takes_rules_that_only_some_have():
    assert strictest([Caps(5, 9), Caps(6, 8, per_365=30, repeat_after_days=10)]) == Caps(
        5, 8, per_365=30, repeat_after_days=10
    )


# --- seven days -------------------------------------------------------------------------------------------------------


def test_a_fourth_dose_in_seven_days_is_refused_and_the_ninth_of_march_is_the_earliest():
    (refused,) = breaches(a_run([2, 4, 6, 8]))
    assert (refused.code, refused.numbers) == ("cap.per-7-days", (1, 2, 3, 4))
    assert refused.context == {"days": 7, "doses": 4, "most": 3, "on": "2026-03-08", "earliest": "2026-03-09"}
    assert refused.detail.endswith("The earliest date for session 4 is 2026-03-09.")
    assert breaches(a_run([2, 4, 6, 9])) == []


@pytest.mark.parametrize(("condition", "most"), [(Condition.PTSD, 3), (Condition.BPD, 2), (Condition.CHRONIC_PAIN, 5)])
def test_the_cap_counts_by_condition(condition: Condition, most: int):
    inside = list(range(1, most + 1))
    assert breaches(a_run(inside, condition=condition)) == []
    assert found(breaches(a_run([*inside, most + 1], condition=condition)))[0][0] == "cap.per-7-days"


def test_doses_elsewhere_count_before_and_after():
    assert found(breaches(a_run([8], [2, 4, 6]))) == [("cap.per-7-days", (1,))]
    assert found(breaches(a_run([2], [4, 6, 8]))) == [("cap.per-7-days", (1,))]
    assert breaches(a_run([9], [2, 4, 6])) == []
    assert breaches(a_run([1], [4, 6, 8])) == []


def test_what_others_have_given_too_often_is_not_this_seriess_fault():
    assert breaches(a_run([20], [2, 3, 4, 5, 6])) == []


def test_a_refusal_names_no_date_but_those_of_this_series_and_the_earliest_one():
    (refused,) = breaches(a_run([8], [2, 4, 6]))
    told = f"{refused.detail} {refused.context}"
    assert not [day for day in days(2, 4, 6) if str(day) in told]


def test_a_second_dose_on_one_date_is_refused_with_the_earliest_date():
    (refused,) = breaches(a_run([9], [9]))
    assert (refused.code, refused.context) == ("spacing.same-day", {"on": "2026-03-09", "earliest": "2026-03-10"})


# --- thirty days ------------------------------------------------------------------------------------------------------


def test_of_eight_doses_from_day_one_to_29_a_ninth_is_refused_on_day_30_and_allowed_on_day_31():
    (refused,) = breaches(a_run([30], EIGHT))
    assert (refused.code, refused.context["earliest"]) == ("cap.per-30-days", "2026-03-31")
    assert breaches(a_run([31], EIGHT)) == []


def test_the_label_of_esketamine_keeps_its_own_caps_where_those_for_mood_refuse():
    label = TEMPLATES["esket-label"]
    weeks = days(1, 4, 8, 11, 15, 18, 22, 25, 29)
    assert "cap.per-30-days" not in [one.code for one in breaches(a_course(label, weeks))]
    assert "cap.per-30-days" in [one.code for one in breaches(a_course(replace(label, caps=MOOD), weeks))]


def test_both_caps_are_told_at_once():
    assert found(breaches(a_run([30], [1, 5, 9, 13, 17, 27, 28, 29]))) == [
        ("cap.per-7-days", (1,)),
        ("cap.per-30-days", (1,)),
    ]


# --- reviewed ---------------------------------------------------------------------------------------------------------


def every(step: int, count: int, first: int = 1) -> list[int]:
    return list(range(first, first + step * count, step))


def test_a_seventeenth_dose_in_ninety_days_is_noted_not_refused():
    course = a_run([90], every(5, 16))
    assert breaches(course) == []
    assert ("cap.per-90-days", (1,)) in found(notes(course))
    assert "cap.per-90-days" not in [code for code, _ in found(notes(a_run([91], every(5, 16))))]


def test_each_dose_above_those_of_a_year_is_noted():
    course = a_run([355, 362], every(9, 36))
    assert [numbers[-1] for code, numbers in found(notes(course)) if code == "cap.per-365-days"] == [1, 2]


def test_more_than_one_a_week_after_day_thirty_is_noted():
    assert found(notes(a_run([30, 37, 44], [1, 8, 15, 22]))) == []
    assert found(notes(a_run([31, 38, 42], [1, 8, 15, 22]))) == [("cap.month-two", (3,))]
    assert found(notes(a_run([28, 31], [1, 8, 15, 22]))) == []


def test_a_treatment_after_a_long_rest_starts_anew():
    assert found(notes(a_run([100, 104], [1, 8, 15, 22]))) == []
    assert found(notes(a_run([50, 54], [1, 8, 15, 22]))) == [("cap.month-two", (2,))]
    assert found(notes(a_run([31, 35], [1]))) == [("cap.month-two", (2,))]
    assert found(notes(a_run([32, 36], [1]))) == []


@pytest.mark.parametrize(
    ("condition", "least"), [(Condition.OCD, 60), (Condition.BIPOLAR, 90), (Condition.CHRONIC_PAIN, 30)]
)
def test_a_full_induction_soon_after_another_one_is_noted(condition: Condition, least: int):
    before = [1, 5, 9, 13, 17]
    again = [day + 16 + least for day in before]
    assert "cap.repeated-course" not in [code for code, _ in found(notes(a_run(again, before, condition)))]
    sooner = [day - 1 for day in again]
    assert ("cap.repeated-course", (1,)) in found(notes(a_run(sooner, before, condition)))


def test_a_booster_after_an_induction_is_no_second_induction():
    assert "cap.repeated-course" not in [code for code, _ in found(notes(a_run([40], [1, 5, 9, 13, 17])))]


# --- laws -------------------------------------------------------------------------------------------------------------

taken_days = st.lists(st.integers(1, 120), max_size=40).map(lambda numbers: sorted(days(*numbers)))
some_caps = st.sampled_from([*CAPS.values(), TEMPLATES["esket-label"].caps_for()])


@given(taken_days, st.integers(1, 120), some_caps)
def test_the_earliest_date_is_allowed_and_the_day_before_it_is_not(taken: list[date], day: int, caps: Caps):
    (on,) = days(day)
    earliest = earliest_allowed(caps, taken, on)
    assert earliest >= on
    assert allows(caps, taken, earliest)
    assert earliest == on or not allows(caps, taken, earliest - timedelta(days=1))


@given(taken_days, st.integers(1, 120), some_caps)
def test_what_is_allowed_is_what_breaks_no_window_that_was_whole_before(taken: list[date], day: int, caps: Caps):
    (on,) = days(day)
    with_it = [*taken, on]

    def whole(window: Window, last: date) -> bool:
        inside = [one for one in with_it if last - timedelta(days=window.days) < one <= last]
        return on not in inside or len(inside) <= window.most

    ends = days(*range(1, 160))
    naive = on not in taken and all(whole(window, last) for window in caps.refusing for last in ends)
    assert allows(caps, taken, on) is naive


@given(taken_days, st.integers(1, 120), st.sampled_from([7, 30, 90]))
def test_the_fullest_window_is_one_that_holds_the_day(taken: list[date], day: int, length: int):
    (on,) = days(day)
    ends = [on + timedelta(days=shift) for shift in range(length)]
    assert fullest(taken, on, length) == max(in_window(taken, last, length) for last in ends)


@given(taken_days, taken_days)
def test_a_series_is_refused_for_caps_when_one_of_its_doses_is_not_allowed(own: list[date], elsewhere: list[date]):
    own = sorted(set(own))
    course = replace(a_course(ANY_SPACING, own, elsewhere=tuple(elsewhere)), condition=Condition.PTSD)
    others = [sorted([*own[:place], *own[place + 1 :], *elsewhere]) for place in range(len(own))]
    allowed = all(allows(MOOD, taken, on) for on, taken in zip(own, others, strict=True))
    refused = {one.code for one in breaches(course)} & {"cap.per-7-days", "cap.per-30-days", "spacing.same-day"}
    assert allowed is not bool(refused)


def test_caps_are_kept_with_the_regimen():
    regimen: Regimen = replace(ANY_SPACING, caps=Caps(1, 2))
    assert found(breaches(a_course(regimen, days(1, 5)))) == [("cap.per-7-days", (1, 2))]
