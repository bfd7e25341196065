"""An alert: what can be done with it in which status, and what stops its clock and what does not."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from services.followup.domain.alert import MOVES, Alert, AlertStatus, Move, Step, alert_id, raised
from services.followup.domain.events import AlertAcknowledged, AlertRaised, PageWanted
from services.followup.domain.hours import Hours
from services.followup.domain.rota import Contact
from services.followup.domain.triggers import Role
from shared.errors import Conflict, RuleBroken
from tests.support.followup_builders import CLINIC, NEW_YORK, PATIENT, SERIES, an_open_check_in
from tests.support.followup_fakes import RULES

CHECK_IN = an_open_check_in()
NOW = CHECK_IN.due_at
LEE = Contact("dr-lee", "Dr. Lee", phone="+12125550190", email="lee@example.com")


def an_alert(trigger="suicide-risk-high", **changes) -> Alert:
    alert, _ = raised(
        "alert-1",
        CHECK_IN,
        trigger,
        RULES.triggers[trigger],
        because=["c-ssrs/score 3"],
        sees="crisis",
        answered_at=NOW,
        hours=Hours(NEW_YORK, RULES.hours),
        at=NOW,
    )
    return replace(alert, **changes)


def taken() -> Alert:
    return an_alert().acknowledge("staff/dr-lee", NOW)[0]


DONE = {
    Move.PAGE: lambda alert: alert.page(LEE, NOW)[0],
    Move.ACKNOWLEDGE: lambda alert: alert.acknowledge("key/1", NOW)[0],
    Move.CONTACT: lambda alert: alert.contact("key/1", "", NOW),
    Move.REGRADE: lambda alert: alert.regrade(2, "key/1", "meant last year", NOW),
    Move.CLOSE: lambda alert: alert.close("key/1", "safe", NOW),
}
BY_PEOPLE = [move for move in Move if move is not Move.PAGE]


@pytest.mark.parametrize(("status", "move"), list(product(AlertStatus, BY_PEOPLE)))
def test_every_status_allows_its_moves_only(status, move):
    alert = an_alert(status=status)
    if (status, move) in MOVES:
        assert DONE[move](alert).status is MOVES[status, move]
    else:
        with pytest.raises(Conflict, match=r"alert.wrong-status"):
            DONE[move](alert)


@pytest.mark.parametrize("status", list(AlertStatus))
def test_the_clock_runs_only_until_somebody_has_taken_it_on(status):
    paged = DONE[Move.PAGE](an_alert(status=status)).paged
    assert bool(paged) == ((status, Move.PAGE) in MOVES)


def test_a_new_alert_says_what_its_hearers_need_and_waits_for_its_first_page():
    alert, told = raised(
        "alert-1",
        CHECK_IN,
        "suicide-risk-high",
        RULES.triggers["suicide-risk-high"],
        because=["c-ssrs/score 3"],
        sees="crisis",
        answered_at=NOW - timedelta(hours=3),
        hours=Hours(NEW_YORK, RULES.hours),
        at=NOW,
    )
    assert told == (AlertRaised(PATIENT, SERIES, 1, CHECK_IN.id, "suicide-risk-high", 1, True, NOW),)
    assert (alert.answered_at, alert.raised_at, alert.next_step_at) == (NOW - timedelta(hours=3), NOW, NOW)
    assert alert.ladder[1] == Step(Role.BACKUP, NOW + timedelta(minutes=5))


def test_each_page_says_whom_and_sets_the_clock_for_the_next_one():
    paged, told = an_alert().page(LEE, NOW)
    assert told == (
        PageWanted(
            PATIENT, "alert-1", 0, 1, "suicide-risk-high", "clinician", LEE.id, LEE.name, LEE.phone, LEE.email, NOW
        ),
    )
    assert paged.next_step_at == NOW + timedelta(minutes=5)
    assert paged.page(LEE, NOW + timedelta(minutes=4, seconds=59)) == (paged, ())


def test_the_last_step_leaves_it_open_for_whoever_looks_at_the_list():
    alert = an_alert("severe-adverse-event").page(LEE, NOW)[0]
    alert, [last] = alert.page(None, NOW + timedelta(minutes=10))
    assert (last.contact_id, last.contact_name, last.contact_phone, last.contact_email) == ("", None, None, None)
    assert (alert.status, alert.next_step_at) == (AlertStatus.RAISED, None)
    assert alert.page(LEE, NOW + timedelta(days=1)) == (alert, ())


def test_whoever_takes_it_on_first_stays():
    alert, told = an_alert().acknowledge("staff/dr-lee", NOW)
    assert told == (AlertAcknowledged(PATIENT, "suicide-risk-high", "staff/dr-lee", NOW),)
    assert alert.next_step_at is None
    assert alert.acknowledge("key/2", NOW + timedelta(minutes=1)) == (alert, ())
    assert DONE[Move.CLOSE](alert).acknowledge("key/2", NOW)[1] == ()


def test_reaching_the_patient_is_a_fact_of_its_own_and_stops_no_clock():
    reached = an_alert().contact("key/1", "spoke by phone", NOW)
    assert (reached.status, reached.next_step_at) == (AlertStatus.RAISED, NOW)
    assert reached.contact("key/2", "again", NOW + timedelta(minutes=1)) is reached
    assert reached.acknowledge("key/1", NOW)[0].contact_note == "spoke by phone"


def test_a_person_can_lower_the_tier_and_the_clock_goes_on():
    lower = an_alert().regrade(3, "key/1", "meant last year", NOW)
    assert (lower.tier, lower.regraded[0].tier, lower.regraded[0].reason) == (3, 1, "meant last year")
    assert (lower.ladder, lower.next_step_at) == (an_alert().ladder, NOW)
    assert lower.regrade(4, "key/1", "again", NOW).tier == 4


@pytest.mark.parametrize("tier", [1, 2, 3])
def test_no_tier_is_raised_by_regrading(tier):
    with pytest.raises(RuleBroken, match=r"alert.tier-not-lower"):
        an_alert(tier=3).regrade(tier, "key/1", "?", NOW)


def test_one_check_in_has_one_alert_of_each_trigger():
    assert alert_id(CLINIC, "check-in-1", "mania") == alert_id(CLINIC, "check-in-1", "mania")
    others = [(CLINIC, "check-in-1", "relapse"), (CLINIC, "check-in-2", "mania"), ("clinic-2", "check-in-1", "mania")]
    assert alert_id(CLINIC, "check-in-1", "mania") not in {alert_id(*other) for other in others}
