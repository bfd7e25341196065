"""Rules about scores over time: what each reading means, by the numbers of the default rules."""

from datetime import date, timedelta

import pytest

from services.followup.domain.relapse import Reading, findings
from tests.support.followup_fakes import RULES

LAST_DOSE = date(2026, 3, 2)


def readings_of(baseline, *after):
    """A baseline before the series, then (day, score) after its end."""
    before = [] if baseline is None else [Reading(LAST_DOSE - timedelta(days=15), baseline, after=False)]
    return [*before, *(Reading(LAST_DOSE + timedelta(days=day), score, after=True) for day, score in after)]


def found(instrument, readings):
    return {(one.rule, one.trigger) for one in findings(RULES.relapse, instrument, readings)}


def alerts(instrument, readings):
    """The triggers that lead to an alert of their own."""
    return set(RULES.without_covered(trigger for _, trigger in found(instrument, readings)))


EARLY, RELAPSE, SEVERE, NONE = (
    ("RL-1", "early-warning"),
    ("RL-2", "relapse"),
    ("RL-3", "severe-score"),
    frozenset[str](),
)


@pytest.mark.parametrize(
    ("baseline", "after", "expected"),
    [
        (20, [(7, 6), (14, 7), (21, 8)], NONE),  # 8 - 6 = 2
        (20, [(7, 6), (14, 11)], {"early-warning"}),  # 5 up and 10 or more
        (20, [(7, 6), (14, 9), (21, 10)], NONE),  # 10 - 6 = 4
        (20, [(7, 6), (14, 11), (21, 12)], {"relapse"}),  # 11 and 12 both over 10
        (20, [(7, 6), (14, 11), (35, 12)], {"early-warning"}),  # 21 days apart
        (20, [(7, 8), (14, 16)], {"early-warning", "severe-score"}),
        (20, [(7, 16)], {"no-response"}),  # a drop of 20 per cent; no responder, under 20
    ],
)
def test_what_the_last_phq_9_of_a_series_means(baseline, after, expected):
    assert alerts("phq-9", readings_of(baseline, *after)) == expected


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ([(7, 6), (14, 10)], NONE),  # 4 up
        ([(7, 4), (14, 9)], NONE),  # 5 up, under 10
        ([(7, 5), (14, 10)], {EARLY}),
        ([(7, 10), (14, 14), (21, 14)], {("RL-2", "relapse")}),  # 10 is half of 20: a response
        ([(7, 10), (14, 10), (21, 11)], NONE),  # 10 is not over half of 20
        ([(7, 9), (14, 11), (18, 11)], NONE),  # 4 days apart
        ([(7, 9), (14, 11), (19, 11)], {RELAPSE}),
        ([(7, 9), (14, 11), (28, 11)], {RELAPSE}),
        ([(7, 9), (14, 11), (29, 11)], NONE),  # 15 days apart
        ([(7, 11), (14, 12), (21, 12)], NONE),  # never a responder
        ([(7, 10), (14, 15)], {EARLY, SEVERE}),
        ([(7, 10), (14, 14)], NONE),
        ([(7, 14), (14, 18), (21, 19)], {EARLY}),  # under 20, no responder
        ([(7, 14), (14, 18), (21, 20)], {EARLY, SEVERE}),
        ([(7, 15)], NONE),  # a drop of 25 per cent
        ([(7, 16)], {("RL-4", "no-response")}),
        ([(7, 12), (14, 16)], NONE),  # only the first reading can say that there was no response
        ([(7, 20)], {SEVERE, ("RL-4", "no-response")}),
    ],
)
def test_borders_of_the_rules_from_a_baseline_of_twenty(after, expected):
    assert found("phq-9", readings_of(20, *after)) == expected


@pytest.mark.parametrize(
    ("now", "expected"), [(17, NONE), (18, {("RL-5", "deterioration")}), (25, {("RL-5", "deterioration")})]
)
def test_during_the_series_only_getting_worse_than_at_the_beginning_counts(now, expected):
    during = [Reading(LAST_DOSE - timedelta(days=15), 12, False), Reading(LAST_DOSE - timedelta(days=5), now, False)]
    assert found("phq-9", during) == expected


@pytest.mark.parametrize(
    ("instrument", "baseline", "after", "expected"),
    [
        ("gad-7", 14, [(7, 6), (14, 10)], {("RL-6", "early-warning")}),
        ("gad-7", 14, [(7, 7), (14, 10)], NONE),
        ("gad-7", 14, [(7, 4), (14, 9)], NONE),
        ("pcl-5", 50, [(7, 23), (14, 33)], {("RL-7", "early-warning")}),
        ("pcl-5", 50, [(7, 24), (14, 33)], NONE),
        ("pcl-5", 50, [(7, 22), (14, 32)], NONE),
        ("pcl-5", 50, [(7, 10), (14, 25)], {("RL-7", "relapse")}),
        ("pcl-5", 50, [(7, 20), (14, 35)], {("RL-7", "early-warning"), ("RL-7", "relapse")}),
        ("peg", 20, [(7, 14), (14, 15), (28, 15)], {("RL-8", "relapse")}),
        ("peg", 20, [(7, 14), (14, 15)], NONE),
        ("peg", 20, [(7, 14), (14, 14), (28, 15)], NONE),
        ("peg", 20, [(7, 15), (14, 15), (28, 15)], NONE),  # there never was any relief
        ("oci-r", 40, [(7, 31)], {("RL-4", "no-response")}),
        ("oci-r", 40, [(7, 20), (14, 21), (21, 21)], {("RL-2", "relapse")}),
    ],
)
def test_other_instruments_have_points_and_percentages_of_their_own(instrument, baseline, after, expected):
    assert found(instrument, readings_of(baseline, *after)) == expected


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([5], NONE),
        ([6], {"mania"}),
        ([11], {"mania"}),
        ([12], {"mania-marked"}),
        ([20], {"mania-marked"}),
        ([3, 8], {"mania"}),  # 5 up
        ([3, 9], {"mania-marked"}),  # 6 up
        ([0, 6], {"mania-marked"}),
        ([6, 6], {"mania"}),
    ],
)
def test_mania_counts_at_any_time_and_presses_when_it_is_marked_or_rises_fast(scores, expected):
    at_any_time = [Reading(LAST_DOSE + timedelta(days=number), score, False) for number, score in enumerate(scores)]
    assert alerts("asrm", at_any_time) == expected


def test_without_a_baseline_nothing_is_said_about_relief():
    assert found("phq-9", readings_of(None, (7, 16))) == NONE
    assert found("phq-9", readings_of(None, (7, 6), (14, 11))) == {EARLY}
    assert found("phq-9", readings_of(None, (7, 20))) == {SEVERE}


def test_a_baseline_of_nothing_cannot_be_relieved():
    assert found("phq-9", readings_of(0, (7, 0), (14, 3))) == NONE


def test_an_instrument_without_rules_means_nothing():
    assert found("audit-c", readings_of(12, (7, 12))) == NONE
