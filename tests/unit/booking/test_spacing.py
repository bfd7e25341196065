from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.booking.domain.protocol.spacing import breaches, notes
from services.booking.domain.protocol.templates import TEMPLATES
from tests.support.booking_builders import CASE_A, MOOD, a_course

PAIN = TEMPLATES["pain-iv-5x5d"]
KAP = TEMPLATES["kap-6"]
TOO_MANY = ["spacing.rolling-seven-days", "cap.per-7-days"]
"""Against the protocol, and against what one person may have: here both are three in seven days."""


def march(*days: int) -> tuple[date, ...]:
    return tuple(date(2026, 3, 1) + timedelta(days=day - 1) for day in days)


def codes(slug: str, dates: Sequence[date], *elsewhere: date) -> list[str]:
    return [finding.code for finding in breaches(a_course(TEMPLATES[slug], dates, elsewhere=elsewhere))]


def note_codes(slug: str, dates: Sequence[date]) -> list[str]:
    return [finding.code for finding in notes(a_course(TEMPLATES[slug], dates))]


def test_monday_wednesday_friday_across_the_clock_change_is_allowed():
    assert codes("mood-iv-6x2w", CASE_A) == []
    assert note_codes("mood-iv-6x2w", CASE_A) == []


def test_a_shifted_course_is_allowed_with_one_note_on_the_long_gap():
    shifted = a_course(MOOD, march(4, 6, 11, 13, 16, 18))
    assert breaches(shifted) == []
    assert [(note.code, note.numbers, note.context["days"]) for note in notes(shifted)] == [("spacing.late", (2, 3), 5)]


@pytest.mark.parametrize(
    ("gap", "refused", "noted", "word"),
    [
        (4, [], [], ""),
        (5, [], ["spacing.late"], "later"),
        (7, [], ["spacing.late"], "later"),
        (8, ["spacing.too-late"], [], "clinician"),
        (14, ["spacing.too-late"], [], "clinician"),
        (15, ["spacing.suspended"], [], "assessed again"),
    ],
)
def test_a_gap_above_the_maximum_is_noted_up_to_a_week_and_refused_beyond(
    gap: int, refused: list[str], noted: list[str], word: str
):
    course = a_course(replace(MOOD, window_days=None, tolerance_days=None), march(16, 16 + gap))
    found, remarks = breaches(course), notes(course)
    assert [finding.code for finding in found] == refused
    assert [finding.code for finding in remarks] == noted
    assert all(word in finding.detail for finding in (*found, *remarks))


def test_friday_after_a_closed_thursday_breaks_five_consecutive_days():
    split = (date(2026, 7, 2), *(date(2026, 7, day) for day in (6, 7, 8, 9)))
    assert codes("pain-iv-5x5d", split) == ["spacing.window"]
    assert codes("pain-iv-5x5d", [date(2026, 7, day) for day in (6, 7, 8, 9, 10)]) == []


def test_pain_is_treated_on_weekdays_only():
    assert codes("pain-crps-10d", [date(2026, 7, day) for day in (6, 7, 8, 9, 10, 13, 14, 15, 16, 17)]) == []
    on_saturday = [date(2026, 7, day) for day in (7, 8, 9, 10, 11, 13, 14, 15, 16, 17)]
    assert [one for one in codes("pain-crps-10d", on_saturday) if one == "spacing.weekday"] == ["spacing.weekday"]


def test_five_days_in_a_row_are_for_pain_not_for_mood():
    days = march(9, 10, 11, 12, 13)
    assert codes("pain-iv-5x5d", days) == []
    assert "spacing.too-soon" in codes("mood-iv-6x2w", days)


def test_a_second_dose_on_the_day_of_another_series_is_refused():
    assert "spacing.same-day" in codes("mood-iv-6x2w", march(4, 6, 9, 11, 13, 16), date(2026, 3, 9))


def test_two_doses_of_one_series_on_one_day_are_refused():
    found = breaches(a_course(MOOD, march(4, 4)))
    assert {finding.code for finding in found} == {"spacing.same-day", "spacing.too-soon"}
    assert all(finding.numbers == (1, 2) for finding in found)


@pytest.mark.parametrize(
    ("first", "second"), [((3, 7), (3, 9)), ((3, 28), (3, 30)), ((10, 3), (10, 5)), ((10, 31), (11, 2))]
)
def test_two_local_days_are_two_days_however_many_hours_they_have(first: tuple[int, int], second: tuple[int, int]):
    assert codes("mood-iv-6x2w", [date(2026, *first), date(2026, *second)]) == []


def test_below_the_minimum_is_refused_with_the_figures():
    (finding,) = breaches(a_course(MOOD, march(4, 5)))
    assert (finding.code, finding.numbers) == ("spacing.too-soon", (1, 2))
    assert finding.context == {"days": 1, "min_days": 2}


def test_sessions_keep_their_order():
    assert "spacing.out-of-order" in codes("mood-iv-6x2w", march(6, 4))


def test_seven_days_roll_over_local_dates():
    assert codes("mood-iv-6x2w", march(2, 4, 6, 8)) == TOO_MANY
    assert codes("mood-iv-6x2w", march(2, 4, 6, 9)) == []


def test_doses_of_other_series_count_in_the_seven_days():
    assert codes("mood-iv-6x2w", march(6, 8), *march(2, 4)) == TOO_MANY
    assert codes("mood-iv-6x2w", march(2, 4), *march(6, 8)) == TOO_MANY
    assert codes("mood-iv-6x2w", march(6, 9), *march(2, 4)) == []


def test_other_series_alone_are_not_judged():
    assert codes("mood-iv-6x2w", march(30), *march(2, 3, 4, 5, 6)) == []


def test_longer_than_the_window_is_noted_and_longer_than_the_tolerance_refused():
    three = "mood-iv-3x3w"
    assert note_codes(three, march(2, 10, 17)) == []
    assert note_codes(three, march(2, 10, 18)) == ["spacing.window"]
    stretched = replace(MOOD, phases=(replace(MOOD.phases[0], max_days=7),))
    course = a_course(stretched, march(2, 9, 16, 23, 30))
    assert [finding.code for finding in breaches(course)] == ["spacing.window"]
    assert notes(course) == []


def test_a_booster_rests_two_weeks_after_the_last_dose():
    assert codes("booster-single", march(16), *march(3)) == ["spacing.too-soon"]
    assert codes("booster-single", march(17), *march(3)) == []
    assert codes("booster-single", march(17), *march(31)) == []


def test_weekly_phase_starts_a_week_after_the_induction():
    induction = march(2, 5, 9, 12, 16, 19, 23, 26)
    assert codes("esket-label", (*induction, *march(32))) == ["spacing.rolling-seven-days"]
    assert codes("esket-label", (*induction, *march(33))) == []


def test_a_dose_is_counted_from_the_dose_before_and_a_talk_from_the_session_before():
    assert codes("kap-6", march(2, 3, 6, 9, 10, 13)) == []
    too_soon = breaches(a_course(KAP, march(2, 3, 6, 9, 10, 11)))
    assert ("spacing.too-soon", (4, 6)) in [(finding.code, finding.numbers) for finding in too_soon]


def test_integration_follows_within_three_days():
    late = a_course(KAP, march(2, 3, 6, 9, 13))
    assert [note.code for note in notes(late)] == ["spacing.late"]


def test_every_breach_is_told_at_once():
    found = set(codes("mood-iv-6x2w", march(4, 5, 6, 7, 30), *march(4)))
    assert found == {
        "spacing.same-day",
        "spacing.too-soon",
        "spacing.suspended",
        *TOO_MANY,
        "spacing.window",
    }
