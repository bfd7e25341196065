from collections.abc import Iterable
from datetime import date, timedelta
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.followup.charts import as_svg
from services.followup.charts.layout import BOTTOM, LEFT, RIGHT, TOP, Picture, layout
from services.followup.charts.words import described, headline
from services.followup.domain.chart import Chart, chart
from services.followup.domain.check_in import CheckIn
from services.followup.domain.known import Course
from services.followup.domain.measure import history
from services.followup.operations.queries import ShowChart, show_chart
from shared.errors import NotFound
from tests.support.followup_builders import CLINIC, NEW_YORK, PATIENT, a_world
from tests.support.followup_instruments import LIBRARY, the
from tests.support.followup_measured import FIRST_DOSE, SIX, a_course, measured, values_of

SVG = "{http://www.w3.org/2000/svg}"
COUNTED = [each.id for each in LIBRARY.instruments if each.reach]
TODAY = date(2027, 6, 1)
A_YEAR = [(-1, 20), (24, 6), (31, 7), (38, 5), (45, 4), (59, 6), (73, 6), (101, 7), (137, 6), (198, 4), (290, 11)]


def charted(
    instrument: str, *check_ins: CheckIn, courses: Iterable[Course] = (), today: date = TODAY, locale: str = "en-US"
) -> Chart:
    measures = history(check_ins, LIBRARY, locale)
    return chart(the(instrument), measures, courses, zone=NEW_YORK, today=today)


def phq_9(*rows: tuple[int, int], courses: Iterable[Course] = (), today: date = TODAY) -> Chart:
    return charted("phq-9", *(measured("phq-9", total, day) for day, total in rows), courses=courses, today=today)


def drawn(of: Chart) -> ET.Element:
    return ET.fromstring(as_svg(of))  # noqa: S314 - our own


def texts(of: Chart) -> list[str]:
    return [each.text or "" for each in drawn(of).iter(f"{SVG}text")]


def test_the_newest_score_and_what_became_of_it_stand_first():
    found = phq_9((-1, 20), (24, 6))
    assert headline(found) == "26 Mar 2026: 6 (mild), 14 points (70 %) below the baseline, response, reliable change."
    assert headline(phq_9((-1, 20))) == "1 Mar 2026: 20 (severe), the baseline."
    assert headline(phq_9((-1, 20), (24, 20))).endswith("the same as the baseline, no reliable change.")
    assert headline(phq_9((-1, 4), (24, 5))).endswith("1 point (25 %) above the baseline, no reliable change.")
    assert headline(phq_9((-1, 0), (24, 5))).endswith("5 points above the baseline, no reliable change.")
    assert headline(phq_9()) == "No score yet."


@pytest.mark.parametrize(
    ("instrument", "first", "second", "words"),
    [
        ("peg", 20, 14, "4.7, 2.0 points (30 %) below the baseline, response."),
        ("pcl-5", 52, 28, "28, 24 points (46 %) below the baseline, reliable change."),
        ("y-bocs", 30, 21, "21 (moderate), 9 points (30 %) below the baseline, partial response."),
        ("bsl-23", 62, 43, "1.87 (moderate), 0.83 points (31 %) below the baseline."),
    ],
)
def test_points_are_written_as_the_instrument_writes_its_scores(instrument, first, second, words):
    check_ins = (measured(instrument, first, -1), measured(instrument, second, 24))
    assert headline(charted(instrument, *check_ins)) == f"26 Mar 2026: {words}"


def test_of_levels_only_the_name_is_said():
    low = measured("c-ssrs", {"1": 1, "2": 0, "6": 0}, -1)
    none = measured("c-ssrs", {"1": 0, "2": 0, "6": 0}, 24)
    found = charted("c-ssrs", low, none)
    assert headline(found) == "26 Mar 2026: none."
    assert [zone.name for zone in layout(found).zones] == ["none", "low", "moderate", "high"]
    assert "1 Mar 2026 low, an answer that a person must see" in described(found)


