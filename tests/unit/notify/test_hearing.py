from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.notify.domain.clinic import Clinic
from services.notify.domain.message import Channel, Kind, Message, Status
from services.notify.domain.recipient import Recipient
from services.notify.domain.visit import Visit, VisitStatus
from services.notify.operations.check_ins import CheckInClosed, hear_check_in_closed, hear_check_in_opened
from services.notify.operations.clinics import hear_clinic
from services.notify.operations.ledger import plan
from services.notify.operations.offers import OfferClosed, hear_offer_closed, hear_offer_made
from services.notify.operations.patients import hear_patient
from services.notify.operations.series import (
    SeriesCancelled,
    SeriesPaused,
    hear_series_booked,
    hear_series_cancelled,
    hear_series_paused,
)
from services.notify.operations.sessions import (
    SessionArrived,
    SessionConfirmed,
    SessionDischarged,
    hear_session_arrived,
    hear_session_cancelled,
    hear_session_confirmed,
    hear_session_discharged,
    hear_session_missed,
    hear_session_moved,
)
from shared.errors import NotFound
from tests.support.notify_builders import (
    BOOKED_AT,
    CLINIC,
    LOS_ANGELES,
    PATIENT,
    SERIES,
    a_world,
    at,
    check_in_opened,
    clinic_heard,
    offer_made,
    patient_heard,
    series_booked,
    session_cancelled,
    session_missed,
    session_moved,
)
from tests.support.notify_fakes import FakeNotify, providers

SIX = (
    "2026-03-09 09:00",
    "2026-03-11 09:00",
    "2026-03-13 09:00",
    "2026-03-16 09:00",
    "2026-03-18 09:00",
    "2026-03-20 09:00",
)


LADDER_AGAIN = [
    (Kind.REMINDER, "P3D", 1),
    (Kind.UNCONFIRMED, "PT30H", 1),
    (Kind.ESCORT_REMINDER, "P1D", 1),
    (Kind.REMINDER, "P1D", 1),
    (Kind.REMINDER, "PT2H", 1),
]


def cancel(world: FakeNotify, number: int) -> None:
    world.run(CLINIC, hear_session_cancelled, session_cancelled(number))


def cancel_series(world: FakeNotify) -> None:
    world.run(CLINIC, hear_series_cancelled, SeriesCancelled(SERIES, BOOKED_AT))


def pause(world: FakeNotify, *, revision: int = 0) -> None:
    for number in range(1, 7):
        world.run(CLINIC, hear_session_cancelled, session_cancelled(number, reason="paused", revision=revision))
    world.run(CLINIC, hear_series_paused, SeriesPaused(SERIES, BOOKED_AT))


def resume(world: FakeNotify) -> None:
    for number in range(1, 7):
        world.run(CLINIC, hear_session_moved, session_moved(number, f"2026-04-{number:02} 09:00"))


def about(number: int) -> str:
    return f"series/{SERIES}/sessions/{number}"


def queued(world: FakeNotify, **wanted: object) -> list[tuple[Kind, str, int]]:
    rows = sorted(world.messages(status=Status.QUEUED, **wanted), key=lambda row: (row.due_at, row.kind))
    return [(row.kind, row.offset, row.revision) for row in rows]


def statuses(world: FakeNotify) -> dict[int, VisitStatus]:
    return {visit.number: visit.status for visit in world.rows[Visit].values()}


def test_a_booked_series_is_confirmed_once_and_each_session_reminded_of_three_times():
    world = a_world(*SIX)
    assert len(world.messages(kind=Kind.CONFIRMATION)) == 1
    assert len(world.messages(kind=Kind.REMINDER)) == 18
    assert {row.channel for row in world.messages(kind=Kind.REMINDER)} == {Channel.SMS}
    assert [row.due_at for row in world.messages(kind=Kind.REMINDER, about=about(3))] == [
        at("2026-03-10 09:00"),
        at("2026-03-12 09:00"),
        at("2026-03-13 07:00"),
    ]


def test_planning_the_same_again_changes_nothing():
    world = a_world(*SIX)
    before = dict(world.rows[Message])
    world.run(CLINIC, plan, [replace(row, version=0) for row in before.values()])
    assert world.rows[Message] == before


