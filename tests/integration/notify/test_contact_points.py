"""Consent on a real database: what is sealed, what a link finds, and that STOP is STOP for many at once."""

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from services.notify.domain.contact_point import ConsentStatus, Source
from services.notify.domain.message import Channel, Letter
from services.notify.jobs.deliver import deliver
from services.notify.operations.clinics import hear_clinic
from services.notify.operations.consent_proof import ExportConsents, export_consents
from services.notify.operations.consents import opt_in, opt_out
from services.notify.operations.patients import hear_patient
from services.notify.operations.ports import Accepted
from services.notify.operations.sending import begin_sending
from services.notify.operations.series import hear_series_booked
from services.notify.operations.unsubscribe import ByLink, clinic_of_link, unsubscribe
from services.notify.store.contact_point import COLLECTION
from services.notify.store.message import claim_of
from shared.errors import NotFound
from tests.integration.notify.notify_host import EMAIL, PHONE, ThisNotify
from tests.support.notify_builders import BOOKED_AT, at, clinic_heard, patient_heard, series_booked

PARALLEL = 32
HANDS = 8
VISIT = "2026-03-20 10:00"


def stop(notify: ThisNotify, clinic_id: str, address: str = PHONE, wording: str = "STOP") -> None:
    say(notify, opt_out, clinic_id, address, wording)


def say(notify: ThisNotify, operation: Any, clinic_id: str, address: str = PHONE, wording: str = "STOP") -> None:
    channel = Channel.EMAIL if "@" in address else Channel.SMS
    notify.run(clinic_id, lambda uow, _: operation(uow, channel, address, source=Source.SMS, wording=wording), None)


def test_addresses_and_words_are_sealed_and_come_back_as_they_were(notify: ThisNotify):
    notify.open("clinic-1")
    stop(notify, "clinic-1", wording="no más")
    stored = list(notify.database[COLLECTION].find({}))
    assert len(stored) == 2
    assert not any(secret in str(stored) for secret in (PHONE, EMAIL, "no más", "registration given"))

    uow, _ = notify.unit("clinic-1")
    point = uow.contact_points.of(Channel.SMS, PHONE)
    assert (point.contact, point.patients) == (PHONE, ("patient-of-clinic-1",))
    assert [(step.status, step.wording) for step in point.history] == [
        (ConsentStatus.OPTED_IN, "number given at registration"),
        (ConsentStatus.OPTED_OUT, "no más"),
    ]
    assert uow.contact_points.of(Channel.EMAIL, EMAIL.upper()).id == uow.contact_points.of(Channel.EMAIL, EMAIL).id


def test_events_ride_with_the_contact_point(notify: ThisNotify):
    notify.open("clinic-1")
    stop(notify, "clinic-1")
    stop(notify, "clinic-1")
    say(notify, opt_in, "clinic-1", wording="START")

    told = [
        (entry["type"], entry["subject"].partition("/")[0], entry["data"]["patient_id"])
        for document in notify.database[COLLECTION].find({})
        for entry in document["outbox"]
    ]
    assert told == [
        ("contact.opted_out.v1", "contact", "patient-of-clinic-1"),
        ("contact.opted_in.v1", "contact", "patient-of-clinic-1"),
    ]


def test_patients_heard_before_the_clinic_and_its_key_are_made_up_for(notify: ThisNotify):
    notify.go_to(BOOKED_AT)
    data_key = notify.host.sealer.create_key("clinic-1")
    seal = partial(notify.host.sealer.seal, "clinic-1")
    heard = [patient_heard(patient_id=name, name=seal(name), phone=seal(PHONE), email=None) for name in ("a", "b")]
    keys = notify.database["data_keys"]
    [kept] = keys.find({"keyAltNames": "clinic-1"})
    keys.delete_one({"_id": kept["_id"]})

    other = notify.another()
    for one in heard:
        other.run("clinic-1", hear_patient, one)
    assert other.database[COLLECTION].count_documents({}) == 0

    other.run("clinic-1", hear_clinic, clinic_heard(data_key=data_key))
    uow, _ = other.unit("clinic-1")
    assert uow.contact_points.of(Channel.SMS, PHONE).patients == ("a", "b")


def test_a_link_finds_its_clinic_and_address_and_opens_nothing_elsewhere(notify: ThisNotify):
    notify.open("clinic-1")
    notify.open("clinic-2")
    uow, _ = notify.unit("clinic-1")
    url = uow.unsubscribe_url(uow.contact_points.of(Channel.EMAIL, EMAIL))
    token = url.rpartition("/")[2]
    assert url == f"http://127.0.0.1/notify/u/{token}"
    assert len(token) >= 43

    assert notify.run("*", clinic_of_link, token) == "clinic-1"
    assert notify.run("clinic-1", unsubscribe, ByLink(token, "button")).is_stopped
    with pytest.raises(NotFound):
        notify.run("clinic-2", unsubscribe, ByLink(token, "button"))
    other, _ = notify.unit("clinic-2")
    assert not other.contact_points.of(Channel.EMAIL, EMAIL).is_stopped
    stored = notify.database[COLLECTION].find_one({"channel": "email", "clinic_id": "clinic-1"})
    assert token not in str(stored)