def test_bands_are_shaded_and_named_and_meet():
    picture = layout(phq_9((-1, 20)))
    assert [zone.name for zone in picture.zones] == ["minimal", "mild", "moderate", "moderately severe", "severe"]
    assert len({zone.fill for zone in picture.zones}) == 5
    assert picture.zones[0].top + picture.zones[0].height == pytest.approx(BOTTOM)
    assert picture.zones[-1].top == pytest.approx(TOP)
    for lower, upper in zip(picture.zones, picture.zones[1:], strict=False):
        assert upper.top + upper.height == pytest.approx(lower.top, abs=0.11)
    assert [mark.text for mark in picture.heights] == ["0", "5", "10", "15", "20", "27"]


def test_without_bands_the_cut_off_is_drawn_as_it_holds_for_the_language():
    check_in = measured("pcl-5", 40, -1)
    assert [entry.text for entry in layout(charted("pcl-5", check_in)).legend] == ["probable PTSD: 33 or more"]
    german = charted("pcl-5", check_in, locale="de-DE")
    assert [entry.text for entry in layout(german).legend] == ["probable PTSD: 34 or more"]
    assert layout(charted("pcl-5", check_in)).zones == ()


@pytest.mark.parametrize(
    ("instrument", "marks"),
    [
        ("pcl-5", ["0", "20", "40", "60", "80"]),
        ("peg", ["0", "2", "4", "6", "8", "10"]),
        ("bsl-23", ["0", "1", "2", "3", "4"]),
        ("cadss-23", ["0", "20", "40", "60", "80"]),
        ("mdq", ["0", "5", "10"]),
        ("c-ssrs", []),
    ],
)
def test_heights_are_marked_as_scores_are_written(instrument, marks):
    assert [mark.text for mark in layout(charted(instrument)).heights] == marks


def test_sessions_are_marked_and_those_to_come_are_not():
    course = a_course()
    found = phq_9((-1, 20), courses=[course], today=date(2026, 3, 12))
    assert [(each.number, each.on.day) for each in found.sessions] == [(1, 2), (2, 5), (3, 9), (4, 12)]
    assert [group.text for group in layout(found).groups] == ["1", "2", "3", "4"]


def test_sessions_without_room_share_their_numbers():
    found = phq_9(*A_YEAR, courses=[a_course(), a_course([300], id="series-2")])
    assert [group.text for group in layout(found).groups] == ["1–6", "1"]  # noqa: RUF001


def test_a_response_is_drawn_from_the_baseline_to_the_newest_score_of_its_series():
    picture = layout(phq_9((-1, 21), (24, 6)))
    [target] = picture.targets
    assert [target.start, target.end] == [dot.x for dot in picture.dots]
    assert [entry.text for entry in picture.legend] == ["response: 10 or less"]
    peg = charted("peg", measured("peg", 20, -1), measured("peg", 14, 24))
    assert [entry.text for entry in layout(peg).legend] == ["response: 4.7 or less"]


@given(baseline=st.integers(1, 27), current=st.integers(0, 27))
def test_what_reaches_the_line_is_a_response(baseline, current):
    found = phq_9((-1, baseline), (24, current))
    change = found.readings[-1].measure.change
    assert change is not None
    assert change.response is (current <= found.aims[0].at_most)


@pytest.mark.parametrize("rows", [[(-1, 20)], [(-1, 0), (24, 3)]])
def test_without_a_second_score_or_with_nothing_to_drop_from_there_is_no_aim(rows):
    assert phq_9(*rows).aims == ()


def test_each_series_is_a_line_of_its_own():
    later = measured("phq-9", 15, 200, series_id="series-2")
    found = charted("phq-9", measured("phq-9", 20, -1), measured("phq-9", 8, 24), later)
    assert [line.count(",") for line in layout(found).lines] == [2, 1]


def test_an_answer_that_a_person_must_see_is_ringed():
    safe, worrying = measured("phq-9", 4, -1), measured("phq-9", values_of("phq-9", 5, last=1), 24)
    picture = layout(charted("phq-9", safe, worrying))
    assert [dot.is_urgent for dot in picture.dots] == [False, True]
    assert "an answer that a person must see" in [entry.text for entry in picture.legend]


