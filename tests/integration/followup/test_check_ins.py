"""Check-ins on a real database: what unique keys, versions, leases and seals promise."""

import json
from datetime import timedelta
from functools import partial

from services.followup.domain.check_in import Status
from services.followup.jobs.check_ins import close_expired, open_due
from services.followup.operations.by_link import Answer, ProveYear, answer, prove_year
from services.followup.operations.check_in import EnterAnswers, enter_answers, schedule_check_ins
from tests.integration.followup.followup_host import ThisFollowup, at_once
from tests.support.followup_builders import CLINIC, DISCHARGED_AT, NO_TROUBLE, a_discharge, answers_of

DUE_AT = DISCHARGED_AT + timedelta(hours=24)
FULL = answers_of(NO_TROUBLE)


def an_open_one(followup: ThisFollowup) -> str:
    """The token of its link."""
    followup.open()
    followup.go_to(DUE_AT)
    open_due(followup.host)
    return followup.token()


def test_a_discharge_heard_by_many_at_once_plans_one_check_in(followup: ThisFollowup):
    followup.open(sessions=0)
    hear = partial(followup.run, CLINIC, schedule_check_ins, a_discharge())
    at_once(*[hear] * 12)
    assert len(followup.check_ins()) == 1


def test_nothing_is_opened_before_it_is_due(followup: ThisFollowup):
    followup.open()
    followup.go_to(DUE_AT - timedelta(minutes=1))
    assert open_due(followup.host) == 0
    assert followup.told("check_in.opened.v1") == []


def test_workers_that_tick_together_open_each_check_in_once(followup: ThisFollowup):
    followup.open(sessions=30)
    followup.go_to(DUE_AT)
    workers = [followup, followup.another(), followup.another()]
    for _ in range(5):
        at_once(*[partial(open_due, worker.host) for worker in workers])
    assert {check_in.status for check_in in followup.check_ins()} == {Status.OPEN}
    assert len(followup.told("check_in.opened.v1")) == 30


def test_what_was_opened_can_be_closed_at_once_when_time_jumps(followup: ThisFollowup):
    an_open_one(followup)
    followup.go_to(DUE_AT + timedelta(days=8))
    assert close_expired(followup.host) == 1
    assert [check_in.status for check_in in followup.check_ins()] == [Status.MISSED]
    assert len(followup.told("check_in.missed.v1")) == 1


def test_a_check_in_waits_for_its_patient_and_opens_when_its_claim_has_run_out(followup: ThisFollowup):
    followup.open(patient=False)
    followup.go_to(DUE_AT)
    open_due(followup.host)
    assert followup.told("check_in.opened.v1") == []
    followup.hear_patient()
    assert open_due(followup.host) == 0
    past = {"$set": {"lease.until": DISCHARGED_AT - timedelta(days=3650)}}
    followup.database["check_ins"].update_many({}, past)
    open_due(followup.host)
    assert len(followup.told("check_in.opened.v1")) == 1


def test_answers_sent_many_times_at_once_are_taken_once(followup: ThisFollowup):
    token = an_open_one(followup)
    passed = followup.run(CLINIC, prove_year, ProveYear(token, 1985))
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
