"""The watch for misuse: each of the nine signs on both sides of its limits."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import accumulate, permutations

import pytest

from services.booking.domain.chart.answers import Exam, ExamKind, Sex, Word
from services.booking.domain.chart.assessment import Assessment
from services.booking.domain.chart.misuse import (
    RULES,
    Amount,
    Record,
    Signal,
    SignalKind,
    flags,
    noted,
    positive_exams,
)
from services.booking.domain.patient.remission import Remission, with_score
from services.booking.domain.protocol.protocol import Condition
from shared.errors import RuleBroken

TODAY = date(2026, 6, 30)
NOTHING = Record(TODAY)


def ago(*days):
    return tuple(TODAY - timedelta(days=one) for one in days)


def codes(record):
    return [flag.code for flag in flags(record)]


def noticed(kind, *days):
    return replace(NOTHING, signals={kind: ago(*days)})


def intervals(*days):
    return replace(NOTHING, doses=[date(2025, 1, 1) + timedelta(days=one) for one in accumulate((0, *days))])


def amounts(*mg, course="depression intravenous"):
    return tuple(
        Amount(date(2026, 1, 1) + timedelta(days=number), Decimal(one), course) for number, one in enumerate(mg)
    )


def at_sites(**sites):
    return replace(NOTHING, sites={site: ago(*days) for site, days in sites.items()})


EARLY, HIT, CRAVING = SignalKind.EARLY_REQUEST, SignalKind.PDMP_HIT, SignalKind.CRAVING
HOME, URINARY = SignalKind.HOME_USE, SignalKind.URINARY_SYMPTOM
LOW = replace(NOTHING, low_since=TODAY - timedelta(days=28))


def test_of_nothing_no_flag_is_made():
    assert flags(NOTHING) == ()


@pytest.mark.parametrize(
    ("record", "code"),
    [
        (noticed(EARLY, 0, 29), "DW-1"),
        (noticed(EARLY, 3, 3), "DW-1"),
        (intervals(42, 33, 26, 20), "DW-2"),
        (intervals(7, 100, 80, 64, 51), "DW-2"),
        (replace(NOTHING, amounts=amounts(35, 40, "52.5")), "DW-3"),
        (replace(NOTHING, amounts=(*amounts(98, course="pain"), *amounts(20, 30))), "DW-3"),
        (at_sites(here=[29], there=[0]), "DW-4"),
        (at_sites(here=[-60], there=[-89]), "DW-4"),
        (at_sites(here=[200, 20], elsewhere=[28]), "DW-4"),
        (noticed(HIT, 89), "DW-4"),
        (replace(NOTHING, positive=(ExamKind.PDMP,)), "DW-4"),
        (replace(NOTHING, positive=(ExamKind.AUDIT_C,)), "DW-5"),
        (noticed(CRAVING, 89), "DW-6"),
        (noticed(HOME, 0), "DW-6"),
        (noticed(URINARY, 89), "DW-7"),
        (replace(NOTHING, urinary_events=ago(89)), "DW-7"),
        (replace(LOW, wants_booster=True), "DW-8"),
        (replace(LOW, signals={EARLY: ago(29)}), "DW-8"),
        (replace(NOTHING, without_escort=ago(0, 89)), "DW-9"),
    ],
)
def test_each_sign_is_one_flag(record, code):
    assert codes(record) == [code]


@pytest.mark.parametrize(
    "record",
    [
        noticed(EARLY, 0),
        noticed(EARLY, 0, 30),
        noticed(EARLY, 0, -1),
        intervals(42, 35, 30, 26),
        intervals(33, 26, 20),
        intervals(100, 80, 64, 52),
        intervals(42, 33, 26, 20, 20),
        replace(NOTHING, amounts=amounts(35, 60, "52.4")),
        replace(NOTHING, amounts=(*amounts(35), *amounts(98, course="pain"))),
        at_sites(here=[30], there=[0]),
        at_sites(here=[30], there=[29]),
        at_sites(here=[-60], there=[-90]),
        at_sites(here=[1, 2, 3]),
        noticed(HIT, 90),
        noticed(CRAVING, 90),
        noticed(HOME, 90),
        noticed(URINARY, 90),
        replace(NOTHING, urinary_events=ago(90)),
        LOW,
        replace(LOW, low_since=TODAY - timedelta(days=27), wants_booster=True),
        replace(LOW, signals={EARLY: ago(30)}),
        replace(NOTHING, wants_booster=True),
        replace(NOTHING, without_escort=ago(0)),
        replace(NOTHING, without_escort=ago(0, 90)),
    ],
)
def test_what_falls_short_of_it_is_none(record):
    assert codes(record) == []


def test_all_of_them_stand_in_the_order_of_their_codes():
    everything = Record(
        TODAY,
        signals={kind: ago(1, 2) for kind in SignalKind},
        doses=intervals(42, 33, 26, 20).doses,
        amounts=amounts(20, 30),
        positive=(ExamKind.DAST_10,),
        low_since=date(2026, 1, 1),
        without_escort=ago(1, 2),
    )
    assert codes(everything) == [f"DW-{number}" for number in range(1, 10)] == list(RULES)


def test_a_flag_tells_its_figures_and_never_which_clinic():
    shrinking, sites = (flags(record)[0].facts for record in (intervals(42, 33, 26, 20), at_sites(a=[1], b=[2])))
    assert (shrinking, sites) == ({"intervals_days": [42, 33, 26, 20]}, {"sites": 2, "pdmp_hits": 0})
    assert flags(replace(LOW, wants_booster=True))[0].facts == {"low_since": "2026-06-02"}


def test_a_signal_of_a_date_to_come_is_refused():
    signal = Signal("id", "patient-1", CRAVING, TODAY, None, "key", datetime(2026, 6, 30, tzinfo=UTC))
    assert noted(signal, TODAY) == signal
    with pytest.raises(RuleBroken, match=r"signal\.in-future"):
        noted(signal, TODAY - timedelta(days=1))


# --- screens for substances


def an_assessment(*exams, sex=Sex.MALE):
    return Assessment("id", "patient-1", "mood-iv-6x2w", Condition.DEPRESSION, TODAY, sex=sex, exams=exams)


def counted(kind, value, day=TODAY):
    return Exam(kind, day, value=Decimal(value))


def said(kind, word, day=TODAY):
    return Exam(kind, day, word)


@pytest.mark.parametrize(
    ("assessment", "kinds"),
    [
        (an_assessment(counted(ExamKind.DAST_10, 3)), [ExamKind.DAST_10]),
        (an_assessment(counted(ExamKind.DAST_10, 2)), []),
        (an_assessment(counted(ExamKind.AUDIT_C, 4)), [ExamKind.AUDIT_C]),
        (an_assessment(counted(ExamKind.AUDIT_C, 3)), []),
        (an_assessment(counted(ExamKind.AUDIT_C, 3), sex=Sex.FEMALE), [ExamKind.AUDIT_C]),
        (an_assessment(counted(ExamKind.AUDIT_C, 2), sex=Sex.FEMALE), []),
        (an_assessment(said(ExamKind.DRUG_SCREEN, Word.POSITIVE)), [ExamKind.DRUG_SCREEN]),
        (an_assessment(said(ExamKind.DRUG_SCREEN, Word.NEGATIVE)), []),
        (an_assessment(said(ExamKind.PDMP, Word.POSITIVE)), [ExamKind.PDMP]),
        (an_assessment(said(ExamKind.MDQ, Word.POSITIVE)), []),
    ],
)
def test_screens_are_positive_from_their_limits_on(assessment, kinds):
    assert [*positive_exams([assessment])] == kinds


def test_the_newest_result_counts_whichever_assessment_holds_it():
    positive = an_assessment(said(ExamKind.DRUG_SCREEN, Word.POSITIVE, TODAY - timedelta(days=1)))
    negative = an_assessment(said(ExamKind.DRUG_SCREEN, Word.NEGATIVE))
    assert positive_exams([positive, negative]) == positive_exams([negative, positive]) == ()


def test_of_one_day_the_correction_counts_and_of_two_assessments_the_positive_one():
    positive, negative = said(ExamKind.PDMP, Word.POSITIVE), said(ExamKind.PDMP, Word.NEGATIVE)
    assert positive_exams([an_assessment(positive, negative)]) == ()
    assert positive_exams([an_assessment(negative), an_assessment(positive)]) == (ExamKind.PDMP,)
    assert positive_exams([an_assessment(positive), an_assessment(negative)]) == (ExamKind.PDMP,)


# --- remission


def on(day):
    return datetime(2026, 3, day, 12, tzinfo=UTC)


SCORES = ((14, on(2)), (4, on(9)), (5, on(16)), (4, on(20)), (0, on(27)))


def test_low_scores_count_since_the_last_higher_one_in_whatever_order_they_are_heard():
    for order in permutations(SCORES):
        known: tuple[Remission, ...] = ()
        for total, at in (*order, order[0]):
            known = with_score(known, "phq-9", total, at)
        assert known == (Remission("phq-9", on(16), (on(20), on(27))),)
        assert known[0].since == on(20)


def test_a_score_above_the_level_ends_the_remission():
    low = with_score((), "gad-7", 4, on(2))
    assert with_score(low, "gad-7", 5, on(9))[0].since is None
    assert with_score((), "pcl-5", 0, on(2)) == ()