def test_a_score_within_the_least_interval_is_no_point_of_its_own():
    found = phq_9((-1, 20), (2, 18), (6, 16), (12, 15), (13, 11))
    assert [reading.is_too_soon for reading in found.readings] == [False, True, False, True, False]
    picture = layout(found)
    assert picture.lines[0].count(",") == 3
    assert [dot.is_too_soon for dot in picture.dots] == [False, True, False, True, False]
    assert "too soon after the one before" in described(found)


def test_a_day_is_that_of_the_patient():
    late = charted("phq-9", measured("phq-9", 9, 0)).readings[0].on
    elsewhere = chart(the("phq-9"), history([measured("phq-9", 9, 0)], LIBRARY), (), zone="Asia/Tokyo", today=TODAY)
    assert (late, elsewhere.readings[0].on) == (date(2026, 3, 2), date(2026, 3, 3))


def test_the_first_and_the_newest_score_are_always_written():
    dots = layout(phq_9(*A_YEAR, (297, 12))).dots
    assert [dots[place].text for place in (0, -2, -1)] == ["20", "", "12"]


def inside(picture: Picture) -> bool:
    across = [*picture.sessions, *(dot.x for dot in picture.dots), *(mark.at for mark in picture.dates)]
    down = [*(dot.y for dot in picture.dots), *(mark.at for mark in picture.heights)]
    return all(LEFT <= x <= RIGHT for x in across) and all(TOP <= y <= BOTTOM for y in down)


@given(
    id=st.sampled_from(COUNTED),
    days=st.lists(st.integers(-400, 1500), unique=True, max_size=12),
    sessions=st.lists(st.integers(-400, 1500), max_size=8),
    data=st.data(),
)
def test_everything_stands_inside_the_frame_whatever_was_answered(id, days, sessions, data):
    items = st.fixed_dictionaries({item.id: st.integers(item.lowest, item.highest) for item in the(id).items})
    check_ins = [measured(id, the(id).on_path(data.draw(items)), day) for day in days]
    found = charted(id, *check_ins, courses=[a_course(sessions)] if sessions else [], today=date(2031, 1, 1))
    picture = layout(found)
    assert inside(picture)
    assert len(picture.dates) <= 9
    assert len(picture.dots) == len(days)
    assert drawn(found).get("role") == "img"


def test_who_listens_hears_everything_that_is_drawn():
    found = phq_9((-1, 20), (24, 6), courses=[a_course(SIX[:2])])
    picture = drawn(found)
    title, about = picture.find(f"{SVG}title"), picture.find(f"{SVG}desc")
    assert title is not None
    assert about is not None
    assert picture.get("aria-labelledby") == f"{title.get('id')} {about.get('id')}"
    assert title.text == "PHQ-9 over time"
    for said in (headline(found), "1 Mar 2026 20 (severe)", "26 Mar 2026 6 (mild)", "Sessions: 1 on 2 Mar 2026"):
        assert said in (about.text or "")


def test_nothing_is_loaded_and_nothing_runs():
    text = as_svg(phq_9(*A_YEAR, courses=[a_course()])).decode()
    assert all(word not in text for word in ("<script", "href", "url(", "<image", "<style", "onload"))


def test_a_name_cannot_break_the_picture():
    named = chart(the("phq-9"), (), (), zone=NEW_YORK, today=TODAY)
    odd = Chart(type(named.instrument)(**{**vars(named.instrument), "name": "<b>&\"'"}), (), ())
    assert "<b>&\"' over time" in texts(odd)


def test_the_chart_of_a_patient():
    world = a_world()
    world.rows[CheckIn] = {(CLINIC, one.id): one for one in (measured("phq-9", 20, -1), measured("phq-9", 6, 24))}
    world.now = FIRST_DOSE + timedelta(days=30)
    found = world.run(CLINIC, show_chart, ShowChart(PATIENT, "phq-9"))
    assert [reading.measure.total for reading in found.readings] == [20, 6]


@pytest.mark.parametrize("code", ["home-safe", "day-after", "phq-8"])
def test_what_counts_nothing_has_no_chart(code):
    with pytest.raises(NotFound):
        a_world().run(CLINIC, show_chart, ShowChart(PATIENT, code))


def test_another_clinics_patient_has_no_chart():
    with pytest.raises(NotFound):
        a_world().run("clinic-2", show_chart, ShowChart(PATIENT, "phq-9"))
