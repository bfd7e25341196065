"""From answers and silence to alerts, and from alerts to pages, through the operations."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.followup.domain.alert import Alert, AlertStatus
from services.followup.domain.check_in import CheckIn, Part, Status
from services.followup.domain.events import AlertAcknowledged, AlertRaised, PageWanted, RelapseSuspected
from services.followup.domain.plan import Anchor
from services.followup.domain.scoring import score
from services.followup.operations.alerts import (
    AcknowledgeAlert,
    CloseAlert,
    ListAlerts,
    NoteContact,
    PageAcknowledged,
    PageContacted,
    PageNext,
    RegradeAlert,
    acknowledge_alert,
    close_alert,
    contact_alert,
    hear_page_acknowledged,
    hear_page_contacted,
    list_alerts,
    page_next,
    regrade_alert,
)
from services.followup.operations.by_link import Answer, ProveYear, answer, hear_late, prove_year
from services.followup.operations.check_in import CloseMissed, EnterAnswers, close_missed, enter_answers
from services.followup.operations.rota import publish_rota
from services.followup.operations.worklist import OVERDUE_AFTER, ListWork, list_work
from shared.errors import NotFound, RuleBroken
from shared.localtime import resolve
from tests.support.followup_builders import (
    CLINIC,
    NEW_YORK,
    NO_TROUBLE,
    PHQ_9,
    SERIES,
    a_rota,
    a_scheduled_check_in,
    a_world,
    a_world_with_an_open_check_in,
    an_open_check_in,
    answers_of,
)
from tests.support.followup_fakes import LIBRARY

NIGHT = resolve(datetime.fromisoformat("2026-03-12 02:00"), NEW_YORK)
C_SSRS = {"1": 1, "2": 1, "3": 1, "4": 1, "5": 0, "6": 0}


class Patient:
    """Whoever has the link and knows the year of birth."""

    def __init__(self, world, token):
        self.world, self.token = world, token
        self.pass_token = world.run(CLINIC, prove_year, ProveYear(token, 1985)).pass_token

    def says(self, *, final=True, **answers):
        named = {name.replace("_", "-"): given for name, given in answers.items()}
        return self.world.run(CLINIC, answer, Answer(self.token, self.pass_token, named, final))


def phq(item_9, total=0):
    return answers_of((*NO_TROUBLE[:8], item_9)) if not total else answers_of(_sum_of(total, item_9))


def _sum_of(total, item_9):
    """Nine answers with that total."""
    left = total - item_9
    return (*(max(0, min(3, left - 3 * number)) for number in range(8)), item_9)


def alerts(world):
    return {alert.trigger: alert for alert in world.all(Alert)}


def tick(world):
    """What the job does: the next step of each alert that is due."""
    for alert in world.all(Alert):
        world.run(CLINIC, page_next, PageNext(alert.id))


def pages(world):
    return [(page.step, page.role, page.contact_id) for page in world.events(PageWanted)]


def entered(world, **answers):
    [check_in] = world.all(CheckIn)
    named = {name.replace("_", "-"): given for name, given in answers.items()}
    return world.run(CLINIC, enter_answers, EnterAnswers(check_in.id, named, "Nurse Ames"))


# --- what raises ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item_9", "trigger", "tier"),
    [(1, "suicidal-thoughts-low", 3), (2, "suicidal-thoughts", 2), (3, "suicidal-thoughts-high", 1)],
)
def test_item_nine_raises_by_its_value_whatever_the_total(item_9, trigger, tier):
    world, token = a_world_with_an_open_check_in()
    Patient(world, token).says(phq_9=phq(item_9))
    [alert] = world.all(Alert)
    assert (alert.trigger, alert.tier, alert.sees, alert.because) == (trigger, tier, "crisis", (f"phq-9/9 {item_9}",))
    assert [event.trigger for event in world.events(AlertRaised)] == [trigger]


def test_answers_without_trouble_raise_nothing():
    world, token = a_world_with_an_open_check_in()
    Patient(world, token).says(phq_9=phq(0))
    assert alerts(world) == {}


def test_an_answer_reaches_a_person_when_it_is_saved_even_if_the_rest_never_comes():
    world, token = a_world_with_an_open_check_in()
    Patient(world, token).says(final=False, phq_9={"9": 3})
    assert set(alerts(world)) == {"suicidal-thoughts-high"}
    assert world.all(CheckIn)[0].status is Status.OPEN


def test_a_corrected_answer_cancels_nothing_and_a_worse_one_raises_more():
    world, token = a_world_with_an_open_check_in()
    patient = Patient(world, token)
    patient.says(final=False, phq_9={"9": 1})
    patient.says(final=False, phq_9={"9": 2})
    patient.says(phq_9=phq(0))
    assert {alert.status for alert in alerts(world).values()} == {AlertStatus.RAISED}
    assert set(alerts(world)) == {"suicidal-thoughts-low", "suicidal-thoughts"}


def test_what_a_worse_answer_covers_is_not_raised_after_it():
    world, token = a_world_with_an_open_check_in()
    patient = Patient(world, token)
    patient.says(final=False, phq_9={"9": 3})
    patient.says(phq_9=phq(1))
    assert set(alerts(world)) == {"suicidal-thoughts-high"}


def test_the_same_answers_again_raise_nothing_but_worse_ones_do():
    world, token = a_world_with_an_open_check_in()
    patient = Patient(world, token)
    for item_9 in (1, 1, 3, 3):
        patient.says(phq_9=phq(item_9))
    assert sorted(event.trigger for event in world.events(AlertRaised)) == [
        "suicidal-thoughts-high",
        "suicidal-thoughts-low",
    ]
    assert world.all(CheckIn)[0].all_answers["phq-9"]["9"] == 1


def test_answers_that_nobody_knows_raise_nothing_after_the_end():
    world, token = a_world_with_an_open_check_in()
    patient = Patient(world, token)
    patient.says(phq_9=phq(0))
    patient.says(phq_9={"9": 7, "10": 3}, gad_7={"1": 3})
    assert alerts(world) == {}


def test_an_answer_that_comes_too_late_to_be_kept_still_reaches_a_person():
    world, token = a_world_with_an_open_check_in()
    patient = Patient(world, token)
    world.pass_time(days=8)
    stranger, late = (Answer(token, pass_token, {"phq-9": phq(3)}, True) for pass_token in ("x", patient.pass_token))
    world.run(CLINIC, hear_late, stranger)
    assert alerts(world) == {}
    with pytest.raises(RuleBroken, match=r"check-in.expired"):
        world.run(CLINIC, answer, late)
    world.run(CLINIC, hear_late, late)
    world.run(CLINIC, hear_late, late)
    assert [event.trigger for event in world.events(AlertRaised)] == ["suicidal-thoughts-high"]


def test_a_high_risk_that_staff_enter_is_one_alert_that_holds_and_of_which_the_patient_saw_nothing():
    world, _ = a_world_with_an_open_check_in()
    entered(world, phq_9=phq(3), c_ssrs=C_SSRS)
    [alert] = world.all(Alert)
    assert (alert.trigger, alert.holds_treatment, alert.sees) == ("suicide-risk-high", True, "none")
    assert alert.because == ("c-ssrs/score 3", "phq-9/9 3")
    [told] = world.events(AlertRaised)
    assert told.holds_treatment


def test_a_severe_adverse_event_goes_to_the_nurse():
    world, token = a_world_with_an_open_check_in("home-safe")
    Patient(world, token).says(
        home_safe=dict.fromkeys([i.id for i in LIBRARY.newest("home-safe").items], 0) | {"fainted": 1}
    )
    [alert] = world.all(Alert)
    assert (alert.trigger, alert.tier, alert.sees, alert.next_role) == ("severe-adverse-event", 1, "emergency", "nurse")


def test_what_should_be_over_the_day_after_waits_for_the_nurse_in_opening_hours_and_shows_no_help():
    world, token = a_world_with_an_open_check_in("day-after")
    Patient(world, token).says(
        day_after=dict.fromkeys([i.id for i in LIBRARY.newest("day-after").items], 0) | {"dizzy": 1}
    )
    [alert] = world.all(Alert)
    assert (alert.trigger, alert.tier, alert.sees, alert.next_role) == ("adverse-event", 3, "none", "nurse")


def test_mania_holds_and_is_one_alert():
    world, _ = a_world_with_an_open_check_in()
    entered(world, phq_9=phq(0), asrm={"mood": 3, "confidence": 3, "sleep": 3, "speech": 3, "activity": 0})
    [alert] = world.all(Alert)
    assert (alert.trigger, alert.tier, alert.holds_treatment) == ("mania-marked", 4, True)


def test_home_safe_without_an_answer_raises_and_any_other_silence_does_not():
    for asked, expected in (("home-safe", {"home-safe-unanswered"}), ("phq-9", set())):
        world, _ = a_world_with_an_open_check_in(asked)
        world.pass_time(days=7)
        world.run(CLINIC, close_missed, CloseMissed(world.all(CheckIn)[0].id))
        assert set(alerts(world)) == expected


def test_the_second_silence_in_a_row_after_a_series_waits_on_the_list():
    world = a_world()
    week = timedelta(days=7)
    first = replace(an_open_check_in(anchor=Anchor.SERIES), id="a", due_at=world.now, status=Status.MISSED)
    second = replace(an_open_check_in(anchor=Anchor.SERIES), id="b", due_at=world.now + week)
    for check_in in (first, second):
        world.run(CLINIC, lambda uow, one: uow.check_ins.save(one), check_in)
    world.pass_time(days=30)
    world.run(CLINIC, close_missed, CloseMissed("b"))
    [alert] = world.all(Alert)
    assert (alert.trigger, alert.ladder, alert.next_step_at) == ("contact-lost", (), None)


def test_an_answer_that_comes_late_starts_its_clock_when_it_is_received():
    world, _ = a_world_with_an_open_check_in()
    [check_in] = world.all(CheckIn)
    given_at = world.now
    world.pass_time(hours=3)
    late = EnterAnswers(check_in.id, {"phq-9": phq(2)}, "Nurse Ames", answered_at=given_at)
    world.run(CLINIC, enter_answers, late)
    [alert] = world.all(Alert)
    assert (alert.answered_at, alert.raised_at, alert.next_step_at) == (given_at, world.now, world.now)


def test_answers_cannot_come_from_the_future():
    world, _ = a_world_with_an_open_check_in()
    [check_in] = world.all(CheckIn)
    future = EnterAnswers(check_in.id, {"phq-9": phq(2)}, "Nurse Ames", answered_at=world.now + timedelta(seconds=1))
    with pytest.raises(RuleBroken, match=r"answers.not-yet"):
        world.run(CLINIC, enter_answers, future)
    assert alerts(world) == {}


# --- scores over time -----------------------------------------------------------------------------------------------


def scored(id, days, total, *, anchor=Anchor.SERIES, series_id=SERIES):
    """A check-in of the series that was answered so many days after its last dose."""
    given = answers_of(_sum_of(total, 0))
    done = a_scheduled_check_in().due_at + timedelta(days=days)
    part = Part("phq-9", 1, answers=given, score=score(PHQ_9, given))
    return a_scheduled_check_in(
        id=id, anchor=anchor, parts=(part,), due_at=done, status=Status.ANSWERED, ended_at=done, series_id=series_id
    )


def test_two_readings_over_half_of_the_baseline_suspect_a_relapse_in_the_same_commit():
    world = a_world()
    earlier = (scored("a", -14, 20, anchor=Anchor.SESSION), scored("b", 7, 6), scored("c", 14, 11))
    other = scored("d", 20, 1, series_id="another-series")
    now = an_open_check_in(anchor=Anchor.SERIES)
    for check_in in (*earlier, replace(other, covers=()), replace(now, id="e", expires_at=now.due_at + timedelta(30))):
        world.run(CLINIC, lambda uow, one: uow.check_ins.save(one), check_in)
    world.now = now.due_at + timedelta(days=21)
    world.run(CLINIC, enter_answers, EnterAnswers("e", {"phq-9": answers_of(_sum_of(12, 0))}, "Nurse Ames"))

    [alert] = world.all(Alert)
    assert (alert.trigger, alert.because) == ("relapse", ("RL-2 phq-9 12", "RL-1 phq-9 12"))
    [told] = world.events(RelapseSuspected)
    assert (told.series_id, told.rule, told.instrument, told.score) == (SERIES, "RL-2", "phq-9", 12)


# --- the clock ------------------------------------------------------------------------------------------------------


def an_alarm(*, rota=True):
    """Two o'clock at night, and somebody thinks of suicide nearly every day."""
    world, token = a_world_with_an_open_check_in()
    if rota:
        world.run(CLINIC, publish_rota, a_rota())
    world.now = NIGHT
    Patient(world, token).says(phq_9=phq(3))
    return world, world.all(Alert)[0].id


