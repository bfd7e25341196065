import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.followup.domain.change import change
from tests.support.followup_instruments import the


def changed(id, baseline, current):
    return change(the(id).change, baseline, current)


@pytest.mark.parametrize(
    ("baseline", "current", "dropped", "rules"),
    [
        (20, 10, (10, 500), (True, False, True)),
        (20, 11, (9, 450), (False, False, True)),
        (20, 4, (16, 800), (True, True, True)),
        (18, 15, (3, 167), (False, False, False)),
        (15, 8, (7, 467), (False, False, True)),
        (15, 5, (10, 667), (True, False, True)),
        (10, 16, (-6, -600), (False, False, True)),
        (10, 15, (-5, -500), (False, False, False)),
        (0, 3, (-3, None), (None, True, False)),
    ],
)
def test_phq_9(baseline, current, dropped, rules):
    found = changed("phq-9", baseline, current)
    assert (found.drop, found.drop_per_mille) == dropped
    assert (found.response, found.remission, found.reliable) == rules


@pytest.mark.parametrize(("drop", "noticed"), [(4, False), (5, True), (-5, True), (0, False)])
def test_patients_notice_five_points_of_the_phq_9(drop, noticed):
    assert changed("phq-9", 15, 15 - drop).noticed is noticed


@pytest.mark.parametrize(("current", "reliable"), [(12, False), (11, True), (19, True)])
def test_gad_7_counts_from_four_points(current, reliable):
    found = changed("gad-7", 15, current)
    assert (found.reliable, found.noticed, found.response, found.remission) == (reliable, reliable, None, None)


@pytest.mark.parametrize(
    ("baseline", "current", "drop", "rules"),
    [
        (52, 34, 18, (True, False, True)),
        (52, 28, 24, (True, True, True)),
        (45, 36, 9, (False, False, False)),
        (40, 31, 9, (False, False, False)),
        (40, 30, 10, (False, False, True)),
        (52, 29, 23, (True, False, True)),
    ],
)
def test_pcl_5(baseline, current, drop, rules):
    found = changed("pcl-5", baseline, current)
    assert found.drop == drop
    assert (found.reliable, found.end_state, found.noticed) == rules
    assert (found.response, found.remission) == (None, None)


@pytest.mark.parametrize(
    ("baseline", "current", "response"),
    [(20, 14, True), (21, 15, False), (17, 12, False), (19, 13, True), (30, 21, True), (0, 0, None)],
)
def test_peg_responds_by_its_sum_and_not_by_its_rounded_mean(baseline, current, response):
    assert changed("peg", baseline, current).response is response


def test_the_float_trap_of_the_peg():
    """7.0 to 4.9 is a drop of exactly 30 %, and in binary fractions it is not."""
    assert (7.0 - 4.9) / 7.0 < 0.3
    assert changed("peg", 70, 49).response is True


@pytest.mark.parametrize(
    ("baseline", "current", "per_mille", "rules"),
    [
        (28, 18, 357, (True, False, False)),
        (26, 12, 538, (True, False, True)),
        (30, 21, 300, (False, True, False)),
        (24, 16, 333, (False, True, False)),
        (24, 19, 208, (False, False, False)),
        (20, 15, 250, (False, True, False)),
        (20, 13, 350, (True, False, False)),
    ],
)
def test_y_bocs(baseline, current, per_mille, rules):
    found = changed("y-bocs", baseline, current)
    assert found.drop_per_mille == per_mille
    assert (found.response, found.partial_response, found.remission) == rules


@pytest.mark.parametrize(("current", "reliable"), [(27, True), (28, False)])
def test_oci_r_counts_from_thirteen_points(current, reliable):
    assert changed("oci-r", 40, current).reliable is reliable


@pytest.mark.parametrize(
    "id", ["bsl-23", "asrm", "mdq", "c-ssrs", "cadss-6", "audit-c", "dast-10", "pc-ptsd-5", "bpi-sf"]
)
def test_an_instrument_without_rules_for_change_says_nothing(id):
    found = changed(id, 4, 2)
    assert (found.response, found.remission, found.reliable, found.end_state) == (None, None, None, None)
    assert found.drop == 2


@given(st.integers(1, 27), st.integers(0, 27))
def test_response_is_decided_by_points_and_never_by_a_rounded_percentage(baseline, current):
    assert changed("phq-9", baseline, current).response is (2 * current <= baseline)
