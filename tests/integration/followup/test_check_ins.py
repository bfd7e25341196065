"""Check-ins on a real database: what unique keys, versions, leases and seals promise."""

import json
from datetime import timedelta
from functools import partial

from services.followup.domain.check_in import Status
from services.followup.jobs.table import CLOSE, OPEN
from services.followup.operations.by_link import Answer, ProveYear, answer, prove_year
from services.followup.operations.check_in import EnterAnswers, enter_answers
from services.followup.operations.courses import (
    hear_series_booked,
    hear_session_discharged,
    hear_session_lost,
    hear_session_moved,
)
from services.followup.store.check_in import COLLECTION, expired, to_open
from shared.localtime import to_local
from tests.integration.followup.followup_host import ThisFollowup
from tests.support.at_once import at_once
from tests.support.followup_builders import (
    CLINIC,
    DISCHARGED_AT,
    NEW_YORK,
    NO_TROUBLE,
    a_booking,
    a_discharge,
    a_loss,
    a_move,
    answers_of,
)

DUE_AT = DISCHARGED_AT + timedelta(hours=24)
FULL = {"phq-9": answers_of(NO_TROUBLE)}


def an_open_one(followup: ThisFollowup) -> str:
    """The token of its link."""
    followup.open()
    followup.go_to(DUE_AT)
    OPEN.run(followup.host)
    return followup.token()


def test_a_discharge_heard_by_many_at_once_plans_one_check_in(followup: ThisFollowup):
    followup.open(patients=0)
    hear = partial(followup.run, CLINIC, hear_session_discharged, a_discharge())
    at_once(*[hear] * 12)
    assert len(followup.check_ins()) == 1


def test_news_of_two_series_heard_at_once_ask_the_phq_9_once(followup: ThisFollowup):
    """The plan of a patient is one: who plans for it second looks again at what the first one planned."""
    followup.open(patients=0)
    news = [a_discharge(series_id=f"series-{n}", discharged_at=DISCHARGED_AT + timedelta(days=n)) for n in range(6)]
    at_once(*[partial(followup.run, CLINIC, hear_session_discharged, one) for one in news])
    planned = [row for row in followup.check_ins() if row.status is Status.SCHEDULED]
    assert [(row.series_id, row.due_at) for row in planned] == [("series-0", DUE_AT)]


def test_a_year_of_follow_up_is_planned_and_moves_with_its_series(followup: ThisFollowup):
    followup.open(patients=0)
    followup.database["plans"].delete_many({"edition": 2})  # the default plan
    booking = a_booking(*(f"2026-03-{day} 09:00" for day in (16, 18, 20, 23, 25, 27)))
    followup.run(CLINIC, hear_series_booked, booking)
    followup.run(CLINIC, hear_session_lost, a_loss(6))
    followup.run(CLINIC, hear_session_moved, a_move(6, "2026-03-31 09:00"))
    planned = {row.kind: row for row in followup.check_ins() if row.status is Status.SCHEDULED}
    assert [part.instrument for part in planned["day-7"].parts] == ["phq-9", "c-ssrs"]
    assert to_local(planned["day-7"].due_at, NEW_YORK).isoformat() == "2026-04-07T10:00:00"
    assert to_local(planned["month-11"].due_at, NEW_YORK).isoformat() == "2027-02-28T10:00:00"
    followup.hear_patient()
    followup.go_to(DISCHARGED_AT + timedelta(days=420))
    while OPEN.run(followup.host):
        pass
    still = [row.kind for row in followup.check_ins() if row.status is not Status.UNPLANNED]
    assert still == []  # nobody is asked about what was due while nobody worked


def test_a_tick_looks_at_what_is_due_and_not_at_what_is_planned(followup: ThisFollowup):
    followup.open(patients=40)
    for due in (to_open(DISCHARGED_AT), expired(DISCHARGED_AT)):
        plan = followup.database[COLLECTION].find(due).explain()["executionStats"]
        assert (plan["totalKeysExamined"], plan["totalDocsExamined"]) == (0, 0)


def test_nothing_is_opened_before_it_is_due(followup: ThisFollowup):
    followup.open()
    followup.go_to(DUE_AT - timedelta(minutes=1))
    assert OPEN.run(followup.host) == 0
    assert followup.told("check_in.opened.v1") == []


def test_workers_that_tick_together_open_each_check_in_once(followup: ThisFollowup):
    followup.open(patients=30)
    followup.go_to(DUE_AT)
    workers = [followup, followup.another(), followup.another()]
    for _ in range(5):
        at_once(*[partial(OPEN.run, worker.host) for worker in workers])
    assert {check_in.status for check_in in followup.check_ins()} == {Status.OPEN}
    assert len(followup.told("check_in.opened.v1")) == 30


def test_what_was_opened_can_be_closed_at_once_when_time_jumps(followup: ThisFollowup):
    an_open_one(followup)
    followup.go_to(DUE_AT + timedelta(days=8))
    assert CLOSE.run(followup.host) == 1
    assert [check_in.status for check_in in followup.check_ins()] == [Status.MISSED]
    assert len(followup.told("check_in.missed.v1")) == 1


def test_a_check_in_waits_for_its_patient_and_opens_when_its_claim_has_run_out(followup: ThisFollowup):
    followup.open(heard=False)
    followup.go_to(DUE_AT)
    OPEN.run(followup.host)
    assert followup.told("check_in.opened.v1") == []
    followup.hear_patient()
    assert OPEN.run(followup.host) == 0
    past = {"$set": {"lease.until": DISCHARGED_AT - timedelta(days=3650)}}
    followup.database["check_ins"].update_many({}, past)
    OPEN.run(followup.host)
    assert len(followup.told("check_in.opened.v1")) == 1


def test_answers_sent_many_times_at_once_are_taken_once(followup: ThisFollowup):
    token = an_open_one(followup)
    passed = followup.run(CLINIC, prove_year, ProveYear(token, 1985)).pass_token
    send = partial(followup.run, CLINIC, answer, Answer(token, passed, FULL, final=True))
    at_once(*[send] * 12)
    assert len(followup.told("check_in.answered.v1")) == 1
    assert [event["seq"] for event in followup.told("measure.scored.v1")] == [3]


def test_wrong_years_guessed_at_once_are_all_counted(followup: ThisFollowup):
    token = an_open_one(followup)
    at_once(*[partial(followup.run, CLINIC, prove_year, ProveYear(token, 1990 + guess)) for guess in range(5)])
    [check_in] = followup.check_ins()
    assert check_in.is_locked


def test_neither_link_nor_note_nor_birth_date_rests_readable(followup: ThisFollowup):
    token = an_open_one(followup)
    [check_in] = followup.check_ins()
    followup.run(CLINIC, enter_answers, EnterAnswers(check_in.id, FULL, entered_by="Nurse", notes="sounded tired"))
    names = followup.database.list_collection_names()
    kept = json.dumps([list(followup.database[name].find()) for name in names], default=str)
    for readable in (token, "sounded tired", "1985-04-12"):
        assert readable not in kept
    assert followup.check_ins()[0].notes == "sounded tired"