def test_an_answer_at_two_in_the_night_pages_at_two_in_the_night_and_then_by_the_minute():
    world, _ = an_alarm()
    seen = {}
    for minute in range(40):
        tick(world)
        seen[minute] = len(pages(world))
        world.pass_time(minutes=1)
    assert [seen[minute] for minute in (0, 4, 5, 14, 15, 29, 30, 39)] == [1, 1, 2, 2, 3, 3, 4, 4]
    assert pages(world) == [
        (0, "clinician", "the-clinician"),
        (1, "backup", "the-backup"),
        (2, "director", "the-director"),
        (3, "clinic", ""),
    ]


def test_looking_again_at_once_pages_nobody_twice():
    world, _ = an_alarm()
    tick(world)
    tick(world)
    assert len(pages(world)) == 1


def test_after_an_outage_every_step_that_is_due_is_made_up_for():
    world, _ = an_alarm()
    world.pass_time(minutes=16)
    for _ in range(9):
        tick(world)
    assert len(pages(world)) == 3


def test_without_a_rota_the_clinics_own_contacts_are_meant_and_the_list_says_so():
    world, alert_id = an_alarm(rota=False)
    tick(world)
    assert pages(world) == [(0, "clinician", "")]
    first, second = world.run(CLINIC, list_work, ListWork(10, None)).items
    assert (first.kind, first.what) == ("rota", "no-rota")
    assert (second.kind, second.id, second.tier) == ("alert", alert_id, 1)


