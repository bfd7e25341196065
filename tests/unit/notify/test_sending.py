from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from services.notify.domain.events import MessageFailed, MessageSuppressed
from services.notify.domain.message import Channel, Kind, Letter, Message, Status
from services.notify.jobs.deliver import deliver
from services.notify.operations.patients import hear_patient
from services.notify.operations.ports import (
    Accepted,
    Claim,
    PermanentFailure,
    TemporaryFailure,
    UnknownOutcome,
)
from services.notify.operations.queries import ListMessages, list_messages
from services.notify.operations.receipts import Arrival, TakeReceipt, take_receipt
from services.notify.operations.sending import BeginSending, RecordOutcome, begin_sending, record_outcome
from services.notify.operations.series import hear_series_booked
from services.notify.operations.sessions import (
    hear_session_cancelled,
    hear_session_moved,
)
from shared.errors import Contended, TransientFailure
from tests.support.notify_builders import (
    BOOKED_AT,
    CLINIC,
    PATIENT,
    SERIES,
    a_world,
    at,
    check_in_opened,
    patient_heard,
    series_booked,
    session_cancelled,
    session_moved,
)
from tests.support.notify_fakes import LEASE, FakeNotify, FakeProvider, FakeUnitOfWork, Killed, providers

VISIT = "2026-03-16 10:00"
NO_KEYS: frozenset[Channel] = frozenset()
REPEATABLE = frozenset({Channel.SMS})


def a_world_at(now: str, *visits: str, **changes: Any) -> FakeNotify:
    """Booked long before, so that only what is due later than the booking is open at `now`."""
    world = a_world(*(visits or (VISIT,)), **changes)
    world.drain(providers())
    world.now = at(now)
    world.told.clear()
    return world


def begin(world: FakeNotify, claim: Claim, repeatable: frozenset[Channel] = NO_KEYS) -> Any:
    return world.run(CLINIC, begin_sending, BeginSending(claim, repeatable))


def record(world: FakeNotify, begun: Any, outcome: Any) -> Message:
    command = RecordOutcome(begun.message.id, begun.message.request_id, outcome)
    found: Message = world.run(CLINIC, record_outcome, command)
    return found


def claim(world: FakeNotify, worker: str = "worker") -> Claim:
    [(_, found)] = world.claim(worker=worker)
    return found


def pass_lease(world: FakeNotify) -> None:
    world.real_time += LEASE + timedelta(seconds=1)


def cancel_visit(world: FakeNotify) -> None:
    world.run(CLINIC, hear_session_cancelled, session_cancelled(1, told_at=world.now))


def move_visit(world: FakeNotify) -> None:
    world.run(CLINIC, hear_session_moved, session_moved(1, "2026-03-17 10:00", told_at=world.now))


def p1d(world: FakeNotify) -> Message:
    return world.message(kind=Kind.REMINDER, offset="P1D", revision=0, channel=Channel.SMS)


# --- the ordinary way -------------------------------------------------------------------------------------------------


def test_a_confirmation_goes_out_at_once_and_the_reminders_at_their_times():
    world = a_world(VISIT)
    channels = providers()
    world.drain(channels)
    assert len(channels[Channel.EMAIL].taken) == 1
    for now in ("2026-03-13 10:00", "2026-03-15 10:00", "2026-03-16 08:00"):
        world.now = at(now)
        world.drain(channels)
    assert [text[:33] for text in channels[Channel.SMS].texts()] == [
        "Riverside Clinic: appt Mon Mar 16",
        "Riverside Clinic: see you Mon Mar",
        "Riverside Clinic: your visit is M",
    ]
    assert {row.status for row in world.messages() if row.kind is not Kind.ESCORT_REMINDER} == {Status.SENT}
    assert [getattr(event, "kind", "") for event in world.told] == [
        "confirmation",
        *["reminder"] * 2,
        "unconfirmed",
        "reminder",
    ]


def test_sending_is_persisted_before_the_call_and_what_was_read_afterwards():
    world = a_world_at("2026-03-15 10:00")
    seen: list[Message] = []
    sms = FakeProvider(repeatable=True, after=lambda _: seen.append(p1d(world)))
    world.send_due(providers(sms=sms))
    [during] = [row for row in seen if row.offset == "P1D"]
    assert (during.status, during.attempts) == (Status.SENDING, 1)
    after = p1d(world)
    assert after.provider_id == f"provider-{after.id}"
    assert after.request_id == during.request_id
    assert after.text == f"sealed:{sms.taken[after.id].text}"
    assert [step.status for step in after.history] == [Status.QUEUED, Status.SENDING, Status.SENT]


