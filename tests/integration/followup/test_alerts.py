"""Alerts on a real database: raised once with the answers, paged once for each step, whatever dies in between."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from time import monotonic

import pytest

from services.followup.domain.alert import AlertStatus
from services.followup.domain.check_in import Status
from services.followup.jobs.table import ESCALATE, OPEN
from services.followup.operations.alerts import (
    AcknowledgeAlert,
    CloseAlert,
    ListAlerts,
    NoteContact,
    RegradeAlert,
    ShowAlert,
    acknowledge_alert,
    close_alert,
    contact_alert,
    list_alerts,
    regrade_alert,
    show_alert,
)
from services.followup.operations.by_link import answer
from services.followup.operations.rota import ShowRota, publish_rota, show_rota
from services.followup.operations.worklist import ListWork, list_work
from services.followup.store.alert import COLLECTION, to_page
from shared.errors import Stale
from shared.persistence.leases import claim_batch
from tests.integration.followup.followup_host import DUE_AT, ThisFollowup, alerts, an_alarm, answers
from tests.support.at_once import at_once
from tests.support.followup_builders import CLINIC, PATIENT, a_rota


def steps(followup: ThisFollowup) -> list[int]:
    """What notify is told to page."""
    return [event["data"]["step"] for event in followup.told("page.wanted.v1", COLLECTION)]


def at_minute(minute: int) -> datetime:
    return DUE_AT + timedelta(minutes=minute)


def test_answers_that_come_many_times_at_once_raise_one_alert(followup: ThisFollowup):
    followup.open()
    followup.go_to(DUE_AT)
    OPEN.run(followup.host)
    at_once(*[partial(followup.run, CLINIC, answer, answers(followup))] * 8)
    assert len(alerts(followup)) == len(followup.told("alert.raised.v1", COLLECTION)) == 1


def test_answers_are_not_kept_without_the_alert_that_they_raise(followup: ThisFollowup):
    followup.open()
    followup.go_to(DUE_AT)
    OPEN.run(followup.host)
    command = answers(followup)
    with pytest.raises(ZeroDivisionError):
        followup.attempt(CLINIC, lambda uow: (answer(uow, command), 1 / 0))
    assert alerts(followup) == []
    assert followup.check_ins()[0].status is Status.OPEN


def test_workers_that_tick_together_page_each_step_once(followup: ThisFollowup):
    an_alarm(followup)
    workers = [followup, followup.another(), followup.another()]
    for minute in (0, 1, 5, 15, 30, 31):
        followup.go_to(at_minute(minute))
        at_once(*[partial(ESCALATE.run, worker.host) for worker in workers] * 2)
    assert steps(followup) == [0, 1, 2, 3]
    [alert] = alerts(followup)
    assert [page.contact_id for page in alert.paged] == ["the-clinician", "the-backup", "the-director", ""]


def test_who_dies_between_raising_and_paging_is_followed_by_another_who_pages_once(followup: ThisFollowup):
    an_alarm(followup)
    due = to_page(followup.host.clock())
    dead = claim_batch(followup.database[COLLECTION], due, order_by="next_step_at", seconds=0.2)
    assert len(dead) == 1
    assert ESCALATE.run(followup.host) == 0
    assert steps(followup) == []
    until = monotonic() + 20
    while not ESCALATE.run(followup.another().host) and monotonic() < until:
        pass
    assert steps(followup) == [0]
    ESCALATE.run(followup.host)
    assert steps(followup) == [0]


def test_a_tick_looks_at_no_alert_that_is_over(followup: ThisFollowup):
    alert_id = an_alarm(followup)
    followup.run(CLINIC, acknowledge_alert, AcknowledgeAlert(alert_id))
    [kept] = followup.database[COLLECTION].find()
    followup.database[COLLECTION].insert_many({**kept, "_id": f"alert-{n}", "outbox": []} for n in range(40))
    plan = followup.database[COLLECTION].find(to_page(at_minute(600))).explain()["executionStats"]
    assert (plan["totalKeysExamined"], plan["totalDocsExamined"]) == (0, 0)


def test_an_alert_that_pages_nobody_is_read_as_it_was_written(followup: ThisFollowup):
    """As after the second silence in a row."""
    alert_id = an_alarm(followup)
    [alarm] = alerts(followup)
    silent = replace(alarm, id="silent", version=0, trigger="contact-lost", ladder=(), next_step_at=None)
    saved = followup.attempt(CLINIC, lambda uow: uow.alerts.save(silent))
    assert {alert.id: alert for alert in alerts(followup)} == {alert_id: alarm, "silent": saved}
    followup.run(CLINIC, acknowledge_alert, AcknowledgeAlert("silent"))
    assert followup.run(CLINIC, close_alert, CloseAlert("silent", "reached by post")).ladder == ()


def test_what_staff_wrote_and_who_they_are_does_not_rest_readable(followup: ThisFollowup):
    alert_id = an_alarm(followup)
    ESCALATE.run(followup.host)
    followup.run(CLINIC, contact_alert, NoteContact(alert_id, "at home with her sister"))
    followup.run(CLINIC, acknowledge_alert, AcknowledgeAlert(alert_id))
    followup.run(CLINIC, regrade_alert, RegradeAlert(alert_id, 2, "meant last year"))
    followup.run(CLINIC, close_alert, CloseAlert(alert_id, "safety plan reviewed"))
    names = followup.database.list_collection_names()
    kept = json.dumps([list(followup.database[name].find()) for name in names], default=str)
    for readable in ("sister", "last year", "safety plan", "+12125550180", "Coordinator"):
        assert readable not in kept
    alert = followup.run(CLINIC, show_alert, ShowAlert(alert_id))
    assert (alert.contact_note, alert.close_reason) == ("at home with her sister", "safety plan reviewed")
    assert (alert.regraded[0].reason, alert.status) == ("meant last year", AlertStatus.CLOSED)
    assert followup.run(CLINIC, show_rota, ShowRota()).contacts == a_rota().contacts


def test_lists_and_filters_and_the_rotas_version_on_a_real_database(followup: ThisFollowup):
    alert_id = an_alarm(followup)

    def ids(**asked):
        return [alert.id for alert in followup.run(CLINIC, list_alerts, ListAlerts(10, None, **asked)).items]

    assert ids() == ids(status=AlertStatus.RAISED) == ids(tier=1) == ids(patient_id=PATIENT) == [alert_id]
    assert ids(status=AlertStatus.CLOSED) == ids(tier=2) == ids(patient_id="patient-2") == []
    assert [line.id for line in followup.run(CLINIC, list_work, ListWork(10, None)).items] == [alert_id]
    with pytest.raises(Stale):
        followup.run(CLINIC, publish_rota, a_rota())