def test_news_that_come_after_the_visits_plan_nothing():
    world = a_world(now=at("2026-04-01 12:00"))
    world.run(CLINIC, hear_series_booked, series_booked(*SIX))
    assert world.messages() == []


def test_a_move_calls_off_what_was_planned_and_plans_anew():
    world = a_world(*SIX)
    world.run(CLINIC, hear_session_moved, session_moved(3, "2026-03-14 10:00"))
    old = [row for row in world.messages(about=about(3)) if row.revision == 0]
    assert {row.status for row in old} == {Status.CANCELLED}
    assert {row.history[-1].cause for row in old} == {"visit-moved"}
    assert queued(world, about=about(3)) == [
        (Kind.CHANGE_NOTICE, "", 1),
        *LADDER_AGAIN,
    ]
    assert world.messages(revision=1, kind=Kind.REMINDER, offset="P1D")[0].due_at == at("2026-03-13 10:00")
    assert len(queued(world, about=about(2))) == 5


def test_two_moves_in_a_row_are_told_in_one_notice():
    world = a_world(*SIX)
    world.run(CLINIC, hear_session_moved, session_moved(3, "2026-03-14 10:00"))
    world.run(CLINIC, hear_session_moved, session_moved(3, "2026-03-14 11:00", revision=2))
    notices = world.messages(kind=Kind.CHANGE_NOTICE)
    assert {row.revision: row.status for row in notices} == {1: Status.CANCELLED, 2: Status.QUEUED}


def test_a_cancelled_session_is_told_and_never_reminded_of():
    world = a_world(*SIX)
    cancel(world, 4)
    assert queued(world, about=about(4)) == [(Kind.CANCELLATION_NOTICE, "", 0)]
    assert statuses(world)[4] is VisitStatus.CANCELLED
    assert len(queued(world, about=about(5))) == 5


def test_a_session_cancelled_after_its_time_is_not_told():
    world = a_world(*SIX)
    world.now = at("2026-03-09 10:00")
    cancel(world, 1)
    assert queued(world, about=about(1)) == []


@pytest.mark.parametrize(
    "order",
    [
        ["series", 1, 2, 3, 4, 5, 6],
        [1, 2, 3, 4, 5, 6, "series"],
        [1, 2, 3, "series", 4, 5, 6],
    ],
)
def test_a_series_called_off_is_told_in_one_notice(order: list[object]):
    world = a_world(*SIX)
    for number in order:
        if isinstance(number, int):
            cancel(world, number)
        else:
            cancel_series(world)
    assert queued(world) == [(Kind.CANCELLATION_NOTICE, "", 0)]
    assert world.message(status=Status.QUEUED).about == f"series/{SERIES}"
    assert set(statuses(world).values()) == {VisitStatus.CANCELLED}


@pytest.mark.parametrize("is_told_first", ["series", "session"])
def test_the_only_session_called_off_is_told_with_its_date(is_told_first: str):
    world = a_world("2026-03-09 09:00")
    if is_told_first == "series":
        cancel_series(world)
        cancel(world, 1)
    else:
        cancel(world, 1)
        cancel_series(world)
    assert world.message(status=Status.QUEUED).about == about(1)


def test_a_series_called_off_does_not_tell_again_what_was_told():
    world = a_world(*SIX[:2])
    cancel(world, 1)
    [notice] = world.messages(kind=Kind.CANCELLATION_NOTICE)
    world.rows[Message][CLINIC, notice.id] = replace(notice, status=Status.SENT)
    cancel_series(world)
    assert world.message(status=Status.QUEUED).about == about(2)


def test_who_is_there_is_not_reminded_any_more():
    world = a_world("2026-03-09 09:00")
    world.run(CLINIC, hear_session_arrived, SessionArrived(SERIES, 1))
    assert queued(world, kind=Kind.REMINDER) == []
    assert {row.history[-1].cause for row in world.messages(kind=Kind.REMINDER)} == {"visit-arrived"}
    assert statuses(world) == {1: VisitStatus.ARRIVED}