def test_a_letter_carries_the_opened_address_and_the_alias():
    world = a_world_at("2026-03-15 10:00")
    channels = providers()
    world.drain(channels)
    [letter] = channels[Channel.SMS].taken.values()
    assert (letter.to, letter.sender, letter.clinic_id) == ("+12125550123", "Riverside Clinic", CLINIC)


def test_a_link_is_opened_only_in_the_letter():
    world = a_world(check_ins=[check_in_opened()])
    channels = providers()
    world.drain(channels)
    assert "https://care.example/c/9KX" in channels[Channel.SMS].texts()[0]


def test_how_to_stop_is_said_first_and_then_monthly():
    world = a_world("2026-03-05 10:00", "2026-03-12 10:00", "2026-04-20 10:00")
    channels = providers()
    for _ in range(50 * 24):
        world.drain(channels)
        world.now += timedelta(hours=1)
    said = ["STOP" in text for text in channels[Channel.SMS].texts()]
    assert said == [True, False, False, False, False, False, True, False, False]


def test_twelve_workers_send_each_message_once():
    world = a_world(VISIT, "2026-03-25 10:00", "2026-04-02 10:00")
    channels = providers(sms=FakeProvider())
    for _ in range(32 * 24):
        claims = [found for worker in range(12) for found in world.claim(limit=1, worker=f"worker-{worker}")]
        for clinic, found in claims:
            deliver(partial(world.run, clinic), channels, found)
        world.now += timedelta(hours=1)
        pass_lease(world)
    assert len(channels[Channel.SMS].calls) == 9
    assert len(channels[Channel.EMAIL].calls) == 1


# --- what changes between claim and send ------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [cancel_visit, move_visit])
def test_a_visit_that_changes_between_claim_and_send_is_not_reminded_of(change: Callable[[FakeNotify], None]):
    world = a_world_at("2026-03-15 10:00")
    found = {found.message_id: found for _, found in world.claim()}[p1d(world).id]
    change(world)
    begun = begin(world, found)
    assert begun is None or begun.letter is None
    assert p1d(world).status is Status.CANCELLED


def test_a_visit_that_changes_while_the_message_is_judged_is_not_reminded_of():
    world = a_world_at("2026-03-15 10:00")
    found = {found.message_id: found for _, found in world.claim()}[p1d(world).id]
    unit = FakeUnitOfWork(world, CLINIC)
    looked = begin_sending(unit, BeginSending(found, NO_KEYS))
    cancel_visit(world)
    assert looked is not None
    assert looked.letter is not None
    with pytest.raises(Contended):
        unit.commit()


def test_a_patient_without_phone_since_the_claim_is_written_to_by_e_mail():
    world = a_world_at("2026-03-15 10:00")
    found = {found.message_id: found for _, found in world.claim()}[p1d(world).id]
    world.run(CLINIC, hear_patient, patient_heard(phone=None))
    channels = providers()
    deliver(partial(world.run, CLINIC), channels, found)
    world.drain(channels)
    assert channels[Channel.SMS].taken == {}
    [letter] = channels[Channel.EMAIL].taken.values()
    assert letter.text.startswith("Riverside Clinic: see you Mon Mar 16")


def test_a_patient_who_prefers_e_mail_gets_each_reminder_once_by_e_mail():
    world = a_world(VISIT, patient=patient_heard(preferred_channel=Channel.EMAIL))
    channels = providers()
    for now in ("2026-03-13 10:00", "2026-03-15 10:00", "2026-03-16 08:00"):
        world.now = at(now)
        world.drain(channels)
    assert channels[Channel.SMS].taken == {}
    assert len(channels[Channel.EMAIL].taken) == 3
    assert [event for event in world.told if isinstance(event, MessageSuppressed)] == []
    diverted = world.messages(status=Status.SUPPRESSED)
    assert {row.history[-1].cause for row in diverted} == {"other-channel-preferred"}


# --- outages ----------------------------------------------------------------------------------------------------------


def test_after_an_outage_what_is_over_expires_and_the_most_urgent_goes_first():
    world = a_world("2026-03-10 10:00", "2026-03-12 10:00")
    world.now = at("2026-03-10 09:00")
    channels = providers()
    world.drain(channels)
    expired = [(row.kind, row.offset, row.about[-1]) for row in world.messages(status=Status.EXPIRED)]
    assert expired == [
        (Kind.CONFIRMATION, "", "1"),
        (Kind.REMINDER, "P3D", "1"),
        (Kind.REMINDER, "P1D", "1"),
    ]
    assert [text[:44] for text in channels[Channel.SMS].texts()] == [
        "Riverside Clinic: your visit is Tue Mar 10, ",
        "Riverside Clinic: appt Thu Mar 12, 10:00 AM.",
    ]


