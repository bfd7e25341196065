from datetime import UTC, datetime

from shared.envelope import Envelope
from shared.messaging.drawer import FAILED, WAITING, Record, is_ready
from shared.messaging.inbox import guard
from shared.persistence.unit_of_work import Change, Insert


def an_event(seq: int) -> Envelope:
    at = datetime(2026, 11, 22, tzinfo=UTC)
    return Envelope("id", "t.v1", "bakery", "cake/a", seq, at, "clinic-1", "c", "c", "", {})


def test_the_first_event_of_an_aggregate_makes_its_guard() -> None:
    assert guard(an_event(1)) == Insert("heard", {"_id": "bakery/cake/a", "clinic_id": "clinic-1", "seq": 1})


def test_each_further_event_moves_the_guard_on_from_its_predecessor() -> None:
    assert guard(an_event(7)) == Change("heard", {"_id": "bakery/cake/a", "seq": 6}, {"$set": {"seq": 7}})


def test_what_waits_may_be_tried_and_what_failed_only_when_it_is_due() -> None:
    past, future = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
    assert is_ready({"reason": WAITING, "next_at": future})
    assert is_ready({"reason": FAILED, "next_at": past})
    assert not is_ready({"reason": FAILED, "next_at": future})


def test_a_record_is_known_by_content_and_place() -> None:
    one = Record(b"k", b"v", [], "t/0/1")
    assert one.id == Record(b"k", b"v", [("h", b"")], "t/0/1").id
    assert len({one.id, Record(b"k", b"w", [], "t/0/1").id, Record(b"k", b"v", [], "t/0/2").id}) == 3