def test_the_proof_names_the_messages_that_told_how_to_stop(notify: ThisNotify):
    notify.open("clinic-1", VISIT)
    shared = Recorder()
    for now in (BOOKED_AT + timedelta(hours=1), at(VISIT) - timedelta(days=3)):
        notify.go_to(now)
        notify.send({Channel.SMS: shared, Channel.EMAIL: shared})
    stop(notify, "clinic-1")
    proof = notify.run("clinic-1", export_consents, ExportConsents("patient-of-clinic-1"))

    told = {one.channel: [message.kind for message in one.told_how_to_stop] for one in proof.addresses}
    assert told == {Channel.SMS: ["reminder"], Channel.EMAIL: ["confirmation"]}


@dataclass
class Recorder:
    """A provider that keeps to whom it wrote."""

    repeatable: bool = True
    answered: bool = True
    to: list[str] = field(default_factory=list)

    def send(self, letter: Letter) -> Accepted:
        self.to.append(letter.to)
        return Accepted(letter.message_id)


def person(notify: ThisNotify, clinic_id: str, number: int) -> str:
    """A patient with a phone only and a visit; their number."""
    phone = f"+1212555{number:04}"
    seal = partial(notify.host.sealer.seal, clinic_id)
    heard = patient_heard(
        patient_id=f"p{number}",
        name=seal("Somebody"),
        phone=seal(phone),
        email=None,
        preferred_channel=Channel.SMS,
        zone=None,
    )
    notify.run(clinic_id, hear_patient, heard)
    notify.run(clinic_id, hear_series_booked, series_booked(VISIT, series_id=f"s{number}", patient_id=f"p{number}"))
    return phone


def claim_all(notify: ThisNotify) -> list[dict[str, Any]]:
    """Every reminder that is due; one look takes some of a clinic's only."""
    found: list[dict[str, Any]] = []
    while claimed := notify.claim(Channel.SMS):
        found += claimed
    return [one for one in found if one["kind"] == "reminder"]


def test_no_text_goes_out_whose_sending_began_after_stop_was_kept(
    notify: ThisNotify, capsys: pytest.CaptureFixture[str]
):
    notify.open("clinic-1")
    phones = [person(notify, "clinic-1", number) for number in range(1000, 1000 + PARALLEL)]
    notify.go_to(at(VISIT) - timedelta(days=3))
    due = claim_all(notify)
    assert len(due) == PARALLEL
    stopped_at: dict[str, float] = {}
    began_at: dict[str, float] = {}
    provider, other = Recorder(), notify.another()

    def stopping(number: int) -> None:
        stop(notify, "clinic-1", phones[number])
        stopped_at[phones[number]] = time.monotonic()

    def sending(number: int) -> None:
        document = due[number]
        phone = f"+1212555{document['patient_id'][1:]}"

        def run(operation: Callable[[Any, Any], Any], command: Any) -> Any:
            if operation is begin_sending:
                began_at[phone] = time.monotonic()
            return other.run("clinic-1", operation, command)

        deliver(run, {Channel.SMS: provider}, claim_of(document))

    work = [partial(one, number) for number in range(PARALLEL) for one in (stopping, sending)]
    random.shuffle(work)
    with ThreadPoolExecutor(HANDS) as pool:
        for job in [pool.submit(one) for one in work]:
            job.result(60)

    after_stop = {phone for phone in phones if stopped_at[phone] < began_at[phone]}
    with capsys.disabled():
        print(
            f"\nSTOP against sending, {PARALLEL} of each at once: {len(after_stop)} began after STOP, "
            f"{len(after_stop & set(provider.to))} of them went out; {len(provider.to)} went out before"
        )
    assert after_stop & set(provider.to) == set()
    assert after_stop
    assert len(provider.to) == len(set(provider.to))


def test_stop_kept_before_the_work_begins_holds_back_all_of_many(notify: ThisNotify):
    notify.open("clinic-1")
    phones = [person(notify, "clinic-1", number) for number in range(2000, 2000 + PARALLEL)]
    for phone in phones:
        stop(notify, "clinic-1", phone)
    notify.go_to(at(VISIT) - timedelta(days=3))
    claimed = claim_all(notify)
    provider, other = Recorder(), notify.another()
    with ThreadPoolExecutor(PARALLEL) as pool:
        list(
            pool.map(
                lambda one: deliver(partial(other.run, "clinic-1"), {Channel.SMS: provider}, claim_of(one)), claimed
            )
        )

    assert len(claimed) == PARALLEL
    assert provider.to == []
    rows = notify.messages("clinic-1")
    causes = {row.history[-1].cause for row in rows if row.offset == "P3D" and row.channel is Channel.SMS}
    assert causes == {"opted-out"}