def test_a_message_waits_for_clinic_and_patient_and_goes_out_when_they_come():
    world = FakeNotify(BOOKED_AT)
    channels = providers()
    world.run(CLINIC, hear_series_booked, series_booked(VISIT))
    world.drain(channels)
    looks = []
    while (due := world.message(kind=Kind.CONFIRMATION).next_at) < BOOKED_AT + timedelta(minutes=4):
        looks.append((due - BOOKED_AT).total_seconds())
        world.now = due
        world.drain(channels)
    assert looks == [1, 2, 4, 8, 16, 32, 64, 124, 184]
    known = a_world()
    world.rows |= {kind: rows for kind, rows in known.rows.items() if rows}
    world.now += timedelta(minutes=1)
    world.drain(channels)
    assert len(channels[Channel.EMAIL].taken) == 1


def test_a_missing_data_key_is_a_passing_failure_and_begins_nothing():
    world = a_world_at("2026-03-15 10:00")
    found = {found.message_id: found for _, found in world.claim()}[p1d(world).id]
    world.keys.clear()
    with pytest.raises(TransientFailure):
        begin(world, found)
    assert p1d(world).status is Status.QUEUED


# --- answers ----------------------------------------------------------------------------------------------------------


def test_a_temporary_failure_is_tried_again_until_it_succeeds():
    world = a_world(VISIT)
    channels = providers(
        email=FakeProvider(answers=[TemporaryFailure("smtp-451"), TemporaryFailure("smtp-unreachable")])
    )
    for _ in range(100):
        world.drain(channels)
        world.now += timedelta(seconds=1)
    row = world.message(kind=Kind.CONFIRMATION)
    assert (row.status, row.attempts) == (Status.SENT, 3)
    assert [step.cause for step in row.history if step.status is Status.QUEUED] == ["", "smtp-451", "smtp-unreachable"]


def test_a_provider_that_stays_down_lets_the_message_expire():
    world = a_world(VISIT)
    channels = providers(email=FakeProvider(answers=[TemporaryFailure("smtp-unreachable")] * 10_000))
    for _ in range(25 * 60):
        world.drain(channels)
        world.now += timedelta(minutes=1)
    row = world.message(kind=Kind.CONFIRMATION)
    assert row.status is Status.EXPIRED
    assert 100 < row.attempts < 1500


def test_a_permanent_failure_is_final_and_told():
    world = a_world(VISIT)
    world.drain(providers(email=FakeProvider(answers=[PermanentFailure("smtp-550")])))
    row = world.message(kind=Kind.CONFIRMATION, channel=Channel.EMAIL)
    assert row.status is Status.FAILED
    assert world.told[0] == MessageFailed(PATIENT, "confirmation", "email", f"series/{SERIES}", "smtp-550", BOOKED_AT)
    assert world.message(kind=Kind.CONFIRMATION, channel=Channel.SMS).status is Status.SENT


def test_an_unknown_outcome_is_never_sent_again_on_a_guess():
    world = a_world(VISIT)
    email = FakeProvider(answers=[UnknownOutcome("smtp-no-answer")])
    for _ in range(5):
        world.drain(providers(email=email))
        pass_lease(world)
    row = world.message(kind=Kind.CONFIRMATION)
    assert (row.status, row.history[-1].cause) == (Status.UNKNOWN, "smtp-no-answer")
    assert len(email.calls) == 1
    assert world.told == []


def test_an_unknown_outcome_is_called_again_where_the_provider_knows_our_key():
    world = a_world_at("2026-03-15 10:00")
    sms = FakeProvider(repeatable=True, answers=[UnknownOutcome("sandbox-no-answer")])
    world.drain(providers(sms=sms))
    assert p1d(world).status is Status.SENDING
    pass_lease(world)
    world.now = max(world.now, p1d(world).next_at)
    world.drain(providers(sms=sms))
    assert p1d(world).status is Status.SENT
    assert sms.calls == [p1d(world).id] * 2


# --- crashes ----------------------------------------------------------------------------------------------------------


def die(_: Letter) -> None:
    raise Killed


