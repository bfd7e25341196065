"""What operations expect of the stores: the same suite on the fake and on a real database."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, Protocol

import pytest

from services.followup.domain.check_in import CancelReason, CheckIn, Part, Status
from services.followup.domain.known import Course, Known, Visit
from services.followup.domain.outcome import Scored
from services.followup.domain.plan import an_edition
from services.followup.domain.wording import InstrumentText, LoadedText
from services.followup.operations.alert_rules import PublishAlertRules, publish_alert_rules
from shared.errors import Contended, NotFound
from shared.ids import new_id
from shared.persistence.unit_of_work import EVERY_CLINIC
from shared.private_link import digest
from tests.support.followup_builders import (
    CLINIC,
    DISCHARGED_AT,
    NEW_YORK,
    NO_TROUBLE,
    PATIENT,
    PHQ_9,
    SERIES,
    a_plan,
    a_scheduled_check_in,
    a_world,
    an_open_check_in,
    answers_of,
)
from tests.support.followup_fakes import RULES


class World(Protocol):
    def attempt(self, clinic_id: str, operation: Callable[[Any], Any]) -> Any: ...


class Fake:
    def __init__(self) -> None:
        self.world = a_world()

    def attempt(self, clinic_id: str, operation: Callable[[Any], Any]) -> Any:
        return self.world.run(clinic_id, lambda uow, _: operation(uow), None)


@pytest.fixture(params=["fake", "real"])
def world(request) -> Iterator[World]:
    if request.param == "fake":
        yield Fake()
    else:
        followup = request.getfixturevalue("followup")
        followup.open(patients=0)
        followup.hear_patient()
        yield followup


def keep(world: World, check_in: CheckIn, clinic_id: str = CLINIC) -> CheckIn:
    saved: CheckIn = world.attempt(clinic_id, lambda uow: uow.check_ins.save(check_in))
    return saved


def an_answered_check_in() -> CheckIn:
    check_in = an_open_check_in()
    values = (*NO_TROUBLE[:8], 2)
    answers = {"phq-9": answers_of(values)}
    return check_in.answer(answers, {"phq-9": PHQ_9}, at=check_in.due_at, entered_by="Nurse", notes="by phone")[0]


@pytest.mark.parametrize(
    "check_in",
    [
        a_scheduled_check_in(),
        an_open_check_in(parts=(Part("phq-9", 1, answers={"1": 3}), Part("gad-7", 1)), wrong_years=2, pass_digest="x"),
        a_scheduled_check_in(status=Status.UNPLANNED),
        an_answered_check_in(),
        a_scheduled_check_in().cancel(CancelReason.MISTAKE, DISCHARGED_AT)[0],
    ],
    ids=lambda check_in: check_in.status,
)
def test_a_check_in_comes_back_as_it_was_saved(world, check_in):
    saved = keep(world, check_in)
    assert saved == replace(check_in, version=1)
    assert world.attempt(CLINIC, lambda uow: uow.check_ins.get(check_in.id)) == saved


def test_a_check_in_that_is_there_is_not_planned_once_more(world):
    keep(world, a_scheduled_check_in())
    with pytest.raises(Contended):
        keep(world, a_scheduled_check_in())


def test_what_is_known_of_series_comes_back_as_it_was_saved(world):
    visit = Visit(1, "induction", 2, DISCHARGED_AT, datetime.fromisoformat("2026-03-10 09:00"), 1, DISCHARGED_AT)
    known = Known(PATIENT, (Course(SERIES, 1, "mood-iv-6x2w", "depression", NEW_YORK, (visit,)), Course("s", 2)))
    saved = world.attempt(CLINIC, lambda uow: uow.known.save(known))
    assert saved == replace(known, version=1)
    assert world.attempt(CLINIC, lambda uow: uow.known.find(PATIENT)) == saved
    assert world.attempt("clinic-2", lambda uow: uow.known.find(PATIENT)) is None


def test_editions_of_a_plan_are_kept_in_their_order_for_each_clinic(world):
    first = world.attempt(CLINIC, lambda uow: uow.plans.latest()).edition
    for edition in (first + 1, first + 2):
        world.attempt(CLINIC, lambda uow, edition=edition: uow.plans.save(an_edition(edition, a_plan("gad-7"))))
    assert world.attempt(CLINIC, lambda uow: uow.plans.latest()).edition == first + 2
    assert world.attempt(CLINIC, lambda uow: uow.plans.get(first + 1)).questions == a_plan("gad-7")
    assert len(world.attempt(CLINIC, lambda uow: uow.plans.list(after=None, limit=99))) == first + 2
    with pytest.raises(Contended):
        world.attempt(CLINIC, lambda uow: uow.plans.save(an_edition(first + 1, a_plan())))
    assert world.attempt("clinic-2", lambda uow: uow.plans.latest()) is None


def test_editions_of_rules_for_alerts_come_back_as_they_were_published(world):
    clinic, publish = new_id(), partial(PublishAlertRules, rules=RULES)
    first = world.attempt(clinic, lambda uow: publish_alert_rules(uow, publish(0)))
    assert world.attempt(clinic, lambda uow: uow.alert_rules.latest()) == first
    assert (first.rules, first.version) == (RULES, 1)
    second = world.attempt(clinic, lambda uow: publish_alert_rules(uow, publish(1)))
    assert world.attempt(clinic, lambda uow: uow.alert_rules.list(after=None, limit=9)) == [first, second]
    with pytest.raises(Contended):
        world.attempt(clinic, lambda uow: uow.alert_rules.save(replace(first, version=0)))


def test_two_clinics_may_have_a_check_in_of_the_same_session(world):
    keep(world, a_scheduled_check_in())
    keep(world, a_scheduled_check_in(id="theirs"), "clinic-2")


def test_whoever_read_an_older_version_comes_too_late(world):
    first = keep(world, a_scheduled_check_in())
    keep(world, replace(first, kind="changed"))
    with pytest.raises(Contended):
        keep(world, replace(first, kind="changed otherwise"))


def test_a_link_leads_to_its_check_in_and_its_clinic(world):
    saved = keep(world, an_open_check_in())
    assert world.attempt(CLINIC, lambda uow: uow.check_ins.by_link(digest("token"))) == saved
    assert world.attempt(EVERY_CLINIC, lambda uow: uow.check_ins.clinic_of_link(digest("token"))) == CLINIC


@pytest.mark.parametrize(
    "look",
    [
        lambda uow: uow.check_ins.get("check-in-1"),
        lambda uow: uow.check_ins.by_link(digest("token")),
        lambda uow: uow.patients.get(PATIENT),
        lambda uow: uow.clinics.get(CLINIC),
    ],
)
def test_nothing_of_another_clinic_is_found(world, look):
    keep(world, an_open_check_in())
    assert look(world.attempt(CLINIC, lambda uow: uow))
    with pytest.raises(NotFound):
        world.attempt("clinic-2", look)


def test_a_link_that_was_never_told_leads_nowhere(world):
    keep(world, a_scheduled_check_in())
    with pytest.raises(NotFound):
        world.attempt(EVERY_CLINIC, lambda uow: uow.check_ins.clinic_of_link(digest("guessed")))


def test_check_ins_of_a_patient_are_theirs_alone(world):
    for number in (3, 1, 2):
        keep(world, a_scheduled_check_in(id=f"c{number}", session_number=number))
    keep(world, a_scheduled_check_in(id="c4", session_number=4, patient_id="somebody else"))
    found = world.attempt(CLINIC, lambda uow: uow.check_ins.of_patient(PATIENT))
    assert sorted(each.id for each in found) == ["c1", "c2", "c3"]


def a_text(id: str, *, language: str = "en", edition: int = 1) -> LoadedText:
    words = {"pain": "Pain?", "6-recent": "Lately?"}
    options, own = {0: "No", 10: "Very"}, {"pain": {0: "None", 1: "Some"}}
    text = InstrumentText("peg", 1, language, words, "s", "p", options, own, "n", edition=edition, is_own=True)
    return LoadedText(id, text, DISCHARGED_AT)


def load(world: World, text: LoadedText, clinic_id: str = CLINIC) -> LoadedText:
    loaded: LoadedText = world.attempt(clinic_id, lambda uow: uow.texts.save(text))
    return loaded


def test_a_wording_comes_back_as_it_was_loaded_also_its_numbers(world):
    loaded = [
        load(world, a_text("text-1")),
        load(world, a_text("text-2", edition=2)),
        load(world, a_text("t", language="de")),
    ]
    found = world.attempt(
        CLINIC, lambda uow: (uow.texts.of_instrument("peg"), uow.texts.all(), uow.texts.of_instrument("x"))
    )
    by_id = sorted(loaded, key=lambda text: text.id)
    assert [list(each) for each in found] == [by_id, by_id, []]


def test_one_edition_is_loaded_once(world):
    load(world, a_text("text-1"))
    with pytest.raises(Contended):
        load(world, a_text("text-2"))
    load(world, a_text("text-2", edition=2))


def test_another_clinics_wording_is_not_there(world):
    load(world, a_text("text-1"))
    assert list(world.attempt("clinic-2", lambda uow: uow.texts.all())) == []


def test_scores_are_found_by_instrument_without_their_answers(world):
    keep(world, an_answered_check_in())
    keep(world, a_scheduled_check_in(id="not yet"))
    keep(world, replace(an_answered_check_in(), id="theirs", token_digest="another", notes=""), "clinic-2")
    scored = Scored(PATIENT, SERIES, "phq-9", 1, an_open_check_in().due_at, 2, "minimal")
    for instrument, found in (("phq-9", [scored]), (None, [scored]), ("gad-7", [])):
        assert world.attempt(CLINIC, lambda uow, one=instrument: list(uow.check_ins.scores(one))) == found


def test_series_are_found_by_protocol(world):
    known = Known(PATIENT, (Course("s1", 1, "mood-iv-6x2w"), Course("s2", 1, "pain-iv-10")))
    saved = world.attempt(CLINIC, lambda uow: uow.known.save(known))
    world.attempt("clinic-2", lambda uow: uow.known.save(Known("theirs", (Course("s3", 1, "mood-iv-6x2w"),))))
    for protocol, found in (("mood-iv-6x2w", [saved]), (None, [saved]), ("booster-single", [])):
        assert list(world.attempt(CLINIC, lambda uow, one=protocol: uow.known.with_protocol(one))) == found
