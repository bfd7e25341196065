"""What operations expect of the stores: the same suite on the fake and on a real database."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from services.booking.domain.calendar.resource import ResourceKind
from services.booking.domain.calendar.slots import Claim
from services.booking.domain.protocol.protocol import an_edition
from services.booking.domain.protocol.spacing import Finding
from services.booking.domain.protocol.templates import TEMPLATES
from services.booking.domain.series.series import Series, SeriesStatus
from services.booking.domain.series.session import CancelReason, Session, SessionStatus
from shared.errors import Contended, NotFound, Stale
from tests.integration.booking.worlds import World
from tests.support.booking_builders import (
    CLINIC,
    MOOD,
    OTHER_CLINIC,
    PATIENT,
    a_chair,
    a_nurse,
    a_series,
    a_session,
)

LENGTH = timedelta(minutes=145)


def holding(number: int = 1, chair: str = "chair-1", **fields: Any) -> Session:
    session = a_session(number, **fields)
    claim = Claim("chair", chair, session.starts_at, session.starts_at + LENGTH)
    return replace(session, claims=(claim,))


def keep(world: World, series: Series, clinic_id: str = CLINIC) -> Series:
    saved: Series = world.attempt(clinic_id, lambda uow: uow.series.save(series))
    return saved


def test_a_series_comes_back_as_it_was_saved(world):
    note = Finding("spacing.late", "later than foreseen", (2, 3), {"days": 5, "max_days": 4})
    missed = holding(2, status=SessionStatus.NOSHOW, reason="late", revision=3, second=True)
    started = holding(1, status=SessionStatus.IN_PROGRESS, arrived_at=a_session().starts_at)
    saved = keep(world, a_series(started, missed, holding(3), notes=(note,)))
    assert world.attempt(CLINIC, lambda uow: uow.series.get("series-1")) == saved
    assert saved.version == 1


def test_two_series_do_not_hold_one_slot(world):
    keep(world, a_series(holding()))
    late = holding(starts_at=a_session().starts_at + LENGTH - timedelta(minutes=5))
    with pytest.raises(Contended):
        keep(world, a_series(late, id="series-2", patient_id="patient-2"))
    touching = holding(starts_at=a_session().starts_at + LENGTH)
    keep(world, a_series(touching, id="series-2", patient_id="patient-2"))


def test_one_taken_slot_of_six_sessions_keeps_all_of_them_out(world):
    keep(world, a_series(holding(6)))
    rival = a_series(*(holding(number) for number in range(1, 7)), id="series-2", patient_id="patient-2")
    with pytest.raises(Contended):
        keep(world, rival)
    assert world.attempt(CLINIC, lambda uow: uow.series.of_patient("patient-2")) == []


def test_clinics_do_not_stand_in_each_others_way(world):
    keep(world, a_series(holding()))
    keep(world, a_series(holding(), id="theirs"), OTHER_CLINIC)


def test_a_series_may_hold_nothing_and_so_may_another_one(world):
    gone = holding(status=SessionStatus.CANCELLED)
    keep(world, a_series(gone))
    keep(world, a_series(gone, id="series-2"))
    keep(world, a_series(holding(), id="series-3", patient_id="patient-2"))


def test_cancelling_frees_what_was_held_even_the_last_of_it(world):
    saved = keep(world, a_series(holding()))
    cancelled = saved.cancel(1, reason=CancelReason.CLINIC, at=a_session().starts_at)
    world.attempt(CLINIC, lambda uow: uow.series.save(*cancelled))
    keep(world, a_series(holding(), id="series-2", patient_id="patient-2"))


def test_moving_takes_the_new_place_and_frees_the_old_one(world):
    saved = keep(world, a_series(holding()))
    moved = saved.move(replace(holding(2), number=1), ())
    world.attempt(CLINIC, lambda uow: uow.series.save(*moved))
    with pytest.raises(Contended):
        keep(world, a_series(holding(2), id="series-2", patient_id="patient-2"))
    keep(world, a_series(holding(1), id="series-2", patient_id="patient-2"))


def test_moving_onto_taken_slots_changes_nothing(world):
    saved = keep(world, a_series(holding()))
    keep(world, a_series(holding(2), id="series-2", patient_id="patient-2"))
    with pytest.raises(Contended):
        world.attempt(CLINIC, lambda uow: uow.series.save(*saved.move(replace(holding(2), number=1), ())))
    assert world.attempt(CLINIC, lambda uow: uow.series.get("series-1")) == saved


def test_a_session_may_move_onto_slots_that_it_holds_itself(world):
    saved = keep(world, a_series(holding()))
    later = holding(starts_at=a_session().starts_at + timedelta(minutes=30))
    changed = world.attempt(CLINIC, lambda uow: uow.series.save(*saved.move(later, ())))
    assert world.attempt(CLINIC, lambda uow: uow.series.get("series-1")) == changed


def test_whoever_read_an_older_version_comes_too_late(world):
    saved = keep(world, a_series(holding()))
    at = a_session().starts_at
    world.attempt(CLINIC, lambda uow: uow.series.save(*saved.check_in(1, closed_by=(), at=at)))
    with pytest.raises(Contended):
        world.attempt(CLINIC, lambda uow: uow.series.save(*saved.cancel(1, reason=CancelReason.PATIENT, at=at)))
    with pytest.raises(Stale):
        world.attempt(CLINIC, lambda uow: uow.series.get("series-1", 1))


def test_busy_are_the_slots_of_the_resources_in_question_in_the_time_in_question(world):
    first, second = holding(1, "a"), holding(2, "b")
    keep(world, a_series(first, second, holding(3, status=SessionStatus.CANCELLED)))
    start, end = first.starts_at, second.starts_at + LENGTH

    def busy(*resource_ids: str, from_at: Any = start, until_at: Any = end, clinic_id: str = CLINIC) -> frozenset[str]:
        found: frozenset[str] = world.attempt(clinic_id, lambda uow: uow.series.busy(resource_ids, from_at, until_at))
        return found

    assert busy("a", "b") == first.slots | second.slots
    assert busy("a") == first.slots
    assert busy("c") == frozenset()
    assert busy("a", "b", until_at=first.starts_at + timedelta(hours=1)) < first.slots
    assert len(busy("a", from_at=start + timedelta(hours=1))) == (LENGTH - timedelta(hours=1)) // timedelta(minutes=5)
    assert busy("a", "b", clinic_id=OTHER_CLINIC) == frozenset()


def test_busy_sees_a_session_that_began_before(world):
    night = holding()
    keep(world, a_series(night))
    later = night.starts_at + timedelta(hours=2)
    found = world.attempt(CLINIC, lambda uow: uow.series.busy(["chair-1"], later, later + timedelta(days=1)))
    assert len(found) == 5


def test_series_are_found_by_patient_status_and_time(world):
    one = keep(world, a_series(holding(1), holding(2)))
    other = keep(world, a_series(holding(3), id="series-2", patient_id="patient-2", status=SeriesStatus.COMPLETED))

    def found(look: Callable[[Any], Any], clinic_id: str = CLINIC) -> list[str]:
        return [series.id for series in world.attempt(clinic_id, lambda uow: look(uow.series))]

    def listed(**wanted: Any) -> list[str]:
        return found(
            lambda store: store.list(**{"after": None, "limit": 9, "patient_id": None, "status": None, **wanted})
        )

    assert found(lambda store: store.of_patient(PATIENT)) == [one.id]
    assert listed() == [one.id, other.id]
    assert listed(limit=1) == [one.id]
    assert listed(after=one.id) == [other.id]
    assert listed(patient_id="patient-2") == listed(status=SeriesStatus.COMPLETED) == [other.id]
    start, second = one.sessions[0].starts_at, one.sessions[1].starts_at
    assert found(lambda store: store.between(start, second)) == [one.id]
    assert found(lambda store: store.between(start + timedelta(minutes=1), second)) == []
    assert found(lambda store: store.between(start, other.sessions[0].starts_at + LENGTH)) == [one.id, other.id]
    assert found(lambda store: store.of_patient(PATIENT), OTHER_CLINIC) == []


@pytest.mark.parametrize("slug", list(TEMPLATES))
def test_a_protocol_comes_back_as_it_was_published(world, slug):
    saved = world.attempt(CLINIC, lambda uow: uow.protocols.save(an_edition(slug, 1, TEMPLATES[slug])))
    assert world.attempt(CLINIC, lambda uow: uow.protocols.get(slug)) == saved
    with pytest.raises(NotFound):
        world.attempt(OTHER_CLINIC, lambda uow: uow.protocols.get(slug))


def test_no_edition_exists_twice_and_the_highest_is_the_latest(world):
    for edition in (1, 2, 10):
        world.attempt(CLINIC, lambda uow, edition=edition: uow.protocols.save(an_edition("mood", edition, MOOD)))
    with pytest.raises(Contended):
        world.attempt(CLINIC, lambda uow: uow.protocols.save(an_edition("mood", 2, MOOD)))
    world.attempt(OTHER_CLINIC, lambda uow: uow.protocols.save(an_edition("mood", 2, MOOD)))
    assert world.attempt(CLINIC, lambda uow: uow.protocols.get("mood")).edition == 10
    assert world.attempt(CLINIC, lambda uow: uow.protocols.get("mood", 2)).id == "mood@2"
    assert world.attempt(CLINIC, lambda uow: uow.protocols.find_latest("nothing")) is None


def test_protocols_are_listed_by_id_for_one_clinic(world):
    for slug in ("b", "a"):
        world.attempt(CLINIC, lambda uow, slug=slug: uow.protocols.save(an_edition(slug, 1, MOOD)))
    world.attempt(OTHER_CLINIC, lambda uow: uow.protocols.save(an_edition("c", 1, MOOD)))

    def listed(**wanted: Any) -> list[str]:
        asked = {"after": None, "limit": 9, "slug": None, **wanted}
        return [one.id for one in world.attempt(CLINIC, lambda uow: uow.protocols.list(**asked))]

    assert listed() == ["a@1", "b@1"]
    assert listed(after="a@1") == listed(slug="b") == ["b@1"]
    assert listed(limit=1) == ["a@1"]


def test_a_resource_comes_back_as_it_was_saved(world):
    chair = a_chair(closed_on=(date(2026, 12, 25),), is_active=False)
    saved = world.attempt(CLINIC, lambda uow: uow.resources.save(chair))
    bare = world.attempt(CLINIC, lambda uow: uow.resources.save(a_nurse(hours=())))
    assert world.attempt(CLINIC, lambda uow: uow.resources.all()) == [saved, bare]
    asked = {"after": None, "limit": 9, "kind": ResourceKind.NURSE}
    assert world.attempt(CLINIC, lambda uow: uow.resources.list(**asked)) == [bare]
    opened = replace(saved, closed_on=())
    world.attempt(CLINIC, lambda uow: uow.resources.save(opened))
    assert world.attempt(CLINIC, lambda uow: uow.resources.get(chair.id)) == replace(opened, version=2)
    with pytest.raises(NotFound):
        world.attempt(OTHER_CLINIC, lambda uow: uow.resources.get(chair.id))