def test_a_crash_between_claim_and_begin_only_delays():
    world = a_world_at("2026-03-15 10:00")
    world.claim(worker="killed")
    channels = providers()
    world.drain(channels)
    assert channels[Channel.SMS].calls == []
    pass_lease(world)
    world.drain(channels)
    assert channels[Channel.SMS].calls == [p1d(world).id]


def test_a_crash_after_the_call_leaves_it_unknown_where_the_provider_has_no_keys():
    world = a_world(VISIT)
    email = FakeProvider(after=die)
    with pytest.raises(Killed):
        world.send_due(providers(email=email))
    email.after = lambda _: None
    world.drain(providers(email=email))
    assert world.message(kind=Kind.CONFIRMATION).status is Status.SENDING
    pass_lease(world)
    world.drain(providers(email=email))
    row = world.message(kind=Kind.CONFIRMATION)
    assert (row.status, row.history[-1].cause) == (Status.UNKNOWN, "no-answer")
    assert len(email.calls) == 1


def test_a_crash_after_the_call_repeats_the_very_same_letter_where_the_provider_has_keys():
    world = a_world_at("2026-03-15 10:00")
    sms = FakeProvider(repeatable=True, after=die)
    with pytest.raises(Killed):
        world.send_due(providers(sms=sms))
    [first] = sms.taken.values()
    sms.after = lambda _: None
    pass_lease(world)
    world.now += timedelta(minutes=2)
    world.drain(providers(sms=sms))
    assert list(sms.taken.values()) == [first]
    row = p1d(world)
    assert [step.status for step in row.history] == [Status.QUEUED, Status.SENDING, Status.SENDING, Status.SENT]
    assert row.attempts == 2


def test_the_last_text_of_a_day_that_is_called_again_keeps_its_place():
    world = a_world_at("2026-03-15 10:00", patient=patient_heard(email=None))
    set_policy(world, per_day=1)
    sms = FakeProvider(repeatable=True, after=die)
    with pytest.raises(Killed):
        world.send_due(providers(sms=sms))
    sms.after = lambda _: None
    pass_lease(world)
    world.drain(providers(sms=sms))
    assert (p1d(world).status, p1d(world).place) == (Status.SENT, f"{PATIENT} 2026-03-15 1")


def set_policy(world: FakeNotify, **changes: Any) -> None:
    world.run(CLINIC, lambda uow, _: uow.policies.save(replace(uow.policies.of_clinic(), **changes)), None)


@pytest.mark.parametrize("change", [cancel_visit, move_visit])
def test_a_letter_that_may_have_gone_out_is_not_repeated_when_it_is_not_true_any_more(
    change: Callable[[FakeNotify], None],
):
    world = a_world_at("2026-03-15 10:00")
    sms = FakeProvider(repeatable=True, after=die)
    with pytest.raises(Killed):
        world.send_due(providers(sms=sms))
    change(world)
    pass_lease(world)
    world.drain(providers(sms=sms))
    assert p1d(world).status is Status.UNKNOWN
    assert sms.calls == [p1d(world).id]


# --- claims -----------------------------------------------------------------------------------------------------------


def test_who_lost_the_claim_begins_nothing():
    world = a_world_at("2026-03-15 10:00")
    lost = {found.message_id: found for _, found in world.claim(worker="slow")}[p1d(world).id]
    pass_lease(world)
    world.claim(worker="quick")
    assert begin(world, lost) is None
    assert p1d(world).status is Status.QUEUED


def test_who_loses_the_claim_while_judging_begins_nothing():
    world = a_world_at("2026-03-15 10:00")
    lost = {found.message_id: found for _, found in world.claim(worker="slow")}[p1d(world).id]
    unit = FakeUnitOfWork(world, CLINIC)
    begin_sending(unit, BeginSending(lost, NO_KEYS))
    pass_lease(world)
    world.claim(worker="quick")
    with pytest.raises(Contended):
        unit.commit()


def test_an_answer_that_comes_after_the_message_was_given_up_is_still_a_fact():
    world = a_world(VISIT)
    begun = begin(world, claim(world, "slow"))
    pass_lease(world)
    given_up = begin(world, claim(world, "quick"))
    assert given_up.message.status is Status.UNKNOWN
    assert record(world, begun, Accepted("provider-1")).status is Status.SENT