def test_a_missed_visit_is_not_reminded_of():
    world = a_world("2026-03-09 09:00")
    world.run(CLINIC, hear_session_missed, session_missed(1))
    assert queued(world, kind=Kind.REMINDER) == []
    assert statuses(world) == {1: VisitStatus.MISSED}


@pytest.mark.parametrize(
    ("lose", "lost"),
    [
        ((hear_session_missed, session_missed(1)), session_missed(1, revision=1)),
        ((hear_session_cancelled, session_cancelled(1)), session_cancelled(1, revision=1)),
    ],
)
def test_a_lost_visit_that_is_booked_again_is_expected_again(lose: tuple[Any, Any], lost: Any):
    world = a_world("2026-03-09 09:00")
    world.run(CLINIC, *lose)
    world.run(CLINIC, hear_session_moved, session_moved(1, "2026-03-12 09:00"))
    assert statuses(world) == {1: VisitStatus.BOOKED}
    assert queued(world, about=about(1)) == [
        (Kind.CHANGE_NOTICE, "", 1),
        *LADDER_AGAIN,
    ]
    world.run(CLINIC, lose[0], lost)
    assert statuses(world)[1] in {VisitStatus.CANCELLED, VisitStatus.MISSED}
    assert (Kind.REMINDER, "P1D", 1) not in queued(world)


@pytest.mark.parametrize(
    ("operation", "late"),
    [
        (hear_session_moved, session_moved(1, "2026-03-10 09:00", revision=1)),
        (hear_session_moved, session_moved(1, "2026-03-10 09:00", revision=2)),
        (hear_session_cancelled, session_cancelled(1)),
        (hear_session_cancelled, session_cancelled(1, revision=1)),
        (hear_session_missed, session_missed(1, revision=1)),
        (hear_series_booked, series_booked("2026-03-09 09:00")),
    ],
)
def test_news_of_an_earlier_time_say_nothing_any_more(operation: Callable[[Any, Any], Any], late: Any):
    world = a_world("2026-03-09 09:00")
    world.run(CLINIC, hear_session_moved, session_moved(1, "2026-03-12 09:00", revision=2))
    before = {kind: dict(rows) for kind, rows in world.rows.items()}
    world.run(CLINIC, operation, late)
    assert world.rows == before


def test_a_paused_series_is_told_in_one_notice_and_nothing_is_reminded_of():
    world = a_world(*SIX)
    pause(world)
    assert queued(world) == [(Kind.PAUSE_NOTICE, "", 0)]
    assert world.message(status=Status.QUEUED).about == f"series/{SERIES}"
    assert set(statuses(world).values()) == {VisitStatus.PAUSED}


def test_a_resumed_series_is_told_in_one_notice_and_reminded_of_anew():
    world = a_world(*SIX)
    pause(world)
    resume(world)
    assert set(statuses(world).values()) == {VisitStatus.BOOKED}
    assert queued(world, kind=Kind.CHANGE_NOTICE) == [(Kind.CHANGE_NOTICE, "", 6)]
    assert len(queued(world, kind=Kind.REMINDER)) == 18


def test_what_pauses_again_after_it_went_on_is_told_again():
    world = a_world(*SIX)
    pause(world)
    world.drain(providers())
    resume(world)
    pause(world, revision=1)
    assert queued(world) == [(Kind.PAUSE_NOTICE, "", 6)]


@pytest.mark.parametrize("is_told_first", ["series", "sessions"])
def test_a_paused_series_that_is_called_off_is_told_once_more(is_told_first: str):
    world = a_world(*SIX)
    pause(world)
    if is_told_first == "series":
        cancel_series(world)
    for number in range(1, 7):
        cancel(world, number)
    if is_told_first == "sessions":
        cancel_series(world)
    assert queued(world) == [(Kind.CANCELLATION_NOTICE, "", 0)]
    assert set(statuses(world).values()) == {VisitStatus.CANCELLED}


def test_a_series_called_off_again_after_a_session_was_booked_again_is_told_again():
    world = a_world(*SIX[:2])
    for number in (1, 2):
        cancel(world, number)
    cancel_series(world)
    notice = world.message(status=Status.QUEUED)
    world.rows[Message][CLINIC, notice.id] = replace(notice, status=Status.SENT)
    for number in (1, 2):
        world.run(CLINIC, hear_session_moved, session_moved(number, f"2026-03-1{number} 10:00"))
    cancel_series(world)
    assert queued(world) == [(Kind.CANCELLATION_NOTICE, "", 2)]


