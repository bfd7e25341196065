"""After an outage, and with many workers: who goes first, what is over, and that nothing is said twice."""

from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

from services.notify.domain.message import Channel, Kind, Letter, Message, Status
from services.notify.jobs.deliver import deliver
from services.notify.operations.by_hand import WriteToPatient, write_to_patient
from services.notify.operations.patients import hear_patient
from services.notify.operations.ports import TemporaryFailure
from services.notify.operations.replies import ReceiveReply, receive_reply
from services.notify.operations.series import SeriesBooked, hear_series_booked
from tests.support.notify_builders import BOOKED_AT, CLINIC, PATIENT, a_world, at, patient_heard, series_booked
from tests.support.notify_fakes import FakeNotify, FakeProvider, providers
from tests.support.notify_staff import a_staffed_world

SMS = Channel.SMS


def book(world: FakeNotify, number: int, *visits: str) -> None:
    """A patient of their own with these visits."""
    patient = f"patient-{number}"
    world.run(CLINIC, hear_patient, patient_heard(patient_id=patient))
    booked: SeriesBooked = series_booked(*visits, series_id=f"series-{number}", told_at=BOOKED_AT, patient_id=patient)
    world.run(CLINIC, hear_series_booked, booked)


def claimed(world: FakeNotify) -> list[Message]:
    return [world.rows[Message][clinic, claim.message_id] for clinic, claim in world.claim(limit=10_000)]


def test_the_soonest_visit_goes_first_whatever_is_said_about_it():
    world = a_world()
    for number, visit in enumerate(["2026-03-12 09:00", "2026-03-10 16:00", "2026-03-11 12:00", "2026-03-10 09:00"]):
        book(world, number, visit)
    world.drain(providers())
    world.now = at("2026-03-10 14:00")
    due = [row for row in claimed(world) if row.status is Status.QUEUED and row.expires_at > world.now]
    reminded = [(row.about.split("/")[1], row.offset) for row in due if row.kind is Kind.REMINDER]
    assert [series for series, _ in reminded] == sorted(
        (series for series, _ in reminded), key=["series-1", "series-2", "series-0"].index
    )
    assert ("series-1", "PT2H") in reminded
    assert "series-3" not in dict(reminded)


def test_who_is_in_danger_or_is_written_to_by_a_person_waits_for_no_reminder():
    world = a_staffed_world(now=BOOKED_AT)
    for number in range(3):
        book(world, number, "2026-03-10 16:00")
    world.drain(providers())
    world.now = at("2026-03-10 15:59")
    world.run(CLINIC, receive_reply, ReceiveReply("+12125550123", "I want to die", "text-1", world.now))
    world.run(CLINIC, write_to_patient, WriteToPatient("patient-0", "Please come at once."))
    world.now += timedelta(seconds=1)
    first = sorted(row.kind for row in claimed(world)[:4])
    assert first == [Kind.CRISIS, Kind.MANUAL, Kind.STAFF_PAGE, Kind.STAFF_PAGE]


def test_eight_hours_without_a_provider_are_no_heap_of_old_news():
    """P1D at 09:00 and PT2H at 10:00 of a visit at noon: what is over is not said, what is not goes out once."""
    world = a_world("2026-03-10 12:00", "2026-03-11 10:00")
    world.drain(providers())
    down = providers(sms=FakeProvider(repeatable=True, answers=[TemporaryFailure("503")] * 100_000))
    world.now = at("2026-03-10 05:00")
    while world.now < at("2026-03-10 13:00"):
        world.drain(down)
        world.now += timedelta(minutes=5)
    channels = providers()
    world.drain(channels)
    world.now += timedelta(minutes=10)
    world.drain(channels)
    said = [world.rows[Message][CLINIC, id] for id in channels[SMS].taken]
    assert [(row.about[-1], row.offset) for row in said] == [("2", "P1D")]
    over = world.message(kind=Kind.REMINDER, offset="PT2H", about="series/series-1/sessions/1")
    assert (over.status, over.history[-1].cause) == (Status.EXPIRED, "too-late")


def test_the_sender_run_a_hundred_times_over_the_same_due_set_sends_one_each():
    world = a_world()
    for number in range(20):
        book(world, number, "2026-03-16 10:00", "2026-03-18 10:00")
    world.now = at("2026-03-15 10:00")
    channels = providers(sms=FakeProvider(), email=FakeProvider())
    for run in range(100):
        world.send_due(channels, worker=f"worker-{run % 7}")
    for provider in channels.values():
        assert len(provider.calls) == len(set(provider.calls))
    sent = world.messages(kind=Kind.REMINDER, offset="P1D", status=Status.SENT)
    assert len(sent) == 20


def test_of_two_messages_of_one_instant_one_may_be_stuck_and_the_other_goes():
    world = a_world()
    book(world, 1, "2026-03-16 10:00")
    book(world, 2, "2026-03-16 10:00")
    world.drain(providers())
    world.now = at("2026-03-15 10:00")
    bad = p1d(world, 1)

    def hang(letter: Letter) -> None:
        if letter.message_id == bad.id:
            raise RuntimeError

    channels = providers(sms=FakeProvider(after=hang))
    for clinic, claim in world.claim():
        with suppress(RuntimeError):
            deliver(partial(world.run, clinic), channels, claim)
    assert (p1d(world, 1).status, p1d(world, 2).status) == (Status.SENDING, Status.SENT)


def p1d(world: FakeNotify, number: int, **wanted: Any) -> Message:
    about = f"series/series-{number}/sessions/1"
    return world.message(kind=Kind.REMINDER, offset="P1D", about=about, channel=SMS, **wanted)


def test_the_caps_hold_for_a_patient_whom_a_long_outage_owes_much():
    """Four visits on four days, everything due at once: two texts that day, the rest by e-mail or not at all."""
    world = a_world("2026-03-10 09:00", "2026-03-10 16:00", "2026-03-11 09:00", "2026-03-11 16:00")
    world.drain(providers(email=FakeProvider()))
    world.now = at("2026-03-10 14:00")
    channels = providers()
    world.drain(channels)
    today = [row for row in world.messages(patient_id=PATIENT, channel=SMS) if row.begun_at == world.now]
    assert len(today) == 2
    assert {row.place for row in today} == {f"{PATIENT} 2026-03-10 1", f"{PATIENT} 2026-03-10 2"}
    diverted = [row for row in world.messages(status=Status.SUPPRESSED) if row.history[-1].cause == "cap"]
    assert len(diverted) == len(channels[Channel.EMAIL].taken) > 0
