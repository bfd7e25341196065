"""Who still has doses to come is asked to sign again, 30 and 7 local days before a consent runs out, once each."""

from datetime import date, datetime
from typing import Any

import pytest

from services.booking.domain.chart.consent import Consent, ConsentKind, Manner
from services.booking.domain.clinic.task import Task, TaskKind
from services.booking.domain.protocol.protocol import Condition
from services.booking.domain.series.series import Series
from services.booking.domain.series.session import CancelReason
from services.booking.operations.consents import (
    SignConsent,
    WarnOfExpiry,
    WithdrawConsent,
    sign_consent,
    warn_of_expiry,
    withdraw_consent,
)
from services.booking.operations.series import CancelSeries, cancel_series
from shared.errors import Conflict
from shared.localtime import resolve
from tests.support.booking_builders import CLINIC, NEW_YORK, PATIENT, a_booking, a_world, booked
from tests.support.booking_fakes import FakeBooking

LAST = date(2026, 4, 30)
"""Of what was signed on 30 April 2025 for twelve months."""
DOSE_ON = date(2026, 5, 1)


def local(text: str) -> datetime:
    return resolve(datetime.fromisoformat(text), NEW_YORK)


def a_world_in_march(*, with_dose: bool = True) -> tuple[FakeBooking, Consent]:
    """The misuse agreement was signed last year; a booster is booked for the day after it runs out."""
    world = a_world(now=local("2026-03-20T12:00"))
    if with_dose:
        a_booster(world)
    world.rows[Consent].clear()
    return world, signed(world, signed_at=local("2025-04-30T12:00"))


def a_booster(world: FakeBooking) -> Series:
    return booked(world, a_booking([DOSE_ON], protocol="booster-single", condition=Condition.DEPRESSION))


def signed(world: FakeBooking, kind: ConsentKind = ConsentKind.CONTROLLED_SUBSTANCE, **fields: Any) -> Consent:
    command = SignConsent(PATIENT, kind, "1", Manner.IN_PERSON, **fields)
    consent: Consent = world.run(CLINIC, sign_consent, command)
    return consent


def runs(world: FakeBooking) -> list[Task]:
    """What the job does at this instant; all tasks of this kind that there are then."""
    for consent in world.all(Consent):
        if consent.next_at and consent.next_at <= world.now:
            world.run(CLINIC, warn_of_expiry, WarnOfExpiry(consent.id))
    return [task for task in world.all(Task) if task.kind is TaskKind.CONSENT_EXPIRES]


def now_is(world: FakeBooking, text: str) -> FakeBooking:
    world.now = local(text)
    return world


def test_it_runs_out_on_the_day_that_these_tests_are_about():
    _, consent = a_world_in_march()
    assert (consent.expires_on, consent.next_at) == (LAST, local("2026-03-31T00:00"))


def test_somebody_is_told_30_days_before_and_again_7_days_before():
    world, _ = a_world_in_march()
    assert runs(now_is(world, "2026-03-30T23:59")) == []
    [first] = runs(now_is(world, "2026-03-31T00:00"))
    assert (first.patient_id, first.due_at) == (PATIENT, local("2026-05-01T00:00"))
    assert "controlled-substance" in first.detail
    assert "2026-04-30" in first.detail
    assert len(runs(now_is(world, "2026-04-22T23:59"))) == 1
    assert len(runs(now_is(world, "2026-04-23T00:00"))) == 2
    assert len(runs(now_is(world, "2026-05-20T00:00"))) == 2
    assert [one.next_at for one in world.all(Consent)] == [None]


def test_two_warnings_that_came_due_together_are_one():
    world, _ = a_world_in_march()
    assert len(runs(now_is(world, "2026-04-25T12:00"))) == 1
    assert len(runs(world)) == 1


def test_nobody_is_asked_to_sign_for_doses_that_do_not_come():
    world, _ = a_world_in_march(with_dose=False)
    assert runs(now_is(world, "2026-03-31T00:00")) == []
    called_off, _ = a_world_in_march()
    [series] = called_off.all(Series)
    called_off.run(CLINIC, cancel_series, CancelSeries(series.id, CancelReason.PATIENT))
    assert runs(now_is(called_off, "2026-04-25T12:00")) == []


def test_a_dose_that_is_booked_after_the_first_warning_gets_the_second():
    world, _ = a_world_in_march(with_dose=False)
    assert runs(now_is(world, "2026-04-01T12:00")) == []
    signed(world, ConsentKind.FINANCIAL)
    booked(world, a_booking([LAST], protocol="booster-single", condition=Condition.DEPRESSION))
    assert len(runs(now_is(world, "2026-04-23T00:00"))) == 1


def test_who_has_signed_again_or_withdrawn_is_not_asked():
    world, _ = a_world_in_march()
    signed(world)
    assert runs(now_is(world, "2026-04-25T12:00")) == []
    other, consent = a_world_in_march()
    withdrawn = other.run(CLINIC, withdraw_consent, WithdrawConsent(PATIENT, consent.id, "no more"))
    assert withdrawn.next_at is None
    assert runs(now_is(other, "2026-04-25T12:00")) == []


def test_it_is_refused_before_it_is_due_and_once_it_was_done():
    world, consent = a_world_in_march()
    with pytest.raises(Conflict, match=r"consent\.not-due"):
        world.run(CLINIC, warn_of_expiry, WarnOfExpiry(consent.id))
    now_is(world, "2026-03-31T00:00")
    world.run(CLINIC, warn_of_expiry, WarnOfExpiry(consent.id))
    with pytest.raises(Conflict, match=r"consent\.not-due"):
        world.run(CLINIC, warn_of_expiry, WarnOfExpiry(consent.id))


def test_what_has_no_end_is_never_due():
    world, _ = a_world_in_march()
    notice = signed(world, ConsentKind.PRIVACY_NOTICE)
    assert (notice.expires_on, notice.next_at) == (None, None)


def test_the_day_begins_by_the_clock_of_the_clinic_when_it_changes():
    # Thirty days before 7 April 2026 is 8 March, when New York's clock jumps.
    world, _ = a_world_in_march(with_dose=False)
    consent = signed(world, signed_at=local("2025-04-07T12:00"))
    assert consent.next_at == local("2026-03-08T00:00")
    assert consent.warned(date(2026, 3, 8)).next_at == local("2026-03-31T00:00")
