from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from services.followup.domain import events
from services.followup.domain.check_in import LOST_AFTER, MOVES, REFUSALS, CancelReason, Part, Status
from services.followup.domain.plan import Anchor
from shared.errors import Invalid, RuleBroken
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
from tests.support.followup_fakes import LIBRARY

DUE_AT = DISCHARGED_AT + timedelta(hours=24)
EXPIRES_AT = DUE_AT + timedelta(days=7)
PHQ = {"phq-9": PHQ_9}
BOTH = {**PHQ, "gad-7": LIBRARY.newest("gad-7")}
NO_FEAR = answers_of((0,) * 7)
ASKED = (Part("phq-9", 1, "phq-9.1.en.1"),)
METHODS = {
    Status.SCHEDULED: lambda check_in: check_in.replanned(due_at=DUE_AT),
    Status.UNPLANNED: lambda check_in: check_in.unplanned(),
    Status.OPEN: lambda check_in: check_in.open(ASKED, link="l", token_digest="d", at=DUE_AT)[0],
    Status.ANSWERED: lambda check_in: check_in.answer(full(), PHQ, at=DUE_AT)[0],
    Status.MISSED: lambda check_in: check_in.miss(EXPIRES_AT)[0],
    Status.CANCELLED: lambda check_in: check_in.cancel(CancelReason.MISTAKE, DUE_AT)[0],
}


def full(value=0):
    return {"phq-9": answers_of((value,) * 9)}


def of_two(**changes):
    return an_open_check_in(parts=(Part("phq-9", 1), Part("gad-7", 1)), **changes)


def test_the_table_of_moves_knows_every_status():
    assert set(MOVES) == set(REFUSALS) == set(Status)
    assert set().union(*MOVES.values()) == set(METHODS)


@pytest.mark.parametrize("to", METHODS)
@pytest.mark.parametrize("status", Status)
def test_a_check_in_moves_where_the_table_says_and_nowhere_else(status, to):
    check_in = a_check_in(status)
    if to in MOVES[status] or status is to is Status.SCHEDULED:  # the plan may put it elsewhere as often as it likes
        assert METHODS[to](check_in).status is to
    else:
        with pytest.raises(RuleBroken) as refusal:
            METHODS[to](check_in)
        assert (refusal.value.code, refusal.value.detail) == REFUSALS[status]


def test_it_cannot_be_opened_before_it_is_due():
    with pytest.raises(RuleBroken, match="not-due"):
        a_scheduled_check_in().open(ASKED, link="l", token_digest="d", at=DUE_AT - timedelta(milliseconds=1))


def test_opening_tells_the_link_and_gives_seven_days_from_then():
    late = DUE_AT + timedelta(hours=3)
    opened, told = a_scheduled_check_in().open(ASKED, link="https://care.example/x", token_digest="d", at=late)
    until = late + timedelta(days=7)
    assert told == (
        events.CheckInOpened(PATIENT, SERIES, 1, "phq-9", "https://care.example/x", late, until, ("phq-9",)),
    )
    assert opened.parts == ASKED
    assert "care.example" not in str(opened)


def test_before_a_session_it_ends_with_its_begin_however_late_it_was_opened():
    check_in = a_scheduled_check_in(anchor=Anchor.SESSION, open_for=timedelta(hours=16))
    opened, _ = check_in.open(ASKED, link="l", token_digest="d", at=DUE_AT + timedelta(hours=5))
    assert opened.expires_at == DUE_AT + timedelta(hours=16)


def test_it_is_over_when_nobody_could_answer_it_in_time_any_more():
    check_in = a_scheduled_check_in()
    assert not check_in.is_over(EXPIRES_AT - timedelta(milliseconds=1))
    assert check_in.is_over(EXPIRES_AT)


def test_a_full_set_of_answers_is_scored_and_told():
    answered, told = an_open_check_in().answer(full(2), PHQ, at=DUE_AT)
    [part] = answered.parts
    assert part.score is not None
    assert (part.score.total, answered.entered_by) == (18, "patient")
    assert told == (
        events.CheckInAnswered(PATIENT, DUE_AT),
        events.MeasureScored(PATIENT, SERIES, 1, "phq-9", 1, 18, "moderately severe", DUE_AT),
    )


def test_several_instruments_are_scored_each_and_told_once_each():
    answered, told = of_two().answer({**full(1), "gad-7": NO_FEAR}, BOTH, at=DUE_AT)
    assert [(part.instrument, part.score.total) for part in answered.parts] == [("phq-9", 9), ("gad-7", 0)]
    assert [type(event) for event in told] == [events.CheckInAnswered, events.MeasureScored, events.MeasureScored]


def test_what_counts_nothing_tells_no_measure():
    parts = (Part("home-safe", 1),)
    home_safe = LIBRARY.newest("home-safe")
    answers = {"home-safe": {item.id: 0 for item in home_safe.items}}
    answered, told = an_open_check_in(parts=parts).answer(answers, {"home-safe": home_safe}, at=DUE_AT)
    assert answered.status is Status.ANSWERED
    assert told == (events.CheckInAnswered(PATIENT, DUE_AT),)