def test_sessions_that_move_together_are_told_in_one_notice():
    world = a_world(*SIX)
    for number in (3, 4, 5):
        world.run(CLINIC, hear_session_moved, session_moved(number, f"2026-03-2{number} 10:00"))
    [notice] = world.messages(kind=Kind.CHANGE_NOTICE, status=Status.QUEUED)
    assert (notice.about, notice.revision) == (f"series/{SERIES}", 3)
    replaced = world.messages(kind=Kind.CHANGE_NOTICE, status=Status.CANCELLED)
    assert {row.history[-1].cause for row in replaced} == {"told-together"}


def test_a_session_that_moves_after_another_one_was_told_gets_a_notice_of_its_own():
    world = a_world(*SIX)
    world.run(CLINIC, hear_session_moved, session_moved(3, "2026-03-13 10:00"))
    [notice] = world.messages(kind=Kind.CHANGE_NOTICE)
    world.rows[Message][CLINIC, notice.id] = replace(notice, status=Status.SENT)
    world.run(CLINIC, hear_session_moved, session_moved(4, "2026-03-16 10:00"))
    assert world.message(kind=Kind.CHANGE_NOTICE, status=Status.QUEUED).about == about(4)


def test_a_confirmation_counts_for_the_time_that_was_confirmed():
    world = a_world("2026-03-09 09:00")
    world.run(CLINIC, hear_session_confirmed, SessionConfirmed(SERIES, 1, BOOKED_AT))
    [visit] = world.rows[Visit].values()
    assert visit.confirmed_at == BOOKED_AT
    world.run(CLINIC, hear_session_moved, session_moved(1, "2026-03-12 09:00"))
    [visit] = world.rows[Visit].values()
    assert visit.confirmed_at is None


def test_an_offer_is_told_until_it_is_closed():
    world = a_world("2026-03-09 09:00")
    world.run(CLINIC, hear_offer_made, offer_made())
    offer = world.message(kind=Kind.OFFER)
    assert (offer.about, offer.status) == (f"series/{SERIES}/offers/offer-1", Status.QUEUED)
    assert offer.expires_at == offer_made().expires_at
    world.run(CLINIC, hear_offer_closed, OfferClosed("offer-1", SERIES))
    assert world.message(kind=Kind.OFFER).status is Status.CANCELLED


def test_an_offer_that_is_over_when_it_is_heard_of_is_not_told():
    world = a_world("2026-03-09 09:00")
    world.now = offer_made().expires_at
    world.run(CLINIC, hear_offer_made, offer_made())
    assert world.messages(kind=Kind.OFFER) == []


def test_what_is_being_sent_is_not_called_off():
    world = a_world("2026-03-09 09:00")
    [row] = world.messages(kind=Kind.REMINDER, offset="P1D")
    world.rows[Message][CLINIC, row.id] = replace(row, status=Status.SENDING)
    cancel(world, 1)
    assert world.message(kind=Kind.REMINDER, offset="P1D").status is Status.SENDING


@pytest.mark.parametrize(
    ("operation", "command"),
    [
        (hear_session_moved, session_moved(9, "2026-03-14 10:00")),
        (hear_session_cancelled, session_cancelled(9)),
        (hear_session_arrived, SessionArrived(SERIES, 9)),
        (hear_session_discharged, SessionDischarged(SERIES, 9, BOOKED_AT)),
        (hear_session_missed, session_missed(9)),
        (hear_session_confirmed, SessionConfirmed(SERIES, 9, BOOKED_AT)),
        (hear_offer_closed, OfferClosed("offer-9", SERIES)),
        (hear_check_in_closed, CheckInClosed("check-in-9")),
    ],
)
def test_what_was_never_heard_of_is_refused(operation: Callable[[Any, Any], Any], command: object):
    with pytest.raises(NotFound):
        a_world(*SIX).run(CLINIC, operation, command)


