"""Published answers and their published scores, instrument by instrument."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.followup.domain.scoring import Escalation, help_called_for, score
from shared.errors import Invalid
from tests.support.followup_instruments import answers_to, the

PHQ_9 = the("phq-9")
NONE: tuple[Escalation, ...] = ()


def scored(id, values):
    return score(the(id), answers_to(id, values))


def item_9(value: int | None, tier: int) -> tuple[Escalation, ...]:
    return (Escalation("9", value, tier),)


@pytest.mark.parametrize(
    ("values", "total", "band", "escalation"),
    [
        ((0, 0, 0, 0, 0, 0, 0, 0, 0), 0, "minimal", NONE),
        ((0, 0, 0, 0, 0, 0, 0, 0, 1), 1, "minimal", item_9(1, 3)),
        ((1, 1, 1, 1, 0, 0, 0, 0, 0), 4, "minimal", NONE),
        ((1, 1, 1, 1, 1, 0, 0, 0, 0), 5, "mild", NONE),
        ((1, 2, 1, 2, 1, 1, 0, 0, 1), 9, "mild", item_9(1, 3)),
        ((2, 2, 2, 2, 1, 1, 0, 0, 0), 10, "moderate", NONE),
        ((2, 2, 2, 2, 2, 2, 2, 0, 0), 14, "moderate", NONE),
        ((2, 2, 2, 2, 2, 2, 2, 1, 0), 15, "moderately severe", NONE),
        ((3, 3, 3, 3, 3, 2, 2, 0, 0), 19, "moderately severe", NONE),
        ((3, 3, 3, 3, 2, 2, 2, 2, 0), 20, "severe", NONE),
        ((2, 2, 2, 2, 2, 2, 2, 1, 2), 17, "moderately severe", item_9(2, 2)),
        ((3, 3, 3, 3, 3, 3, 3, 3, 3), 27, "severe", item_9(3, 1)),
        ((3, 2, None, 2, 2, 2, 2, 2, 0), None, None, NONE),
        ((3, 2, 2, 2, 2, 2, 2, 2, None), None, None, item_9(None, 3)),
        ((None, 0, 0, 0, 0, 0, 0, 0, 3), None, None, item_9(3, 1)),
    ],
)
def test_phq_9(values, total, band, escalation):
    found = scored("phq-9", values)
    assert (found.total, found.band, found.escalation) == (total, band, escalation)
    assert found.complete is (total is not None)


MAKING_UP = replace(PHQ_9, total=replace(PHQ_9.total, may_lack=2)) if PHQ_9.total else PHQ_9


@pytest.mark.parametrize(
    ("values", "total", "band"),
    [
        ((3, 2, None, 2, 2, 2, 2, 2, 0), 17, "moderately severe"),  # 15 x 9 / 8 = 16.875
        ((3, 2, None, None, 2, 2, 2, 2, 0), 17, "moderately severe"),  # 13 x 9 / 7 = 16.7
        ((3, 2, None, None, None, 2, 2, 2, 0), None, None),
        ((3, 2, 2, 2, 2, 2, 2, 2, None), None, None),
        ((3, 2, None, 2, 2, 2, 2, 2, None), None, None),
    ],
)
def test_a_clinic_may_make_up_for_two_blank_items_of_the_phq_9_but_never_for_item_9(values, total, band):
    found = score(MAKING_UP, answers_to("phq-9", values))
    assert (found.total, found.band) == (total, band)


@pytest.mark.parametrize(
    ("values", "total", "band"),
    [
        ((0,) * 7, 0, "minimal"),
        ((1, 1, 1, 1, 0, 0, 0), 4, "minimal"),
        ((1, 1, 1, 1, 1, 0, 0), 5, "mild"),
        ((2, 2, 2, 1, 1, 1, 0), 9, "mild"),
        ((2, 2, 2, 2, 1, 1, 0), 10, "moderate"),
        ((2,) * 7, 14, "moderate"),
        ((3, 2, 2, 2, 2, 2, 2), 15, "severe"),
        ((3,) * 7, 21, "severe"),
    ],
)
def test_gad_7(values, total, band):
    found = scored("gad-7", values)
    assert (found.total, found.band, found.escalation) == (total, band, NONE)


@pytest.mark.parametrize(
    ("values", "total", "clusters", "findings"),
    [
        (
            (2, 2, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 1, 1, 1, 1, 2, 2, 1, 1),
            33,
            (10, 4, 11, 8),
            ("provisional DSM-5 rule",),
        ),
        ((1,) * 20, 20, (5, 2, 7, 6), ()),
        ((4,) * 20, 80, (20, 8, 28, 24), ("provisional DSM-5 rule",)),
    ],
)
def test_pcl_5_has_clusters_and_a_rule_but_no_word_for_its_total(values, total, clusters, findings):
    found = scored("pcl-5", values)
    assert (found.total, found.band, found.findings) == (total, None, findings)
    assert tuple(each.points for each in found.subscales) == clusters


@pytest.mark.parametrize(
    ("short", "at"),
    [("B", (0, 1, 2, 3, 4)), ("C", (5, 6)), ("D", (7, 8, 9, 10, 11, 12)), ("E", (14, 15, 16, 17, 18))],
)
def test_the_provisional_rule_of_the_pcl_5_needs_every_cluster(short, at):
    values = [0 if place in at else 4 for place in range(20)]
    assert scored("pcl-5", values).findings == (), short


@pytest.mark.parametrize(
    ("value", "escalation"), [(2, NONE), (3, (Escalation("16", 3, 4),)), (4, (Escalation("16", 4, 4),))]
)
def test_item_16_of_the_pcl_5_is_for_review_and_alarms_no_patient(value, escalation):
    answers = {**answers_to("pcl-5", (0,) * 20), "16": value}
    assert score(the("pcl-5"), answers).escalation == escalation
    assert not help_called_for(the("pcl-5"), answers)


@pytest.mark.parametrize(
    ("values", "points", "shown"),
    [((6, 7, 4), 17, "5.7"), ((7, 8, 6), 21, "7.0"), ((0, 0, 0), 0, "0.0"), ((10, 10, 10), 30, "10.0")],
)
def test_peg_keeps_the_sum_and_shows_the_mean(values, points, shown):
    found = scored("peg", values)
    assert (found.total, found.shown, found.band) == (points, shown, None)


@pytest.mark.parametrize(
    ("severity", "shown", "worst", "interference", "mean"),
    [
        ((8, 3, 6, 5), "5.50", "severe", (7, 6, 5, 6, 3, 8, 7), "6.0"),
        ((5, 1, 3, 2), "2.75", "moderate", (2, None, 3, None, 1, None, 4), "2.5"),
        ((4, 1, 3, 2), "2.50", "mild", (0,) * 7, "0.0"),
        ((0, 0, 0, 0), "0.00", "none", (10,) * 7, "10.0"),
        ((6, 0, 0, 0), "1.50", "moderate", (10,) * 7, "10.0"),
        ((7, 0, 0, 0), "1.75", "severe", (10,) * 7, "10.0"),
    ],
)
def test_bpi_has_two_means_and_a_word_for_the_worst_pain(severity, shown, worst, interference, mean):
    found = scored("bpi-sf", (*severity, *interference))
    of_life, of_pain = found.subscales
    assert (found.total, found.shown, found.band) == (sum(severity), shown, None)
    assert (of_life.shown, of_pain.band) == (mean, worst)
    assert of_life.answered == sum(value is not None for value in interference)


@pytest.mark.parametrize(
    "values",
    [(5, 1, 3, 2, 2, None, 3, None, None, None, 4), (5, 1, None, 2, 2, 2, 2, 2, 2, 2, 2)],
)
def test_bpi_needs_its_severity_and_four_of_seven_kinds_of_interference(values):
    assert not scored("bpi-sf", values).complete


@pytest.mark.parametrize(
    ("values", "total", "band", "highest"),
    [
        ((1,) * 15 + (0,) * 3, 15, "mild", 3),
        ((2, 1, 1, 0, 3, 3, 1, 1, 1, 0, 3, 3, 0, 0, 0, 0, 2, 3), 24, "moderate", 9),
        ((2,) * 13 + (1,) + (0,) * 4, 27, "moderate", 6),
        ((4,) * 18, 72, "severe", 12),
        ((4,) * 7 + (0,) * 11, 28, "severe", 8),
        ((4,) * 4 + (0,) * 14, 16, "moderate", 4),
    ],
)
def test_oci_r(values, total, band, highest):
    found = scored("oci-r", values)
    assert (found.total, found.band) == (total, band)
    assert max(each.points for each in found.subscales) == highest


def test_the_subscales_of_the_oci_r_have_their_own_items():
    values = (2, 1, 1, 0, 3, 3, 1, 1, 1, 0, 3, 3, 0, 0, 0, 0, 2, 3)
    points = {each.scale: each.points for each in scored("oci-r", values).subscales}
    assert points == {"hoarding": 3, "checking": 2, "ordering": 2, "neutralising": 0, "washing": 8, "obsessing": 9}


@pytest.mark.parametrize(
    ("values", "total", "band"),
    [
        ((1, 1, 1, 1, 0, 1, 1, 1, 0, 0), 7, "subclinical"),
        ((1, 1, 1, 1, 1, 1, 1, 1, 0, 0), 8, "mild"),
        ((2, 2, 2, 1, 2, 2, 1, 1, 1, 1), 15, "mild"),
        ((2, 2, 2, 1, 2, 2, 1, 1, 2, 1), 16, "moderate"),
        ((3, 2, 2, 3, 2, 3, 2, 2, 2, 2), 23, "moderate"),
        ((3, 2, 2, 3, 2, 3, 2, 2, 3, 2), 24, "severe"),
        ((3, 3, 3, 3, 3, 3, 3, 3, 3, 4), 31, "severe"),
        ((3, 3, 3, 3, 3, 3, 3, 3, 4, 4), 32, "extreme"),
        ((4,) * 10, 40, "extreme"),
    ],
)
def test_y_bocs(values, total, band):
    found = scored("y-bocs", values)
    assert (found.total, found.band) == (total, band)
    assert sum(each.points for each in found.subscales) == total


@pytest.mark.parametrize(
    ("yes", "same_period", "problem", "result"),
    [
        (7, 1, 2, "positive"),
        (7, 1, 1, "negative"),
        (13, 0, 3, "negative"),
        (6, 1, 3, "negative"),
        (13, 1, 3, "positive"),
        (0, 0, 0, "negative"),
    ],
)
def test_mdq(yes, same_period, problem, result):
    found = scored("mdq", (*(int(item < yes) for item in range(13)), same_period, problem))
    assert (found.total, found.band) == (yes, result)


@pytest.mark.parametrize(
    ("values", "total", "result", "escalation"),
    [
        ((1, 1, 1, 1, 1), 5, "negative", NONE),
        ((2, 1, 1, 1, 1), 6, "positive", (Escalation("score", 6, 4),)),
        ((0, 0, 3, 0, 0), 3, "negative", (Escalation("sleep", 3, 4),)),
        ((0, 0, 2, 0, 0), 2, "negative", NONE),
        ((4,) * 5, 20, "positive", (Escalation("score", 20, 4), Escalation("sleep", 4, 4))),
    ],
)
def test_asrm(values, total, result, escalation):
    found = scored("asrm", values)
    assert (found.total, found.band, found.escalation) == (total, result, escalation)
    assert not help_called_for(the("asrm"), answers_to("asrm", values))


def test_the_coding_1_to_5_of_the_asrm_is_refused():
    with pytest.raises(Invalid) as refusal:
        scored("asrm", (5, 1, 1, 1, 1))
    assert [(fault.code, fault.pointer) for fault in refusal.value.faults] == [("answer.out-of-range", "/answers/mood")]


@pytest.mark.parametrize(
    ("points", "shown", "band"),
    [
        (0, "0.00", "none or low"),
        (6, "0.26", "none or low"),
        (7, "0.30", "mild"),
        (24, "1.04", "mild"),
        (25, "1.09", "moderate"),
        (43, "1.87", "moderate"),
        (44, "1.91", "high"),
        (61, "2.65", "high"),
        (62, "2.70", "very high"),
        (79, "3.43", "very high"),
        (80, "3.48", "extremely high"),
        (92, "4.00", "extremely high"),
    ],
)
def test_bsl_23_takes_its_bands_from_the_sum(points, shown, band):
    found = scored("bsl-23", [min(4, max(0, points - 4 * item)) for item in range(23)])
    assert (found.total, found.shown, found.band) == (points, shown, band)


@pytest.mark.parametrize("item", ["5", "7", "12", "18"])
@pytest.mark.parametrize(("value", "tier"), [(1, None), (2, 3), (3, 3), (4, 2)])
def test_items_of_the_bsl_23_on_self_harm_reach_a_person(item, value, tier):
    found = score(the("bsl-23"), {**answers_to("bsl-23", (0,) * 23), item: value})
    assert found.escalation == ((Escalation(item, value, tier),) if tier else NONE)


@pytest.mark.parametrize(
    ("values", "level", "rank", "tier"),
    [
        ((0, 0, None, None, None, 0, None), "none", 0, None),
        ((1, 0, None, None, None, 0, None), "low", 1, 3),
        ((0, 1, 0, 0, 0, 0, None), "low", 1, 3),
        ((0, 1, 1, 0, 0, 0, None), "moderate", 2, 2),
        ((0, 0, None, None, None, 1, 0), "moderate", 2, 2),
        ((0, 1, 0, 1, 0, 0, None), "high", 3, 1),
        ((0, 1, 1, 0, 1, 0, None), "high", 3, 1),
        ((0, 0, None, None, None, 1, 1), "high", 3, 1),
        ((1, 1, 1, 1, 1, 1, 1), "high", 3, 1),
    ],
)
def test_c_ssrs_is_a_tree(values, level, rank, tier):
    found = scored("c-ssrs", values)
    assert (found.band, found.total, found.shown, found.complete) == (level, rank, level, True)
    assert found.escalation == ((Escalation("score", rank, tier),) if tier else NONE)


@pytest.mark.parametrize(
    ("values", "value", "tier", "is_worrying"),
    [
        ((1, None, None, None, None, None, None), 1, 3, True),  # unanswered, and a nurse calls
        ((None,) * 7, None, 3, False),
        ((0, 0, None, None, None, None, None), None, 3, False),
        ((0, 1, 1, 0, None, None, None), 2, 2, True),
        ((0, 1, 0, 1, None, None, None), 3, 1, True),
        ((0, 0, None, None, None, 1, None), 2, 2, True),
    ],
)
def test_an_unfinished_c_ssrs_has_no_level_but_reaches_a_person(values, value, tier, is_worrying):
    found = scored("c-ssrs", values)
    assert (found.total, found.band, found.complete) == (None, None, False)
    assert found.escalation == (Escalation("score", value, tier),)
    assert bool(help_called_for(the("c-ssrs"), answers_to("c-ssrs", values))) is is_worrying


def test_of_what_was_said_and_what_was_left_blank_the_more_urgent_counts():
    [watched] = the("c-ssrs").escalating
    anxious = replace(the("c-ssrs"), escalating=(replace(watched, blank_tier=2),))
    assert [each.tier for each in score(anxious, {"1": 1}).escalation] == [2]
    assert [each.tier for each in score(anxious, {"1": 1, "2": 0, "6": 0}).escalation] == [3]


def test_answers_on_a_branch_not_taken_do_not_count_but_help_is_shown():
    answers = answers_to("c-ssrs", (0, 0, None, 1, None, 0, None))
    assert score(the("c-ssrs"), answers).band == "none"
    assert help_called_for(the("c-ssrs"), answers)
    assert the("c-ssrs").on_path(answers) == {"1": 0, "2": 0, "6": 0}


def test_staff_cannot_enter_an_answer_on_a_branch_not_taken():
    with pytest.raises(Invalid) as refusal:
        the("c-ssrs").refuse_incomplete({"1": 0, "2": 0, "4": 1})
    assert [(fault.code, fault.pointer) for fault in refusal.value.faults] == [
        ("answer.not-asked", "/answers/4"),
        ("answer.missing", "/answers/6"),
    ]


@pytest.mark.parametrize(("values", "total"), [((0, 1, 2, 1, 0, 1), 5), ((0, 0, 1, 0, 0, 0), 1), ((4,) * 6, 24)])
def test_cadss_6(values, total):
    assert (scored("cadss-6", values).total, scored("cadss-6", values).band) == (total, None)


def test_the_full_cadss_reaches_92():
    assert scored("cadss-23", (4,) * 23).total == 92


@pytest.mark.parametrize(("values", "total"), [((4, 0, 0), 4), ((1, 1, 1), 3), ((4, 4, 4), 12)])
def test_audit_c(values, total):
    assert (scored("audit-c", values).total, scored("audit-c", values).band) == (total, None)


@pytest.mark.parametrize(
    ("yes", "total", "band"),
    [
        ((), 0, "none"),
        ((1,), 1, "low"),
        ((1, 2), 2, "low"),
        ((1, 2, 4), 3, "moderate"),
        ((1, 2, 4, 5, 6), 5, "moderate"),
        ((1, 2, 4, 5, 6, 7), 6, "substantial"),
        ((1, 2, 4, 5, 6, 7, 8, 9), 8, "substantial"),
        ((1, 2, 4, 5, 6, 7, 8, 9, 10), 9, "severe"),
        ((1, 2, 3, 4, 5, 6, 7, 8, 9, 10), 10, "severe"),
    ],
)
def test_dast_10_counts_item_3_the_other_way_round(yes, total, band):
    """`yes` are the items that count; being able to stop is answered with yes where it does not."""
    answers = {str(item): int((item in yes) is (item != 3)) for item in range(1, 11)}
    found = score(the("dast-10"), answers)
    assert (found.total, found.band) == (total, band)


@pytest.mark.parametrize(
    ("values", "total"),
    [((0, None, None, None, None, None), 0), ((1, 0, 0, 0, 0, 0), 0), ((1, 1, 1, 1, 1, 0), 4), ((1,) * 6, 5)],
)
def test_pc_ptsd_5_asks_nothing_more_without_exposure(values, total):
    assert scored("pc-ptsd-5", values).total == total


@pytest.mark.parametrize("value", [4, -1, 100])
def test_a_value_out_of_range_is_refused(value):
    with pytest.raises(Invalid) as refusal:
        scored("phq-9", (value, 0, 0, 0, 0, 0, 0, 0, 0))
    assert [(fault.code, fault.pointer) for fault in refusal.value.faults] == [("answer.out-of-range", "/answers/1")]


def test_a_tenth_item_is_refused():
    with pytest.raises(Invalid) as refusal:
        score(PHQ_9, {str(item): 0 for item in range(1, 11)})
    assert [(fault.code, fault.pointer) for fault in refusal.value.faults] == [("answer.unknown-item", "/answers/10")]


def test_every_fault_is_named_at_once():
    with pytest.raises(Invalid) as refusal:
        PHQ_9.refuse_incomplete({"1": 4, "2": 0, "x": 1})
    assert {(fault.code, fault.pointer) for fault in refusal.value.faults} == {
        ("answer.out-of-range", "/answers/1"),
        ("answer.unknown-item", "/answers/x"),
        *(("answer.missing", f"/answers/{item}") for item in range(3, 10)),
    }


@given(st.lists(st.none() | st.integers(0, 3), min_size=9, max_size=9))
def test_only_a_given_answer_is_worrying_never_a_blank_one(values):
    assert help_called_for(PHQ_9, answers_to("phq-9", values)) == ({"crisis"} if values[8] else set())
