import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.followup.api.outcomes import OutcomesAnswer, as_table
from services.followup.domain.check_in import CheckIn, Part
from services.followup.domain.known import Course, Known
from services.followup.domain.outcome import FEWEST, Cohort
from services.followup.domain.plan import Plan, Questions, an_edition
from services.followup.operations.outcomes import ExportOutcomes, ShowOutcomes, export_outcomes, show_outcomes
from shared.errors import Invalid, RuleBroken
from tests.support.followup_builders import CLINIC, a_plan, a_world, an_open_check_in
from tests.support.followup_fakes import FakeFollowup
from tests.support.followup_measured import FIRST_DOSE, SIX, a_course, measured

LAST = SIX[-1]
"""The day of the last dose, since the first."""


class Clinic:
    """A clinic with many patients; each is told by what was scored when, as (day, total)."""

    def __init__(self, *patients: Sequence[tuple[int, int]], **about: Any) -> None:
        self.world: FakeFollowup = a_world()
        self.publish(a_plan())
        for scores in patients:
            self.add(scores, **about)

    def publish(self, questions: Questions) -> None:
        plan = an_edition(1, questions)
        self.world.rows[Plan][CLINIC, plan.id] = plan

    def add(self, scores: Sequence[tuple[int, int]], *, instrument: str = "phq-9", **course: Any) -> None:
        number = len(self.world.rows[Known]) + 1
        series = a_course(id=f"series-{number}", **course)
        self.world.rows[Known][CLINIC, f"p{number}"] = Known(f"p{number}", (series,), version=1)
        for day, total in scores:
            one = measured(instrument, total, day, series_id=series.id, patient_id=f"p{number}")
            self.world.rows[CheckIn][CLINIC, one.id] = one

    def show(self, protocol: str | None = None, instrument: str = "phq-9") -> Cohort:
        found: Cohort = self.world.run(CLINIC, show_outcomes, ShowOutcomes(instrument, protocol))
        return found

    def export(self, protocol: str | None = None, instrument: str | None = None) -> list[dict[str, str]]:
        found = self.world.run(CLINIC, export_outcomes, ExportOutcomes(instrument, protocol))
        return [*csv.DictReader(StringIO(as_table(found).decode()))]


def weeks(found: Cohort) -> Iterator[tuple[int, int | None, int | None, int | None]]:
    return ((each.number, each.n, each.responders, each.remitters) for each in found.weeks)


def test_response_and_remission_by_week_after_the_last_dose():
    clinic = Clinic(
        [(-1, 20), (LAST + 7, 4), (LAST + 14, 9)],
        [(-1, 20), (LAST + 7, 10), (LAST + 14, 12)],
        [(-1, 20), (LAST + 7, 11)],
        [(-1, 12), (LAST + 7, 4)],
        [(-1, 18), (LAST + 7, 18)],
    )
    found = clinic.show()
    assert (found.n, [*weeks(found)]) == (5, [(1, 5, 3, 2), (2, None, None, None)])
    answer = OutcomesAnswer().dump(found)
    assert answer["weeks"][0] == {
        "week": 1,
        "n": 5,
        "responders": 3,
        "response_percent": 60.0,
        "remitters": 2,
        "remission_percent": 40.0,
    }
    assert answer["weeks"][1]["n"] is answer["weeks"][1]["response_percent"] is None


@pytest.mark.parametrize(("day", "week"), [(1, 1), (7, 1), (8, 2), (14, 2), (15, 3), (120, 18)])
def test_the_days_1_to_7_are_the_first_week(day, week):
    [found] = Clinic(*[[(-1, 20), (LAST + day, 4)]] * FEWEST).show().weeks
    assert found.number == week


def test_of_two_scores_in_a_week_the_last_counts():
    found = Clinic(*[[(-1, 20), (LAST + 2, 4), (LAST + 6, 19)]] * FEWEST).show()
    assert [*weeks(found)] == [(1, FEWEST, 0, 0)]


