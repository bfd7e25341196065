"""Consent in notify's world: what is kept, what is told, who may see it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.notify.api.consents import as_table
from services.notify.domain.contact_point import ConsentStatus, ContactPoint, Medium, Source
from services.notify.domain.events import ContactOptedIn, ContactOptedOut
from services.notify.domain.message import Channel
from services.notify.operations.clinics import hear_clinic
from services.notify.operations.consent_proof import ExportConsents, export_consents
from services.notify.operations.consents import (
    RecordConsent,
    ShowConsents,
    opt_in,
    opt_out,
    record_consent,
    show_consents,
)
from services.notify.operations.patients import hear_patient
from services.notify.operations.unsubscribe import (
    ByLink,
    clinic_of_link,
    read_subscription,
    subscribe_again,
    unsubscribe,
)
from shared.actor import Actor
from shared.errors import NotFound, RuleBroken
from tests.support.notify_builders import BOOKED_AT, CLINIC, PATIENT, clinic_heard, patient_heard
from tests.support.notify_fakes import FakeNotify

PHONE, MAIL = "+12125550123", "ada@example.com"
DESK = Actor("key-desk", frozenset({"front_desk"}))


def sealed(**addresses: str | None) -> dict[str, Any]:
    return {name: address and f"sealed:{address}" for name, address in addresses.items()}


@pytest.fixture
def world() -> FakeNotify:
    world = FakeNotify(BOOKED_AT)
    world.run(CLINIC, hear_clinic, clinic_heard())
    register(world)
    return world


def register(world: FakeNotify, patient_id: str = PATIENT, phone: str | None = PHONE, email: str | None = MAIL) -> None:
    heard = patient_heard(patient_id=patient_id, **sealed(phone=phone, email=email))
    world.run(CLINIC, hear_patient, heard)


def point(world: FakeNotify, address: str = PHONE, clinic: str = CLINIC) -> ContactPoint:
    channel = Channel.EMAIL if "@" in address else Channel.SMS
    found: ContactPoint = world.run(clinic, lambda uow, _: uow.contact_points.of(channel, address), None)
    return found


def say(world: FakeNotify, operation: Any, address: str = PHONE, **more: Any) -> ContactPoint:
    channel = Channel.EMAIL if "@" in address else Channel.SMS
    facts = {"source": Source.SMS, "wording": "STOP", **more}
    said: ContactPoint = world.run(CLINIC, lambda uow, _: operation(uow, channel, address, **facts), None)
    return said


def test_an_address_given_at_registration_is_consent_and_no_news(world):
    assert [(one.status, one.wording) for one in point(world).history] == [("opted-in", "number given at registration")]
    assert [one.wording for one in point(world, MAIL).history] == ["address given at registration"]
    assert world.told == []


def test_hearing_of_a_patient_again_keeps_nothing_new(world):
    before = point(world)
    register(world)
    assert point(world) == before


def test_addresses_heard_before_the_key_count_as_soon_as_it_comes():
    world = FakeNotify(BOOKED_AT, keys=set())
    register(world, "patient-1")
    register(world, "patient-2")
    assert world.rows[ContactPoint] == {}

    world.run(CLINIC, hear_clinic, clinic_heard(data_key="key"))
    assert point(world).patients == ("patient-1", "patient-2")
    assert point(world).status is ConsentStatus.OPTED_IN


def test_a_stop_is_told_once_and_names_whose_number_it_is(world):
    say(world, opt_out)
    say(world, opt_out, wording="please stop")

    assert world.told == [ContactOptedOut(PATIENT, "sms", "sms", world.now)]
    assert point(world).is_stopped
    assert not point(world, MAIL).is_stopped


def test_a_new_number_does_not_inherit_the_stop_of_the_old_one(world):
    say(world, opt_out)
    register(world, phone="+12125550199")

    assert point(world).is_stopped
    assert point(world, "+12125550199").status is ConsentStatus.OPTED_IN


def test_a_number_that_stopped_stays_stopped_for_another_patient_and_in_another_spelling_of_an_address(world):
    say(world, opt_out)
    say(world, opt_out, MAIL)
    register(world, "patient-2", email="Ada@Example.com")

    assert point(world).is_stopped
    assert point(world, "Ada@Example.com").is_stopped


def test_the_other_clinic_is_another_sender(world):
    say(world, opt_out)
    assert point(world, clinic="clinic-2").status is ConsentStatus.UNKNOWN


def test_a_stop_of_a_number_that_the_patient_gave_up_names_nobody(world):
    register(world, phone="+12125550199")
    say(world, opt_out)

    assert world.told == [ContactOptedOut(None, "sms", "sms", world.now)]


def test_start_is_told_with_the_stop_that_it_ends(world):
    say(world, opt_out)
    stopped_at, world.now = world.now, world.now + timedelta(hours=3)
    say(world, opt_in, wording="START")

    assert world.told[-1] == ContactOptedIn(PATIENT, "sms", "sms", world.now, stopped_at)


@pytest.mark.parametrize("scope", ["front_desk", "nurse", "clinician", "admin"])
def test_the_desk_takes_down_what_a_patient_said(world, scope):
    world.actor = replace(DESK, scopes=frozenset({scope}))
    given_at = world.now - timedelta(days=1)
    command = RecordConsent(PATIENT, Channel.SMS, ConsentStatus.OPTED_OUT, "No texts.", Medium.PHONE, given_at)
    taken = world.run(CLINIC, record_consent, command)

    step = taken.history[-1]
    assert (step.source, step.medium, step.by) == (Source.FRONT_DESK, Medium.PHONE, "key-desk")
    assert (step.said_at, step.at) == (given_at, world.now)
    assert point(world).is_stopped


def test_a_program_is_told_apart_from_a_person(world):
    world.actor = Actor("key-1", frozenset({"integration"}))
    command = RecordConsent(PATIENT, Channel.EMAIL, ConsentStatus.OPTED_IN, "Form 7", Medium.PAPER, world.now)
    assert world.run(CLINIC, record_consent, command).history[-1].source is Source.API


def test_nobody_said_anything_in_the_future(world):
    say(world, opt_out, said_at=world.now + timedelta(hours=1))
    assert point(world).history[-1].said_at == world.now


def test_without_an_address_or_a_patient_nothing_can_be_taken_down(world):
    register(world, "patient-2", phone=None)
    command = RecordConsent("patient-2", Channel.SMS, ConsentStatus.OPTED_OUT, "No.", Medium.PHONE, world.now)
    with pytest.raises(RuleBroken, match=r"consent\.no-address"):
        world.run(CLINIC, record_consent, command)
    for operation, unknown in (
        (record_consent, replace(command, patient_id="nobody")),
        (show_consents, ShowConsents("nobody")),
        (export_consents, ExportConsents("nobody")),
    ):
        with pytest.raises(NotFound):
            world.run(CLINIC, operation, unknown)


@pytest.mark.parametrize(
    ("scope", "phone", "mail"),
    [("front_desk", "•••123", "•••@example.com"), ("nurse", "•••123", "•••@example.com"), ("admin", PHONE, MAIL)],
)
def test_addresses_are_masked_unless_an_administrator_asks(world, scope, phone, mail):
    world.actor = Actor("key-1", frozenset({scope}))
    shown = world.run(CLINIC, show_consents, ShowConsents(PATIENT))
    proof = world.run(CLINIC, export_consents, ExportConsents(PATIENT))

    assert {one.address for one in shown.addresses} == {phone, mail}
    assert {one.address for one in proof.addresses} == {phone, mail}


def test_the_proof_says_how_soon_a_stop_was_effective_and_when_it_had_to_be(world):
    world.now = datetime(2026, 11, 20, 15, tzinfo=UTC)
    say(world, opt_out, said_at=world.now - timedelta(milliseconds=340))
    proof = world.run(CLINIC, export_consents, ExportConsents(PATIENT))

    [of_phone] = [one for one in proof.addresses if one.channel is Channel.SMS]
    given, stop = of_phone.steps
    assert (given.limit_on, given.is_in_time) == (None, True)
    assert (stop.delay, stop.limit_on, stop.is_in_time) == (timedelta(milliseconds=340), date(2026, 12, 7), True)


def test_a_stop_that_was_taken_down_too_late_is_seen(world):
    said_at, world.now = datetime(2026, 11, 2, 15, tzinfo=UTC), datetime(2026, 11, 18, 15, tzinfo=UTC)
    say(world, opt_out, said_at=said_at)
    proof = world.run(CLINIC, export_consents, ExportConsents(PATIENT))

    [stop] = [step for one in proof.addresses for step in one.steps if step.limit_on]
    assert (stop.limit_on, stop.is_in_time) == (date(2026, 11, 17), False)


def test_the_limit_is_one_of_the_us(world):
    world.run(CLINIC, hear_clinic, clinic_heard(country="DE"))
    heard = patient_heard(patient_id=PATIENT, country=None, **sealed(phone=PHONE, email=MAIL))
    world.run(CLINIC, hear_patient, heard)
    say(world, opt_out)
    proof = world.run(CLINIC, export_consents, ExportConsents(PATIENT))

    assert [step.limit_on for one in proof.addresses for step in one.steps] == [None] * 3


def test_the_proof_keeps_the_numbers_that_a_patient_gave_up(world):
    register(world, phone="+12125550199")
    proof = world.run(CLINIC, export_consents, ExportConsents(PATIENT))

    by_number = {one.address: one.is_present for one in proof.addresses if one.channel is Channel.SMS}
    assert by_number == {"•••123": False, "•••199": True}


def test_no_wording_becomes_a_formula_in_a_table(world):
    say(world, opt_out, wording="=1+1")
    table = as_table(world.run(CLINIC, export_consents, ExportConsents(PATIENT))).decode()

    assert ",'=1+1\r\n" in table
    assert table.startswith("channel,address,status,")


def token_of(world: FakeNotify, address: str = MAIL) -> str:
    return f"unsubscribe-{point(world, address).id}"


def test_the_link_in_an_email_stops_email_only_and_lets_it_come_again(world):
    link = ByLink(token_of(world), "Stop e-mails")
    assert world.run("*", clinic_of_link, link.token) == CLINIC
    assert not world.run(CLINIC, read_subscription, link).is_stopped

    assert world.run(CLINIC, unsubscribe, link).is_stopped
    assert world.run(CLINIC, unsubscribe, link).is_stopped
    assert point(world, MAIL).history[-1].source is Source.EMAIL_LINK
    assert not point(world).is_stopped

    assert not world.run(CLINIC, subscribe_again, link).is_stopped
    assert not world.run(CLINIC, subscribe_again, link).is_stopped
    assert [type(one) for one in world.told] == [ContactOptedOut, ContactOptedIn]


def test_a_link_of_nobodys_leads_nowhere(world):
    with pytest.raises(NotFound):
        world.run("*", clinic_of_link, "made up")