def test_the_link_of_a_page_takes_the_alert_on_and_the_second_button_notes_the_contact():
    world, alert_id = an_alarm()
    tick(world)
    world.run(CLINIC, hear_page_acknowledged, PageAcknowledged(f"alert/{alert_id}", "staff/the-clinician"))
    world.run(CLINIC, hear_page_contacted, PageContacted(f"alert/{alert_id}", "staff/the-clinician"))
    world.pass_time(hours=1)
    tick(world)
    [alert] = world.all(Alert)
    assert len(pages(world)) == 1
    assert (alert.status, alert.acknowledged_by) == (AlertStatus.ACKNOWLEDGED, "staff/the-clinician")
    assert alert.contacted_by == "staff/the-clinician"
    assert [event.by for event in world.events(AlertAcknowledged)] == ["staff/the-clinician"]


def test_pages_about_something_else_are_none_of_ours():
    world, _ = an_alarm()
    world.run(CLINIC, hear_page_acknowledged, PageAcknowledged("reply/reply-1", "staff/x"))
    world.run(CLINIC, hear_page_contacted, PageContacted("reply/reply-1", "staff/x"))
    assert world.all(Alert)[0].status is AlertStatus.RAISED


def test_staff_take_it_on_reach_the_patient_find_it_less_urgent_and_close_it():
    world, alert_id = an_alarm()
    world.run(CLINIC, contact_alert, NoteContact(alert_id, "spoke by phone"))
    world.run(CLINIC, acknowledge_alert, AcknowledgeAlert(alert_id))
    world.run(CLINIC, regrade_alert, RegradeAlert(alert_id, 3, "meant last year"))
    closed = world.run(CLINIC, close_alert, CloseAlert(alert_id, "safety plan reviewed"))
    assert (closed.status, closed.tier, closed.contact_note, closed.closed_by) == (
        AlertStatus.CLOSED,
        3,
        "spoke by phone",
        "key/key-1",
    )
    world.run(CLINIC, hear_page_contacted, PageContacted(f"alert/{alert_id}", "staff/x"))
    assert world.all(Alert) == [closed]
    assert world.run(CLINIC, list_work, ListWork(10, None)).items == []


