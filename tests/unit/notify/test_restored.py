"""A ledger from a backup: what may have gone out behind its back is not said again, and everything else is."""

from datetime import timedelta
from typing import Any

import pytest

from services.notify.domain.message import Channel, Kind, Message, Status
from services.notify.operations.desk import ListCalls, list_calls
from services.notify.operations.series import hear_series_booked
from tests.support.notify_builders import BOOKED_AT, CLINIC, PATIENT, a_world, at, series_booked
from tests.support.notify_fakes import LEASE, FakeNotify, FakeProvider, Killed, providers
from tests.support.notify_staff import a_staffed_world, raised

VISIT = "2026-03-16 10:00"
DAY_BEFORE = "2026-03-15 10:00"


def a_restored_world(cut: str, lost_until: str, now: str, *visits: str) -> FakeNotify:
    """As it stood at the cut; the lost installation worked on until `lost_until`."""
    world = a_world(*(visits or (VISIT,)))
    world.drain(providers())
    world.now = at(cut)
    world.drain(providers())
    world.lost_until = at(lost_until)
    world.now = at(now)
    return world


def reminder(world: FakeNotify, offset: str = "P1D") -> Message:
    return world.message(kind=Kind.REMINDER, offset=offset, channel=Channel.SMS)


def why(message: Message) -> tuple[Status, str]:
    return message.status, message.history[-1].cause


def test_what_was_due_while_the_ledger_was_lost_is_not_said_but_somebody_is_asked_to_phone():
    world = a_restored_world("2026-03-15 09:00", lost_until="2026-03-15 11:00", now="2026-03-15 12:00")
    sent = providers()
    world.drain(sent)
    assert why(reminder(world)) == (Status.UNKNOWN, "restored")
    assert sent[Channel.SMS].calls == []
    listed = world.run(CLINIC, list_calls, ListCalls(limit=10, after=None)).items
    assert (reminder(world).id, "restored") in [(call.message.id, call.why) for call in listed]


def test_what_was_due_after_the_lost_installation_had_stopped_is_said_late():
    world = a_restored_world("2026-03-15 09:00", lost_until="2026-03-15 09:59", now="2026-03-15 12:00")
    sent = providers()
    world.drain(sent)
    assert reminder(world).status is Status.SENT
    assert len(sent[Channel.SMS].calls) == 1


def test_a_later_reminder_of_the_same_visit_goes_out_as_usual():
    world = a_restored_world("2026-03-15 09:00", lost_until="2026-03-15 11:00", now="2026-03-15 12:00")
    world.drain(providers())
    world.now = at("2026-03-16 08:00")
    world.drain(providers())
    assert reminder(world, "PT2H").status is Status.SENT


@pytest.mark.parametrize(
    ("lost_until", "expected"), [("2026-03-15 20:29", Status.SENT), ("2026-03-15 20:30", Status.UNKNOWN)]
)
def test_what_quiet_hours_had_brought_forward_may_have_been_said_as_well(lost_until: str, expected: Status):
    """The reminder two hours before a visit at nine is due at seven, and comes at 20:30 the evening before."""
    world = a_restored_world("2026-03-15 06:30", lost_until, "2026-03-15 20:30", "2026-03-16 09:00")
    day_before = reminder(world)
    world.rows[Message].pop((CLINIC, day_before.id))  # else nothing more is said so soon
    world.drain(providers())
    assert reminder(world, "PT2H").status is expected


def test_a_booking_that_was_told_before_the_cut_and_heard_only_now_may_have_been_confirmed():
    world = a_world()
    world.lost_until = BOOKED_AT + timedelta(hours=1)
    world.now = BOOKED_AT + timedelta(hours=2)
    world.run(CLINIC, hear_series_booked, series_booked(VISIT, told_at=BOOKED_AT))
    sent = providers()
    world.drain(sent)
    assert why(world.message(kind=Kind.CONFIRMATION)) == (Status.UNKNOWN, "restored")
    assert sent[Channel.EMAIL].calls == []


@pytest.mark.parametrize(("lost_until", "expected"), [("07:59", Status.SENT), ("08:00", Status.UNKNOWN)])
def test_what_had_to_wait_for_the_morning_is_in_doubt_only_if_the_morning_was_lost(lost_until: str, expected: Status):
    world = a_world(now=at("2026-03-02 23:00"))
    world.run(CLINIC, hear_series_booked, series_booked(VISIT, told_at=world.now))
    world.lost_until = at(f"2026-03-03 {lost_until}")
    for now in ("2026-03-03 06:00", "2026-03-03 09:00") if expected is Status.SENT else ("2026-03-03 09:00",):
        world.now = at(now)
        world.drain(providers())
    assert world.message(kind=Kind.CONFIRMATION).status is expected


def test_a_patient_not_heard_of_yet_leaves_it_in_doubt_all_the_same():
    world = a_restored_world("2026-03-15 09:00", lost_until="2026-03-15 11:00", now="2026-03-15 12:00")
    patients: Any = next(kind for kind in world.rows if kind.__name__ == "Recipient")
    patient = world.rows[patients].pop((CLINIC, PATIENT))
    world.drain(providers())
    world.rows[patients][CLINIC, PATIENT] = patient
    world.now += timedelta(minutes=5)
    world.drain(providers())
    assert reminder(world).status is Status.UNKNOWN


def test_a_booking_made_after_the_restore_is_confirmed():
    world = a_world()
    world.lost_until = BOOKED_AT + timedelta(hours=1)
    world.now = BOOKED_AT + timedelta(hours=2)
    world.run(CLINIC, hear_series_booked, series_booked(VISIT, told_at=world.now))
    world.drain(providers())
    assert world.message(kind=Kind.CONFIRMATION).status is Status.SENT


def test_a_call_that_was_under_way_at_the_cut_is_not_made_again_even_under_the_same_key():
    """A provider forgets keys after a day."""
    world = a_world(VISIT)
    world.drain(providers())
    world.now = at(DAY_BEFORE)

    def die(_: Any) -> None:
        raise Killed

    with pytest.raises(Killed):
        world.drain(providers(sms=FakeProvider(repeatable=True, after=die)))
    assert reminder(world).status is Status.SENDING
    world.real_time += LEASE + timedelta(seconds=1)
    world.lost_until = world.now = at("2026-03-15 12:00")
    sent = providers()
    world.drain(sent)
    assert (reminder(world).status, sent[Channel.SMS].calls) == (Status.UNKNOWN, [])


def test_a_page_to_the_staff_goes_out_once_more():
    world = a_staffed_world(now=BOOKED_AT)
    raised(world)
    world.lost_until = world.now + timedelta(hours=1)
    world.now += timedelta(hours=2)
    sent = providers()
    world.drain(sent)
    assert {row.status for row in world.messages(kind=Kind.STAFF_PAGE)} == {Status.SENT}