def test_each_blank_of_each_instrument_is_named_where_it_stands():
    some = {"phq-9": {"9": 0}, "gad-7": {**NO_FEAR, "3": 9, "8": 0}, "pcl-5": {"1": 0}}
    with pytest.raises(Invalid) as refusal:
        of_two().answer(some, BOTH, at=DUE_AT)
    pointers = {fault.pointer for fault in refusal.value.faults}
    wrong = {"/answers/gad-7/3", "/answers/gad-7/8", "/answers/pcl-5"}
    assert pointers == wrong | {f"/answers/phq-9/{item}" for item in range(1, 9)}


def test_an_instrument_without_any_answer_is_blank_whole():
    with pytest.raises(Invalid) as refusal:
        of_two().answer({"gad-7": NO_FEAR}, BOTH, at=DUE_AT)
    assert len(refusal.value.faults) == 9


def test_a_draft_is_kept_by_instrument_and_what_is_blank_is_known():
    first = of_two().draft({"gad-7": {"1": 1}}, BOTH, at=DUE_AT)
    second = first.draft({"phq-9": answers_of(NO_TROUBLE)}, BOTH, at=DUE_AT)
    assert second.all_answers == {"phq-9": answers_of(NO_TROUBLE), "gad-7": {"1": 1}}
    assert second.blank(BOTH) == tuple(f"gad-7/{item}" for item in range(2, 8))


def test_a_draft_for_another_instrument_is_refused():
    with pytest.raises(Invalid, match=r"^answers\.invalid"):
        an_open_check_in().draft({"gad-7": {"1": 0}}, BOTH, at=DUE_AT)


def test_staff_may_bring_more_instruments_and_none_twice():
    whole = an_open_check_in().with_parts([Part("y-bocs", 1), Part("phq-9", 7)])
    assert [(part.instrument, part.instrument_version) for part in whole.parts] == [("phq-9", 1), ("y-bocs", 1)]


def test_a_draft_is_kept_on_top_of_the_earlier_one_and_not_scored():
    first = an_open_check_in().draft({"phq-9": {"1": 3, "2": 1}}, PHQ, at=DUE_AT)
    second = first.draft({"phq-9": {"2": 2, "3": 0}}, PHQ, at=DUE_AT)
    [part] = second.parts
    assert part.answers == {"1": 3, "2": 2, "3": 0}
    assert (second.status, part.score) == (Status.OPEN, None)


def test_a_draft_with_impossible_answers_is_refused_with_every_fault():
    with pytest.raises(Invalid) as refusal:
        an_open_check_in().draft({"phq-9": {"1": 4, "12": 0}}, PHQ, at=DUE_AT)
    assert len(refusal.value.faults) == 2


@pytest.mark.parametrize("late", [timedelta(), timedelta(days=30)])
def test_answers_are_taken_until_it_expires_and_not_from_then_on(late):
    assert an_open_check_in().answer(full(), PHQ, at=EXPIRES_AT - timedelta(milliseconds=1))
    with pytest.raises(RuleBroken, match=r"^check-in\.expired"):
        an_open_check_in().answer(full(), PHQ, at=EXPIRES_AT + late)
    with pytest.raises(RuleBroken, match=r"^check-in\.expired"):
        an_open_check_in().draft({"phq-9": {"1": 0}}, PHQ, at=EXPIRES_AT + late)


def test_it_is_not_missed_as_long_as_it_can_be_answered():
    with pytest.raises(RuleBroken, match="not-expired"):
        an_open_check_in().miss(EXPIRES_AT - timedelta(milliseconds=1))
    assert an_open_check_in().miss(EXPIRES_AT)[1] == (events.CheckInMissed(PATIENT, EXPIRES_AT),)


@pytest.mark.parametrize(("in_a_row", "lost"), [(1, False), (LOST_AFTER, True), (LOST_AFTER + 1, False)])
def test_the_second_one_missed_in_a_row_tells_that_contact_is_lost_once(in_a_row, lost):
    _, told = an_open_check_in().miss(EXPIRES_AT, in_a_row=in_a_row)
    assert (events.ContactLost(PATIENT, SERIES, LOST_AFTER, EXPIRES_AT) in told) is lost


def test_cancelling_tells_why():
    _, told = a_scheduled_check_in().cancel(CancelReason.NOT_NEEDED, DUE_AT)
    assert told == (events.CheckInCancelled(PATIENT, "not-needed"),)


def test_a_check_in_that_was_planned_otherwise_keeps_its_id():
    moved = a_scheduled_check_in().unplanned().replanned(due_at=EXPIRES_AT)
    assert moved == replace(a_scheduled_check_in(), due_at=EXPIRES_AT)


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