def test_scores_before_the_end_of_the_series_are_no_outcome():
    assert Clinic(*[[(-1, 20), (6, 4), (LAST, 4)]] * FEWEST).show().weeks == ()


@pytest.mark.parametrize("few", [1, FEWEST - 1])
def test_of_few_people_no_figure_is_told(few):
    found = Clinic(*[[(-1, 20), (LAST + 7, 4)]] * few).show()
    assert (found.n, [*weeks(found)]) == (None, [(1, None, None, None)])


def test_many_series_of_few_people_are_few():
    clinic = Clinic(*[[(-1, 20), (LAST + 7, 4)]] * FEWEST)
    for key, one in clinic.world.rows[CheckIn].items():
        clinic.world.rows[CheckIn][key] = replace(one, patient_id="p1")
    assert [*weeks(clinic.show())] == [(1, None, None, None)]


@pytest.mark.parametrize("first", [(3, 20), (-1, 4), (-1, 0)])
def test_a_series_without_a_baseline_from_before_or_that_began_well_is_left_out(first):
    clinic = Clinic(*[[(-1, 20), (LAST + 7, 4)]] * FEWEST, [first, (LAST + 7, 1)])
    assert [*weeks(clinic.show())] == [(1, FEWEST, FEWEST, FEWEST)]


def test_a_baseline_of_the_day_of_the_first_dose_counts():
    assert [*weeks(Clinic(*[[(0, 20), (LAST + 7, 4)]] * FEWEST).show())] == [(1, FEWEST, FEWEST, FEWEST)]


def test_an_instrument_without_a_rule_has_no_rate():
    clinic = Clinic(*[[(-1, 52), (LAST + 7, 20)]] * FEWEST, instrument="pcl-5")
    assert [*weeks(clinic.show(instrument="pcl-5"))] == [(1, FEWEST, None, None)]


def test_one_protocol_is_told_apart_from_others():
    clinic = Clinic(*[[(-1, 20), (LAST + 7, 4)]] * FEWEST)
    for _ in range(FEWEST):
        clinic.add([(-1, 20), (LAST + 7, 18)], protocol="pain-iv-10")
    assert [*weeks(clinic.show("pain-iv-10"))] == [(1, FEWEST, 0, 0)]
    assert [*weeks(clinic.show())] == [(1, 2 * FEWEST, FEWEST, FEWEST)]
    assert clinic.show("no-such-protocol").weeks == ()


def test_talks_are_no_doses():
    clinic = Clinic(*[[(-1, 20), (LAST + 7, 4)]] * FEWEST)
    clinic.publish(replace(a_plan(), talks=("induction",)))
    assert clinic.show().weeks == ()


def test_what_nobody_knows_the_place_of_is_left_out():
    clinic = Clinic(*[[(-1, 20), (LAST + 7, 4)]] * FEWEST)
    known = Known("p1", (Course("series-1", 1),), version=1)
    clinic.world.rows[Known][CLINIC, "p1"] = known
    assert clinic.show().n is None


def test_an_unknown_instrument_is_refused():
    with pytest.raises(Invalid):
        Clinic().show(instrument="phq-8")
    with pytest.raises(Invalid):
        Clinic().export(instrument="phq-8")


@given(
    scores=st.lists(
        st.lists(
            st.tuples(st.integers(-3, 60), st.integers(0, 27)), min_size=1, max_size=5, unique_by=lambda one: one[0]
        ),
        max_size=12,
    )
)
def test_rates_are_shares_of_n_and_n_is_never_small(scores):
    found = Clinic(*scores).show()
    for week in found.weeks:
        if week.n is None:
            assert (week.responders, week.remitters) == (None, None)
        else:
            assert week.n >= FEWEST
            assert all(count is not None and 0 <= count <= week.n for count in (week.responders, week.remitters))


# --- the export -----------------------------------------------------------------------------------------------------


