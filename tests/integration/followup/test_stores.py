"""What operations expect of the stores: the same suite on the fake and on a real database."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Protocol

import pytest

from services.followup.domain.check_in import CancelReason, CheckIn
from shared.errors import Contended, NotFound
from shared.private_link import digest
from shared.unit_of_work import EVERY_CLINIC
from tests.support.followup_builders import (
    CLINIC,
    DISCHARGED_AT,
    NO_TROUBLE,
    PATIENT,
    PHQ_9,
    SERIES,
    a_scheduled_check_in,
    a_world,
    an_open_check_in,
    answers_of,
)


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
        followup.open(sessions=0)
        yield followup


def keep(world: World, check_in: CheckIn, clinic_id: str = CLINIC) -> CheckIn:
    saved: CheckIn = world.attempt(clinic_id, lambda uow: uow.check_ins.save(check_in))
    return saved


def an_answered_check_in() -> CheckIn:
    check_in = an_open_check_in()
    values = (*NO_TROUBLE[:8], 2)
    return check_in.answer(answers_of(values), PHQ_9, at=check_in.due_at, entered_by="Nurse", notes="by phone")[0]


@pytest.mark.parametrize(
    "check_in",
    [
        a_scheduled_check_in(),
        an_open_check_in(answers={"1": 3}, wrong_years=2, pass_digest="x"),
        an_answered_check_in(),
        a_scheduled_check_in().cancel(CancelReason.MISTAKE, DISCHARGED_AT)[0],
    ],
    ids=lambda check_in: check_in.status,
)
def test_a_check_in_comes_back_as_it_was_saved(world, check_in):
    saved = keep(world, check_in)
    assert saved == replace(check_in, version=1)
    assert world.attempt(CLINIC, lambda uow: uow.check_ins.get(check_in.id)) == saved


def test_a_session_has_one_check_in_of_each_kind(world):
    keep(world, a_scheduled_check_in())
    with pytest.raises(Contended):
        keep(world, a_scheduled_check_in(id="another"))
    keep(world, a_scheduled_check_in(id="another", kind="72h"))
    found = world.attempt(CLINIC, lambda uow: uow.check_ins.of_session(SERIES, 1))
    assert {check_in.kind for check_in in found} == {"24h", "72h"}


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
    assert world.attempt(EVERY_CLINIC, lambda uow: uow.check_ins.clinic_of(digest("token"))) == CLINIC


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
        world.attempt(EVERY_CLINIC, lambda uow: uow.check_ins.clinic_of(digest("guessed")))


def test_check_ins_of_a_patient_are_walked_by_id(world):
    for number in (3, 1, 2):
        keep(world, a_scheduled_check_in(id=f"c{number}", session_number=number))
    keep(world, a_scheduled_check_in(id="c4", session_number=4, patient_id="somebody else"))
    first = world.attempt(CLINIC, lambda uow: uow.check_ins.of_patient(PATIENT, limit=2))
    rest = world.attempt(CLINIC, lambda uow: uow.check_ins.of_patient(PATIENT, after="c2"))
    assert [each.id for each in [*first, *rest]] == ["c1", "c2", "c3"]