def test_another_clinics_series_is_not_there():
    world = a_world(*SIX)
    with pytest.raises(NotFound):
        world.run("clinic-2", hear_session_cancelled, session_cancelled(1))


def test_a_check_in_brings_its_link_and_asks_again_until_it_is_closed():
    world = a_world(check_ins=[check_in_opened()])
    assert queued(world, about="check_in/check-in-1") == [
        (Kind.CHECK_IN_LINK, "", 0),
        (Kind.CHECK_IN_CHASE, "PT24H", 0),
    ]
    world.run(CLINIC, hear_check_in_closed, CheckInClosed("check-in-1"))
    assert {row.status for row in world.messages()} == {Status.CANCELLED}


def test_a_patient_who_went_home_is_asked_whether_they_are_safe_and_no_more_of_that_visit():
    world = a_world("2026-03-09 09:00")
    home_at = at("2026-03-09 11:30")
    for _ in range(2):
        world.run(CLINIC, hear_session_discharged, SessionDischarged(SERIES, 1, home_at))
        assert queued(world, about=about(1)) == [(Kind.HOME_SAFE, "", 0)]
    [visit] = world.rows[Visit].values()
    assert (visit.status, visit.discharged_at) == (VisitStatus.ARRIVED, home_at)


def test_that_a_patient_went_home_long_ago_is_not_asked_about():
    world = a_world("2026-03-09 09:00")
    world.now = at("2026-03-09 15:30")
    world.run(CLINIC, hear_session_discharged, SessionDischarged(SERIES, 1, at("2026-03-09 11:30")))
    assert world.messages(kind=Kind.HOME_SAFE) == []


def test_a_visit_that_was_confirmed_is_not_put_on_the_front_desks_list():
    world = a_world(*SIX)
    world.run(CLINIC, hear_session_confirmed, SessionConfirmed(SERIES, 2, BOOKED_AT))
    assert world.message(kind=Kind.UNCONFIRMED, about=about(2)).history[-1].cause == "visit-confirmed"
    assert len(queued(world, kind=Kind.UNCONFIRMED)) == 5
    assert len(queued(world, kind=Kind.REMINDER, about=about(2))) == 3


def test_a_check_in_that_is_over_when_it_is_heard_of_brings_no_link():
    world = a_world(now=BOOKED_AT + timedelta(days=3))
    world.run(CLINIC, hear_check_in_opened, check_in_opened())
    assert world.messages() == []


def test_a_clinic_is_kept_as_it_is_now_and_its_key_adopted():
    world = FakeNotify(BOOKED_AT, keys=set())
    world.run(CLINIC, hear_clinic, clinic_heard(data_key="wrapped"))
    world.run(CLINIC, hear_clinic, clinic_heard(data_key=None, phone="555-0199"))
    [clinic] = world.rows[Clinic].values()
    assert (clinic.phone, clinic.version, world.keys) == ("555-0199", 2, {"wrapped"})


def test_a_patient_is_kept_sealed_as_it_came():
    world = a_world()
    world.run(CLINIC, hear_patient, patient_heard(zone=LOS_ANGELES))
    [patient] = world.rows[Recipient].values()
    assert (patient.zone, patient.phone, patient.version) == (LOS_ANGELES, "sealed:+12125550123", 2)


def test_a_change_of_the_patient_lets_waiting_messages_be_judged_anew():
    world = a_world("2026-03-09 09:00", "2026-03-11 09:00")
    [row] = world.messages(kind=Kind.REMINDER, offset="P1D", about=about(1))
    world.rows[Message][CLINIC, row.id] = replace(row, next_at=row.due_at)
    untouched = world.messages(about=about(2))
    world.run(CLINIC, hear_patient, patient_heard(zone=LOS_ANGELES))
    assert world.message(kind=Kind.REMINDER, offset="P1D", about=about(1)).next_at == row.look_at
    assert world.messages(about=about(2)) == untouched


def test_a_series_needs_neither_clinic_nor_patient_to_be_planned():
    world = FakeNotify(BOOKED_AT)
    world.run(CLINIC, hear_series_booked, series_booked(*SIX))
    assert len(world.messages(patient_id=PATIENT)) == 31
