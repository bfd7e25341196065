from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Invalid, RuleBroken
from shared.persistence.idempotency import ANSWERS, MAX_KEY, Answer, AnsweredMeanwhile, Answers, request_of
from shared.persistence.sealed import Sealer
from shared.persistence.unit_of_work import Duplicate
from tests.support.memory_database import MemoryDatabase
from tests.support.small_bakery import CLINIC, NOW, OTHER_CLINIC, FakeSealer, a_unit

PATH = "/bakery/v1/clinics/clinic-1/cakes"
BODY = {"flavour": "plum", "tiers": [1, 2]}
REQUEST = request_of(CLINIC, "POST", PATH, "key", BODY)
ANSWER = Answer(201, {"id": "cake-1", "flavour": "plum"}, '"1"')


def answers_in(database: MemoryDatabase) -> Answers:
    return Answers(database.as_database(), cast("Sealer", FakeSealer(CLINIC)))


def keep(database: MemoryDatabase, request=REQUEST, answer=ANSWER) -> None:
    unit = a_unit(database)
    unit.write(answers_in(database).insert(CLINIC, request, answer, NOW))
    unit.commit()


@pytest.mark.parametrize("key", [None, "", "x" * (MAX_KEY + 1), "new\nline", "\x00"])
def test_a_request_that_acts_needs_a_usable_key(key):
    with pytest.raises(Invalid, match="Idempotency-Key"):
        request_of(CLINIC, "POST", PATH, key, BODY)


def test_json_nested_too_deeply_is_refused():
    body: list[object] = []
    for _ in range(100_000):
        body = [body]
    with pytest.raises(Invalid, match="too-deep"):
        request_of(CLINIC, "POST", "/x", "key", body)


def test_the_longest_key_is_usable():
    assert request_of(CLINIC, "POST", PATH, "x" * MAX_KEY, BODY)


def test_the_order_of_fields_says_nothing():
    assert request_of(CLINIC, "POST", PATH, "key", dict(reversed(BODY.items()))) == REQUEST


@pytest.mark.parametrize(
    "other",
    [
        request_of(OTHER_CLINIC, "POST", PATH, "key", BODY),
        request_of(CLINIC, "PUT", PATH, "key", BODY),
        request_of(CLINIC, "POST", f"{PATH}/x", "key", BODY),
        request_of(CLINIC, "POST", PATH, "Key", BODY),
    ],
)
def test_clinic_method_path_and_key_make_two_requests_the_same(other):
    assert other.id != REQUEST.id


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n"), min_size=1), min_size=3))
def test_parts_of_a_request_are_not_mixed_up(parts):
    one = request_of(parts[0], "POST", parts[1], "key", None)
    other = request_of(parts[0] + parts[1], "POST", parts[2], "key", None)
    assert (one.id == other.id) == (one == other)
    assert one.id != request_of(f"{parts[0]}x", "POST", parts[1], "key", None).id


def test_an_answer_that_was_given_is_given_again():
    database = MemoryDatabase()
    assert answers_in(database).find(REQUEST) is None
    keep(database)
    assert answers_in(database).find(REQUEST) == ANSWER


def test_an_answer_rests_sealed():
    database = MemoryDatabase()
    keep(database)
    (stored,) = database.documents(ANSWERS)
    assert stored["body"].startswith(f"sealed:{CLINIC}:")
    assert (stored["clinic_id"], stored["status"], stored["at"]) == (CLINIC, 201, NOW)
    assert "plum" not in str({**stored, "body": ""})


def test_a_key_that_was_used_for_something_else_is_refused():
    database = MemoryDatabase()
    keep(database)
    with pytest.raises(RuleBroken) as refused:
        answers_in(database).find(request_of(CLINIC, "POST", PATH, "key", {"flavour": "apple"}))
    assert refused.value.code == "idempotency-key-reused"


def test_of_two_that_answer_at_the_same_time_one_looks_again():
    database = MemoryDatabase()
    keep(database)
    with pytest.raises(AnsweredMeanwhile):
        keep(database)


def test_a_taken_key_means_somebody_answered():
    write = answers_in(MemoryDatabase()).insert(CLINIC, REQUEST, ANSWER, NOW)
    assert isinstance(write.on_duplicate(Duplicate(ANSWERS, {"_id": REQUEST.id})), AnsweredMeanwhile)
