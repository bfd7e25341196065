from datetime import UTC, datetime, timedelta

import pytest

from services.followup.domain import events
from services.followup.domain.check_in import MOVES, REFUSALS, CancelReason, Status
from shared.errors import Invalid, RuleBroken
from shared.localtime import resolve, to_local
from shared.private_link import WRONG_YEARS_ALLOWED, digest
from tests.support.followup_builders import (
    DISCHARGED_AT,
    NO_TROUBLE,
    PATIENT,
    PHQ_9,
    SERIES,
    a_check_in,
    a_scheduled_check_in,
    an_open_check_in,
    answers_of,
)

DUE_AT = DISCHARGED_AT + timedelta(hours=24)
EXPIRES_AT = DUE_AT + timedelta(days=7)
METHODS = {
    Status.OPEN: lambda check_in: check_in.open(link="l", token_digest="d", at=DUE_AT),
    Status.ANSWERED: lambda check_in: check_in.answer(answers_of(NO_TROUBLE), PHQ_9, at=DUE_AT),
    Status.MISSED: lambda check_in: check_in.miss(EXPIRES_AT),
    Status.CANCELLED: lambda check_in: check_in.cancel(CancelReason.MISTAKE, DUE_AT),
}


def test_the_table_of_moves_knows_every_status():
    assert set(MOVES) == set(REFUSALS) == set(Status)
    assert set().union(*MOVES.values()) == set(METHODS)


@pytest.mark.parametrize("to", METHODS)
@pytest.mark.parametrize("status", Status)
def test_a_check_in_moves_where_the_table_says_and_nowhere_else(status, to):
    check_in = a_check_in(status)
    if to in MOVES[status]:
        moved, told = METHODS[to](check_in)
        assert moved.status is to
        assert told
    else:
        with pytest.raises(RuleBroken) as refusal:
            METHODS[to](check_in)
        assert (refusal.value.code, refusal.value.detail) == REFUSALS[status]


@pytest.mark.parametrize(
    ("zone", "discharged", "due"),
    [
        ("America/New_York", "2026-03-07T15:30", "2026-03-08T16:30"),
        ("America/New_York", "2026-03-10T11:10", "2026-03-11T11:10"),
        ("America/New_York", "2026-10-31T16:00", "2026-11-01T15:00"),
        ("America/New_York", "2026-03-07T16:00", "2026-03-08T17:00"),
        ("Europe/Berlin", "2026-03-28T16:00", "2026-03-29T17:00"),
        ("Australia/Lord_Howe", "2026-04-04T16:00", "2026-04-05T15:30"),
    ],
)
def test_it_is_due_24_elapsed_hours_after_discharge_whatever_the_clocks_do(zone, discharged, due):
    check_in = a_scheduled_check_in(discharged_at=resolve(datetime.fromisoformat(discharged), zone))
    assert to_local(check_in.due_at, zone) == datetime.fromisoformat(due)


def test_it_cannot_be_opened_before_it_is_due():
    with pytest.raises(RuleBroken, match="not-due"):
        a_scheduled_check_in().open(link="l", token_digest="d", at=DUE_AT - timedelta(milliseconds=1))


def test_opening_tells_the_link_and_gives_seven_days_from_then():
    late = DUE_AT + timedelta(hours=3)
    opened, told = a_scheduled_check_in().open(link="https://care.example/x", token_digest="d", at=late)
    assert told == (
        events.CheckInOpened(PATIENT, SERIES, 1, "phq-9", "https://care.example/x", late, late + timedelta(days=7)),
    )
    assert "care.example" not in str(opened)


def test_a_full_set_of_answers_is_scored_and_told():
    answered, told = an_open_check_in().answer(answers_of((2,) * 9), PHQ_9, at=DUE_AT)
    assert answered.score is not None
    assert (answered.score.total, answered.entered_by) == (18, "patient")
    assert told == (
        events.CheckInAnswered(PATIENT, DUE_AT),
        events.MeasureScored(PATIENT, SERIES, 1, "phq-9", 1, 18, "moderately severe", DUE_AT),
    )


def test_a_draft_is_kept_on_top_of_the_earlier_one_and_not_scored():
    first = an_open_check_in().draft({"1": 3, "2": 1}, PHQ_9, at=DUE_AT)
    second = first.draft({"2": 2, "3": 0}, PHQ_9, at=DUE_AT)
    assert second.answers == {"1": 3, "2": 2, "3": 0}
    assert (second.status, second.score) == (Status.OPEN, None)


def test_a_draft_with_impossible_answers_is_refused_with_every_fault():
    with pytest.raises(Invalid) as refusal:
        an_open_check_in().draft({"1": 4, "12": 0}, PHQ_9, at=DUE_AT)
    assert len(refusal.value.faults) == 2


@pytest.mark.parametrize("late", [timedelta(), timedelta(days=30)])
def test_answers_are_taken_until_it_expires_and_not_from_then_on(late):
    assert an_open_check_in().answer(answers_of(NO_TROUBLE), PHQ_9, at=EXPIRES_AT - timedelta(milliseconds=1))
    with pytest.raises(RuleBroken, match=r"^check-in\.expired"):
        an_open_check_in().answer(answers_of(NO_TROUBLE), PHQ_9, at=EXPIRES_AT + late)
    with pytest.raises(RuleBroken, match=r"^check-in\.expired"):
        an_open_check_in().draft({"1": 0}, PHQ_9, at=EXPIRES_AT + late)


def test_it_is_not_missed_as_long_as_it_can_be_answered():
    with pytest.raises(RuleBroken, match="not-expired"):
        an_open_check_in().miss(EXPIRES_AT - timedelta(milliseconds=1))
    assert an_open_check_in().miss(EXPIRES_AT)[1] == (events.CheckInMissed(PATIENT, EXPIRES_AT),)


def test_the_right_year_gives_a_pass_and_forgets_wrong_guesses():
    proven = an_open_check_in(wrong_years=4).prove(1985, born_in=1985, pass_digest=digest("pass"), at=DUE_AT)
    assert proven.admits("pass")
    assert not proven.admits("other")
    assert proven.wrong_years == 0


def test_nobody_is_admitted_without_a_pass():
    assert not an_open_check_in().admits("")


def test_guessing_the_year_locks_the_link():
    check_in = an_open_check_in()
    for guess in range(WRONG_YEARS_ALLOWED):
        assert not check_in.is_locked
        check_in = check_in.prove(1990 + guess, born_in=1985, pass_digest=digest("pass"), at=DUE_AT)
        assert not check_in.admits("pass")
    assert check_in.is_locked
    with pytest.raises(RuleBroken, match=r"^check-in\.locked"):
        check_in.prove(1985, born_in=1985, pass_digest=digest("pass"), at=DUE_AT)


def test_a_lock_does_not_shut_out_whoever_was_admitted_before():
    admitted = an_open_check_in().prove(1985, born_in=1985, pass_digest=digest("pass"), at=DUE_AT)
    for _ in range(WRONG_YEARS_ALLOWED):
        admitted = admitted.prove(1, born_in=1985, pass_digest=digest("stranger"), at=DUE_AT)
    assert admitted.is_locked
    assert admitted.admits("pass")


def test_times_are_in_utc():
    assert a_scheduled_check_in().due_at.tzinfo is UTC
