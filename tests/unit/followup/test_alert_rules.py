"""A clinic's own rules for alerts: what is refused, and what they change."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.followup.api.alert_rules import AlertRulesAnswer, AlertRulesRequest
from services.followup.domain.alert import Alert
from services.followup.domain.alert_rules import AlertRules, rule_faults
from services.followup.domain.check_in import CheckIn
from services.followup.domain.hours import Opening
from services.followup.domain.relapse import Reading, RelapseRule, findings
from services.followup.domain.rota import Contact
from services.followup.domain.triggers import Role, Row, Rung, Trigger
from services.followup.operations.alert_rules import (
    ListAlertRules,
    PublishAlertRules,
    ShowAlertRules,
    list_alert_rules,
    publish_alert_rules,
    rules_of,
    show_alert_rules,
)
from services.followup.operations.check_in import EnterAnswers, enter_answers
from services.followup.operations.rota import PublishRota, ShowRota, publish_rota, show_rota
from services.followup.rules import RuleFault, load_rules
from shared.converters import from_document, to_document
from shared.errors import RuleBroken, Stale
from tests.support.followup_builders import CLINIC, NO_TROUBLE, a_rota, a_world_with_an_open_check_in, all_week
from tests.support.followup_builders import answers_of as phq_9
from tests.support.followup_fakes import LIBRARY, RULES, FakeFollowup

NOW = datetime(2026, 3, 10, tzinfo=UTC)
ANN = Contact("ann", "Ann", phone="+12125550180")


def with_trigger(name, trigger):
    return replace(RULES, triggers={**RULES.triggers, name: trigger})


def with_relapse(**limits):
    return replace(RULES, relapse=(RelapseRule("RL-1", "early-warning", ("phq-9",), **limits),))


def publish(world, rules, version=0):
    return world.run(CLINIC, publish_alert_rules, PublishAlertRules(version, rules))


def show(world, clinic_id=CLINIC):
    return world.run(clinic_id, show_alert_rules, ShowAlertRules())


def refused(world, rules):
    with pytest.raises(RuleBroken, match=r"alert-rules\.refused") as refusal:
        publish(world, rules)
    return [(fault.code, fault.pointer) for fault in refusal.value.faults]


def faults(rules):
    return [
        (fault.code.removeprefix("alert-rules."), fault.pointer) for fault in rule_faults(rules, LIBRARY.instruments)
    ]


# --- what is refused ------------------------------------------------------------------------------------------------


def test_the_default_rules_have_no_fault():
    assert rule_faults(RULES, LIBRARY.instruments) == []


@pytest.mark.parametrize(
    ("rules", "fault"),
    [
        (replace(RULES, hours=()), ("never-open", "/hours")),
        (replace(RULES, hours=(Opening((1,), time(9), time(9)),)), ("closes-too-early", "/hours/0/closes")),
        (replace(RULES, answers=(*RULES.answers, Row("gone", 4))), ("no-such-trigger", "/answers/8/trigger")),
        (replace(RULES, unanswered={"asrm": "gone"}), ("no-such-trigger", "/unanswered/asrm")),
        (replace(RULES, unanswered={"gone": "review"}), ("no-such-instrument", "/unanswered/gone")),
        (
            replace(RULES, answers=(*RULES.answers, Row("review", 4, instrument="gone"))),
            ("no-such-instrument", "/answers/8/instrument"),
        ),
        (
            replace(RULES, relapse=(RelapseRule("RL-1", "gone", ("phq-9",), least=1),)),
            ("no-such-trigger", "/relapse/0/trigger"),
        ),
        (
            replace(RULES, relapse=(RelapseRule("RL-1", "relapse", ("phq-9", "gone"), least=1),)),
            ("no-such-instrument", "/relapse/0/instruments/1"),
        ),
        (with_relapse(), ("always", "/relapse/0")),
        (with_relapse(least=1, twice_apart=(5, 14)), ("never", "/relapse/0/twice_apart")),
        (with_relapse(relief_below=50, twice_apart=(6, 5)), ("never", "/relapse/0/twice_apart")),
        (with_trigger("review", replace(RULES.triggers["review"], covers=("gone",))),
         ("no-such-trigger", "/triggers/review/covers/0")),
        (with_trigger("not-home", Trigger(2)), ("pages-nobody", "/triggers/not-home/steps")),
        (with_trigger("not-home", Trigger(2, (Rung(Role.NURSE, 1),))), ("waits", "/triggers/not-home/steps")),
        (
            with_trigger("not-home", Trigger(2, (Rung(Role.NURSE, hours="open"),))),
            ("waits", "/triggers/not-home/steps"),
        ),
        (
            with_trigger("not-home", Trigger(2, (Rung(Role.NURSE), Rung(Role.BACKUP, 5, business_days=0)))),
            ("waits", "/triggers/not-home/steps"),
        ),
        (
            with_trigger("not-home", Trigger(2, (Rung(Role.NURSE), Rung(Role.BACKUP)))),
            ("waits", "/triggers/not-home/steps"),
        ),
        (
            with_trigger("not-home", replace(RULES.triggers["not-home"], out_of_hours=(Rung(Role.NURSE, 1),))),
            ("waits", "/triggers/not-home/out_of_hours"),
        ),
        (with_trigger("not-home", replace(RULES.triggers["not-home"], tier=3)), ("less-urgent", "/answers/5/trigger")),
        (
            with_trigger("review", replace(RULES.triggers["review"], covers=("not-home",))),
            ("covers-more", "/triggers/review/covers/0"),
        ),
        (
            with_trigger("severe-score", replace(RULES.triggers["severe-score"], covers=("mania",))),
            ("covers-more", "/triggers/severe-score/covers/0"),
        ),
    ],
)  # fmt: skip
def test_each_reason_is_named_with_its_place(rules, fault):
    assert faults(rules) == [fault]


def test_answers_that_escalate_and_lead_to_no_alert_are_named_all_at_once():
    deaf = replace(RULES, hours=(), answers=tuple(row for row in RULES.answers if row.help != "emergency"))
    assert [fault.detail for fault in rule_faults(deaf, LIBRARY.instruments)] == [
        "A clinic is open at some time.",
        *(
            f"{id}: item {item} in tier 1 leads to no alert."
            for id in ("day-after", "home-safe")
            for item in ("vomiting", "chest-pain", "breathing", "fainted")
        ),
    ]


def test_rules_that_cannot_be_followed_stop_the_start(tmp_path):
    file = tmp_path / "rules.yaml"
    file.write_text("{hours: [], triggers: {}, answers: [], unanswered: {home-safe: gone}, relapse: []}")
    with pytest.raises(RuleFault, match=r"/unanswered/home-safe: There is no trigger gone\."):
        load_rules(LIBRARY.instruments, file)


def test_nothing_covers_itself_also_not_through_others():
    circle = {"relapse": "review", "review": "no-response", "no-response": "relapse"}
    covering = {name: replace(RULES.triggers[name], covers=(other,)) for name, other in circle.items()}
    assert faults(replace(RULES, triggers={**RULES.triggers, **covering})) == [
        ("covers-itself", f"/triggers/{name}/covers") for name in ("relapse", "no-response", "review")
    ]


def test_no_silence_that_means_something_can_be_ignored():
    assert refused(FakeFollowup(now=NOW), replace(RULES, unanswered={})) == [("alert-rules.unheard", "/unanswered")]


def test_no_trigger_of_the_platform_can_be_dropped():
    kept = {name: trigger for name, trigger in RULES.triggers.items() if name != "contact-lost"}
    assert refused(FakeFollowup(now=NOW), replace(RULES, triggers=kept)) == [("alert-rules.dropped", "/triggers")]


# --- over HTTP ------------------------------------------------------------------------------------------------------


def test_the_default_rules_can_be_read_and_published_again_as_they_are():
    shown = AlertRulesAnswer().dump(show(FakeFollowup(now=NOW)))
    assert (shown["edition"], shown["published_by"]) == (0, "")
    assert AlertRulesRequest().load({"rules": shown["rules"]})["rules"] == RULES


@pytest.mark.parametrize(
    ("where", "wrong"),
    [
        (("triggers", "mania", "tier"), 0),
        (("triggers", "mania", "tier"), 5),
        (("triggers", "mania", "steps", 0, "minutes"), -1),
        (("triggers", "mania", "steps", 0, "business_days"), -1),
        (("triggers", "mania", "steps", 0, "role"), "boss"),
        (("answers", 0, "tier"), 5),
        (("relapse", 0, "least"), 0),
        (("relapse", 1, "responder"), 101),
        (("relapse", 1, "twice_apart"), [5]),
        (("relapse", 0, "rule"), ""),
        (("hours", 0, "days"), [8]),
    ],
)
def test_numbers_that_mean_nothing_are_refused(where, wrong):
    rules: Any = AlertRulesAnswer().dump({"rules": RULES})["rules"]
    *way, last = where
    part = rules
    for step in way:
        part = part[step]
    part[last] = wrong
    assert AlertRulesRequest().validate({"rules": rules}) != {}


def test_names_are_such_as_the_database_takes():
    rules: Any = AlertRulesAnswer().dump({"rules": RULES})["rules"]
    rules["triggers"]["my.own"] = rules["triggers"]["mania"]
    found: Any = AlertRulesRequest().validate({"rules": rules})
    assert found["rules"]["triggers"].keys() == {"my.own"}


def test_rules_come_back_from_the_database_as_they_were_saved():
    latest = publish(FakeFollowup(now=NOW), RULES)
    assert from_document(AlertRules, to_document(latest)) == latest


# --- editions -------------------------------------------------------------------------------------------------------


def test_each_edition_is_kept_with_who_and_when_and_for_its_clinic():
    world = FakeFollowup(now=NOW)
    first = publish(world, RULES)
    assert (first.id, first.edition, first.version) == ("alert-rules@000001", 1, 1)
    assert (first.published_at, first.published_by) == (NOW, "key/key-1")
    with pytest.raises(Stale):
        publish(world, RULES)
    world.pass_time(days=1)
    second = publish(world, with_relapse(least=12), version=1)
    assert show(world) == second
    assert world.run(CLINIC, list_alert_rules, ListAlertRules(9, None)).items == [first, second]
    assert world.run(CLINIC, list_alert_rules, ListAlertRules(9, first.id)).items == [second]
    assert show(world, "clinic-2").edition == 0
    assert world.run("clinic-2", list_alert_rules, ListAlertRules(9, None)).items == []


def raised_by(world, item_9):
    """What the answers of one patient raise, by trigger."""
    [check_in] = world.all(CheckIn)
    answers = phq_9((*NO_TROUBLE[:8], item_9))
    world.run(CLINIC, enter_answers, EnterAnswers(check_in.id, {"phq-9": answers}, "Nurse Ames"))
    return {alert.trigger: alert for alert in world.all(Alert)}


def test_what_is_raised_goes_by_the_clinics_own_rules_and_keeps_its_clock():
    world, _ = a_world_with_an_open_check_in()
    publish(world, with_trigger("suicidal-thoughts", Trigger(1, (Rung(Role.DIRECTOR), Rung(Role.CLINICIAN, 7)))))
    alert = raised_by(world, 2)["suicidal-thoughts"]
    steps = [(step.role, step.at - world.now) for step in alert.ladder]
    assert (alert.tier, steps) == (1, [(Role.DIRECTOR, timedelta()), (Role.CLINICIAN, timedelta(minutes=7))])
    publish(world, RULES, version=1)
    assert world.all(Alert) == [alert]


def test_thresholds_are_the_clinics_own():
    world, _ = a_world_with_an_open_check_in()
    publish(world, with_relapse(when="any", least=1))
    assert set(raised_by(world, 1)) == {"suicidal-thoughts-low", "early-warning"}


def test_an_answer_that_the_platform_has_learned_to_escalate_since_is_heard_all_the_same():
    """The clinic published while there was no PHQ-9, so its rules know nothing of it."""
    world, _ = a_world_with_an_open_check_in()
    publish(world, RULES)
    latest = show(world)
    world.rows[AlertRules][CLINIC, latest.id] = replace(latest, rules=replace(RULES, triggers={}, answers=()))
    assert set(raised_by(world, 3)) == {"suicidal-thoughts-high"}


def test_a_trigger_of_its_own_that_a_clinic_has_given_up_does_not_stand_in_the_way():
    assert RULES.without_covered({"their-own", "relapse", "early-warning"}) == {"their-own", "relapse"}


# --- the rota -------------------------------------------------------------------------------------------------------

ONLY_THE_NURSE = replace(
    RULES,
    triggers={
        name: replace(one, steps=(Rung(Role.NURSE),), out_of_hours=()) if one.tier <= 2 else one
        for name, one in RULES.triggers.items()
    },
)


def test_a_rota_is_held_against_the_clinics_own_rules():
    world = FakeFollowup(now=NOW)
    publish(world, ONLY_THE_NURSE)
    assert world.run(CLINIC, publish_rota, PublishRota(0, (ANN,), (all_week(Role.NURSE, "ann"),))).version == 1
    with pytest.raises(RuleBroken):
        world.run("clinic-2", publish_rota, PublishRota(0, (ANN,), (all_week(Role.NURSE, "ann"),)))


def test_rules_whose_on_call_roles_the_rota_does_not_cover_are_refused_with_every_gap():
    world = FakeFollowup(now=NOW)
    publish(world, ONLY_THE_NURSE)
    world.run(CLINIC, publish_rota, PublishRota(0, (ANN,), (all_week(Role.NURSE, "ann"),)))
    with pytest.raises(RuleBroken) as refusal:
        publish(world, replace(RULES, hours=()), version=1)
    assert [(fault.code, fault.pointer, fault.context.get("role")) for fault in refusal.value.faults] == [
        ("alert-rules.never-open", "/hours", None),
        *(("rota.gap", "/triggers", role) for role in ("backup", "clinician", "director")),
    ]
    assert show(world).edition == 1


def test_no_rota_is_published_beside_rules_that_it_was_not_held_against():
    """Whoever read the rota before the rules were published has to read it again."""
    world = FakeFollowup(now=NOW)
    world.run(CLINIC, publish_rota, a_rota())
    publish(world, RULES)
    with pytest.raises(Stale):
        world.run(CLINIC, publish_rota, replace(a_rota(), version=1))
    assert world.run(CLINIC, show_rota, ShowRota()).version == 2


def test_without_a_rota_any_sound_rules_are_published():
    world = FakeFollowup(now=NOW)
    assert publish(world, RULES).edition == 1
    assert world.run(CLINIC, lambda uow, _: rules_of(uow).on_call, None) == RULES.on_call


# --- a law ----------------------------------------------------------------------------------------------------------

_LIMIT = st.none() | st.integers(1, 30)
_RULE = st.builds(
    RelapseRule,
    rule=st.just("RL-1"),
    trigger=st.just("relapse"),
    instruments=st.just(("phq-9",)),
    when=st.sampled_from(["after", "first", "during", "any"]),
    least=_LIMIT,
    above_lowest=_LIMIT,
    above_baseline=_LIMIT,
    above_last=_LIMIT,
    relief_below=_LIMIT,
    responder=_LIMIT,
    twice_apart=st.none() | st.tuples(st.integers(1, 9), st.integers(1, 9)),
)


@given(_RULE, st.lists(st.tuples(st.integers(0, 27), st.booleans()), min_size=1, max_size=4))
def test_no_rule_that_a_clinic_can_write_stands_in_the_way_of_an_answer(rule, scores):
    readings = [Reading(date(2026, 3, 1) + timedelta(days=day), *score) for day, score in enumerate(scores)]
    assert len(findings([rule], "phq-9", readings)) <= 1