@pytest.mark.parametrize("receipt", ["delivered", "undelivered"])
@pytest.mark.parametrize(
    "late", [Accepted("provider-1"), TemporaryFailure("429"), PermanentFailure("400"), UnknownOutcome("no-answer")]
)
def test_an_answer_that_comes_after_the_receipt_changes_nothing(receipt: str, late: Any):
    world = a_world(VISIT)
    begun = begin(world, claim(world))
    world.run(CLINIC, take_receipt, TakeReceipt(begun.message.id, Arrival(receipt)))
    told, rows = list(world.told), dict(world.rows[Message])
    assert record(world, begun, late).status == receipt
    assert world.told == told
    assert world.rows[Message] == rows


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Accepted("provider-1"), Status.SENT),
        (TemporaryFailure("smtp-451"), Status.QUEUED),
        (PermanentFailure("smtp-550"), Status.FAILED),
        (UnknownOutcome("smtp-no-answer"), Status.UNKNOWN),
    ],
)
def test_recording_an_answer_twice_has_one_effect(outcome: Any, status: Status):
    world = a_world(VISIT)
    begun = begin(world, claim(world))
    first = record(world, begun, outcome)
    assert first.status is status
    again = record(world, begun, outcome)
    assert replace(again, version=0) == replace(first, version=0)
    assert len(world.told) <= 1


def test_the_answer_to_an_earlier_call_says_nothing_about_the_repeated_one():
    world = a_world_at("2026-03-15 10:00")
    world.run(CLINIC, hear_patient, patient_heard())
    found = {found.message_id: found for _, found in world.claim(worker="slow")}[p1d(world).id]
    begun = begin(world, found)
    pass_lease(world)
    found = {found.message_id: found for _, found in world.claim(worker="quick")}[p1d(world).id]
    repeated = begin(world, found, REPEATABLE)
    assert repeated.letter == begun.letter
    for late in (TemporaryFailure("late"), PermanentFailure("late"), UnknownOutcome("late")):
        assert record(world, begun, late).status is Status.SENDING
    assert record(world, repeated, Accepted("provider-1")).status is Status.SENT


def repeated_and_given_up() -> tuple[FakeNotify, Any, Any]:
    """Two calls that nobody has heard the end of, the second the same again; then it was of no use any more."""
    world = a_world_at("2026-03-15 10:00")
    calls = []
    for worker in ("first", "second"):
        found = {found.message_id: found for _, found in world.claim(worker=worker)}[p1d(world).id]
        calls.append(begin(world, found, REPEATABLE))
        pass_lease(world)
    cancel_visit(world)
    found = {found.message_id: found for _, found in world.claim(worker="third")}[p1d(world).id]
    assert begin(world, found, REPEATABLE).message.status is Status.UNKNOWN
    return world, *calls


def test_that_an_earlier_call_was_taken_is_a_fact_whatever_came_since():
    world, first, _ = repeated_and_given_up()
    assert record(world, first, Accepted("provider-1")).status is Status.SENT


def test_a_late_failure_of_the_repeated_call_does_not_undo_the_doubt_about_the_first():
    world, _, second = repeated_and_given_up()
    assert record(world, second, TemporaryFailure("429")).status is Status.UNKNOWN


def test_a_doubt_outlives_a_change_of_the_provider():
    world = a_world_at("2026-03-15 10:00")
    for worker in ("first", "second"):
        found = {found.message_id: found for _, found in world.claim(worker=worker)}[p1d(world).id]
        repeated = begin(world, found, REPEATABLE)
        pass_lease(world)
    assert record(world, repeated, TemporaryFailure("429")).status is Status.UNKNOWN


# --- reading ----------------------------------------------------------------------------------------------------------


def test_the_ledger_shows_what_the_patient_read_page_by_page():
    world = a_world(VISIT)
    world.drain(providers())
    first = world.run(CLINIC, list_messages, ListMessages(limit=3, after=None))
    rest = world.run(CLINIC, list_messages, ListMessages(limit=3, after=first.after))
    assert [row.offset for row in first.items] == ["", "P3D", "PT30H"]
    assert [row.offset for row in rest.items] == ["P1D", "P1D", "PT2H"]
    assert rest.after is None
    assert first.items[0].text.startswith("Riverside Clinic: booked.")
    assert first.items[1].text == ""


def test_the_ledger_can_be_searched_and_is_the_clinics_own():
    world = a_world(VISIT)

    def ask(clinic: str = CLINIC, **wanted: Any) -> Any:
        return world.run(clinic, list_messages, ListMessages(limit=50, after=None, **wanted)).items

    assert len(ask(patient_id=PATIENT)) == 6
    assert ask(patient_id="patient-2") == []
    assert [row.kind for row in ask(about=f"series/{SERIES}")] == [Kind.CONFIRMATION]
    assert ask(status=Status.SENT) == []
    assert ask("clinic-2") == []