def test_another_clinics_alert_is_not_there():
    world, alert_id = an_alarm()
    with pytest.raises(NotFound):
        world.run("clinic-2", acknowledge_alert, AcknowledgeAlert(alert_id))
    assert world.run("clinic-2", list_alerts, ListAlerts(10, None)).items == []


def test_lists_are_filtered_and_walked():
    world, alert_id = an_alarm()

    def ids(**asked):
        return [alert.id for alert in world.run(CLINIC, list_alerts, ListAlerts(10, None, **asked)).items]

    assert ids() == ids(status=AlertStatus.RAISED) == ids(tier=1) == ids(patient_id="patient-1") == [alert_id]
    assert ids(status=AlertStatus.CLOSED) == ids(tier=2) == ids(patient_id="patient-2") == []


# --- the worklist ---------------------------------------------------------------------------------------------------


def test_the_most_urgent_comes_first_then_what_is_due_and_check_ins_last():
    world = a_world()
    world.run(CLINIC, publish_rota, a_rota())
    first = an_open_check_in()
    for number, item_9 in enumerate((1, 3, 2, 3)):
        world.now = first.due_at + timedelta(minutes=number)
        world.run(CLINIC, lambda uow, one: uow.check_ins.save(one), replace(first, id=f"check-in-{number}"))
        world.run(CLINIC, enter_answers, EnterAnswers(f"check-in-{number}", {"phq-9": phq(item_9)}, "Nurse Ames"))
    world.run(CLINIC, lambda uow, one: uow.check_ins.save(one), replace(first, id="waits"))
    world.now = first.due_at + OVERDUE_AFTER
    listed, after = [], None
    while True:
        page = world.run(CLINIC, list_work, ListWork(2, after))
        listed += [(line.kind, line.tier) for line in page.items]
        if (after := page.after) is None:
            break
    assert listed == [("alert", 1), ("alert", 1), ("alert", 2), ("alert", 3), ("check-in", None)]


def test_a_check_in_is_not_overdue_before_a_day_is_over():
    world, _ = a_world_with_an_open_check_in()
    world.run(CLINIC, publish_rota, a_rota())
    world.now += OVERDUE_AFTER - timedelta(seconds=1)
    assert world.run(CLINIC, list_work, ListWork(10, None)).items == []
    world.now += timedelta(seconds=1)
    [line] = world.run(CLINIC, list_work, ListWork(10, None)).items
    assert (line.kind, line.what) == ("check-in", "24h")