def a_table() -> tuple[Clinic, list[dict[str, str]]]:
    clinic = Clinic(*[[(-1, 20), (LAST + 7, 4 + number)] for number in range(FEWEST)])
    return clinic, clinic.export()


def test_the_table_has_days_and_verdicts():
    _, rows = a_table()
    mine = [row for row in rows if row["total"] == "4" or row["day"] == "-1"]
    assert len(rows) == 2 * FEWEST
    assert {row["day"] for row in rows} == {"-1", str(LAST + 7)}
    last = next(row for row in mine if row["total"] == "4")
    del last["person"]
    assert last == {
        "course": "1",
        "protocol": "mood-iv-6x2w",
        "condition": "depression",
        "instrument": "phq-9",
        "instrument_version": "1",
        "day": "24",
        "day_after_last_dose": "7",
        "total": "4",
        "band": "minimal",
        "baseline": "20",
        "drop": "16",
        "response": "true",
        "remission": "true",
        "reliable": "true",
    }
    assert {(row["drop"], row["response"]) for row in rows if row["day"] == "-1"} == {("", "")}


def test_nothing_in_it_says_who_or_when():
    clinic, rows = a_table()
    text = "\n".join(",".join(row.values()) for row in rows)
    ids = {str(one) for row in clinic.world.all(CheckIn) for one in (row.id, row.patient_id, row.series_id)}
    assert [id for id in ids if id in text] == []
    assert re.search(r"20\d\d-|\d\d:\d\d", text) is None
    assert str(FIRST_DOSE.year) not in text


def test_who_is_who_is_by_chance(monkeypatch):
    clinic, _ = a_table()
    chances = iter(["e", "c", "a", "d", "b", "1", "2", "3", "4", "5"])
    monkeypatch.setattr(FakeFollowup, "next_name", lambda *_: next(chances))
    first, second = clinic.export(), clinic.export()
    assert first != second
    assert [row["person"] for row in first] == sorted(row["person"] for row in first)


def test_the_second_series_of_somebody_is_their_second():
    clinic = Clinic(*[[(-1, 20), (LAST + 7, 4)]] * FEWEST)
    again = measured("phq-9", 15, 199, series_id="series-again", patient_id="p1")
    clinic.world.rows[CheckIn][CLINIC, again.id] = again
    known = clinic.world.rows[Known][CLINIC, "p1"]
    clinic.world.rows[Known][CLINIC, "p1"] = replace(
        known, courses=(*known.courses, a_course([200], id="series-again"))
    )
    rows = clinic.export()
    [second] = [row for row in rows if row["course"] == "2"]
    assert {row["course"] for row in rows if row["person"] == second["person"]} == {"1", "2"}
    assert (second["day"], second["baseline"], second["drop"]) == ("-1", "15", "")


def test_one_instrument_can_be_exported_alone():
    clinic = Clinic(*[[(-1, 20)]] * FEWEST)
    for number in range(1, FEWEST + 1):
        parts = (Part("gad-7", 1),)
        one = replace(an_open_check_in(id=f"gad-{number}", parts=parts), series_id=f"series-{number}")
        answered = measured("gad-7", 10, -1, series_id=f"series-{number}", patient_id=f"p{number}")
        clinic.world.rows[CheckIn][CLINIC, one.id] = one
        clinic.world.rows[CheckIn][CLINIC, answered.id] = answered
    assert {row["instrument"] for row in clinic.export()} == {"phq-9", "gad-7"}
    assert {row["instrument"] for row in clinic.export(instrument="gad-7")} == {"gad-7"}


@pytest.mark.parametrize("few", [0, 1, FEWEST - 1])
def test_the_scores_of_few_people_are_not_exported(few):
    with pytest.raises(RuleBroken) as refusal:
        Clinic(*[[(-1, 20), (LAST + 7, 4)]] * few).export()
    assert refusal.value.code == "outcomes.too-few"
