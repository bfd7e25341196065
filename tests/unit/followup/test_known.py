from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.followup.domain.known import NO_PLACE, Course, Known, Visit

AT = datetime(2026, 3, 2, 14, tzinfo=UTC)


def place(revision):
    return Visit(
        1,
        "induction",
        revision,
        AT.replace(day=2 + revision),
        datetime.fromisoformat(f"2026-03-{2 + revision:02} 09:00"),
    )


PIECES = [
    place(0),
    place(1),
    place(2),
    Visit(1, "induction", lost=0),
    Visit(1, "induction", lost=1),
    Visit(1, "induction", discharged_at=AT),
]


def together(pieces):
    known = Known("patient-1")
    for piece in pieces:
        known = known.with_news(Course("series-1", 1, visits=(piece,)))
    return known


@given(st.lists(st.sampled_from(PIECES), min_size=1), st.randoms())
def test_facts_join_in_any_order_and_any_number(pieces, random):
    shuffled = [*pieces, *pieces[:2]]
    random.shuffle(shuffled)
    assert together(shuffled) == together(pieces)


@pytest.mark.parametrize(
    ("pieces", "live"),
    [
        ([place(0)], True),
        ([Visit(1, "induction")], False),
        ([place(0), Visit(1, "induction", lost=0)], False),
        ([place(0), Visit(1, "induction", lost=0), place(1)], True),
        ([place(1), Visit(1, "induction", lost=0)], True),
        ([Visit(1, "induction", lost=0)], False),
        ([Visit(1, "induction", lost=0), Visit(1, "induction", discharged_at=AT)], True),
    ],
)
def test_a_session_takes_place_unless_its_latest_place_was_lost(pieces, live):
    [visit] = together(pieces).courses[0].visits
    assert visit.is_live is live


def test_the_latest_place_counts():
    [visit] = together([place(2), place(0), place(1)]).courses[0].visits
    assert (visit.revision, visit.starts_local) == (2, datetime.fromisoformat("2026-03-04 09:00"))


def test_news_of_one_series_leave_the_others_alone():
    known = Known("p").with_news(Course("b", 1, "x", "ptsd", "UTC")).with_news(Course("a", 2, "y", "bpd", "UTC"))
    assert [course.id for course in known.courses] == ["a", "b"]
    after = known.with_news(Course("a", 9, visits=(place(0),)))
    assert after.course("b") == known.course("b")
    assert after.course("a") == Course("a", 2, "y", "bpd", "UTC", (place(0),))


def test_a_session_without_a_date_cannot_be_dated():
    with pytest.raises(ValueError, match="no place"):
        Visit(1, "induction", NO_PLACE).on("UTC")
