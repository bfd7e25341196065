"""Erasing an erased patient's copies in notify's real database."""

import json
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from services.notify.domain.contact_point import ConsentStatus, ContactPoint
from services.notify.domain.message import Channel
from services.notify.operations.patients import hear_patient
from services.notify.operations.replies import ReceiveReply, receive_reply
from services.notify.operations.unsubscribe import (
    ByLink,
    clinic_of_link,
    read_subscription,
    subscribe_again,
    unsubscribe,
)
from services.notify.store.contact_point import COLLECTION
from services.notify.store.indexes import STEPS
from shared.errors import NotFound
from shared.ids import new_id
from shared.persistence.unit_of_work import Document
from shared.personal_data.operations import ExportPatient, PatientErased, export_patient, hear_patient_erased
from shared.personal_data.records import ERASURES, LOOK_AGAIN, Kept
from shared.process.upkeep import erase_due
from tests.integration.notify.notify_host import EMAIL, PHONE, ThisNotify
from tests.support.notify_builders import at, patient_heard
from tests.support.notify_fakes import providers
from tests.support.opened import readable

CLINIC, PATIENT, ANOTHER = "clinic-1", "patient-of-clinic-1", "another"
WORDS = ("Ada Byron", PHONE, EMAIL, "I am in Brno")


@pytest.fixture
def told(notify: ThisNotify) -> ThisNotify:
    """A patient who was reminded and has answered."""
    notify.open(CLINIC, "2026-03-16 10:00")
    notify.go_to(at("2026-03-13 10:00"))
    notify.send(providers())
    notify.run(CLINIC, receive_reply, ReceiveReply(PHONE, "I am in Brno", "SM-1", notify.host.clock()))
    return notify


def erase(notify: ThisNotify, patient_id: str = PATIENT) -> None:
    notify.run(CLINIC, hear_patient_erased, PatientErased(patient_id, notify.host.clock()))
    notify.host.outbox.collect()
    assert erase_due(notify.host.records, notify.host.clock()) == 1


def give(notify: ThisNotify, patient_id: str, *, phone: str | None = PHONE, email: str | None = None) -> None:
    """Somebody's number, or e-mail address, is heard."""
    seal = partial(notify.host.sealer.seal, CLINIC)
    given = {"phone": phone and seal(phone), "email": email and seal(email)}
    notify.run(CLINIC, hear_patient, patient_heard(patient_id=patient_id, name=seal("Bo"), **given))


def text(notify: ThisNotify, *words: str) -> None:
    for word in words:
        notify.run(CLINIC, receive_reply, ReceiveReply(PHONE, word, f"SM-{new_id()}", notify.host.clock()))


def points(notify: ThisNotify, channel: Channel = Channel.SMS) -> list[Document]:
    return list(notify.database[COLLECTION].find({"channel": channel.value}))


def known(notify: ThisNotify, channel: Channel, address: str) -> ContactPoint:
    uow, _ = notify.unit(CLINIC)
    point: ContactPoint = uow.contact_points.of(channel, address)
    return point


def token_of(notify: ThisNotify) -> str:
    """Of the link in e-mails to the patient."""
    uow, _ = notify.unit(CLINIC)
    url: str = uow.unsubscribe_url(uow.contact_points.of(Channel.EMAIL, EMAIL))
    return url.rpartition("/")[2]


def missing(text: str) -> list[str]:
    return [word for word in WORDS if word not in text]


def test_who_it_was_goes_and_what_was_said_when_stays(told: ThisNotify) -> None:
    rows = len(told.messages(CLINIC))
    assert missing(readable(told.database, told.host.sealer)) == []
    assert missing(json.dumps(told.run(CLINIC, export_patient, ExportPatient(PATIENT)))) == []
    erase(told)
    assert missing(readable(told.database, told.host.sealer)) == [*WORDS]
    assert missing(json.dumps(told.run(CLINIC, export_patient, ExportPatient(PATIENT)))) == [*WORDS]
    assert told.database["recipients"].count_documents({}) == 0
    assert len(told.messages(CLINIC)) == rows


def test_an_address_that_was_stopped_stays_stopped(told: ThisNotify) -> None:
    text(told, "STOP")
    erase(told)
    assert missing(readable(told.database, told.host.sealer)) == [*WORDS]
    assert known(told, Channel.SMS, PHONE).status is ConsentStatus.OPTED_OUT
    assert [row["patients"] for row in points(told)] == [[]]
    assert points(told, Channel.EMAIL) == []


def test_an_address_that_another_patient_gave_too_stays_theirs(told: ThisNotify) -> None:
    give(told, ANOTHER)
    erase(told)
    [point] = points(told)
    assert told.host.sealer.unseal(point["contact"]) == PHONE
    assert point["patients"] == [ANOTHER]


def test_an_address_that_two_gave_is_shown_to_each_without_the_other(told: ThisNotify) -> None:
    give(told, ANOTHER)
    kept = told.run(CLINIC, export_patient, ExportPatient(ANOTHER))["kept"]
    assert [(row["contact"], row["patients"]) for row in kept[COLLECTION]] == [(PHONE, [ANOTHER])]


def test_an_address_goes_with_the_last_who_gave_it(told: ThisNotify) -> None:
    give(told, ANOTHER)
    erase(told)
    erase(told, ANOTHER)
    assert points(told) == []
    assert missing(readable(told.database, told.host.sealer)) == [*WORDS]


def test_a_stopped_address_that_two_gave_forgets_both(told: ThisNotify) -> None:
    give(told, ANOTHER)
    text(told, "STOP")
    erase(told)
    assert [row["patients"] for row in points(told)] == [[ANOTHER]]
    erase(told, ANOTHER)
    assert [row["patients"] for row in points(told)] == [[]]
    assert missing(readable(told.database, told.host.sealer)) == [*WORDS]


def test_an_address_that_has_told_counts_on_when_it_is_given_again(told: ThisNotify) -> None:
    text(told, "STOP", "START")
    erase(told)
    give(told, ANOTHER)
    text(told, "STOP")
    told.host.outbox.collect()
    [point] = points(told)
    assert (point["outbox"], point["patients"]) == ([], [ANOTHER])
    subject = {"subject": f"contact/{point['_id']}"}
    said = [(row["seq"], row["type"]) for row in told.database["events"].find(subject, sort=[("seq", 1)])]
    assert said == [(1, "contact.opted_out.v1"), (2, "contact.opted_in.v1"), (3, "contact.opted_out.v1")]


def test_what_is_left_of_an_address_that_has_told_is_like_a_new_one(told: ThisNotify) -> None:
    before = {Channel.SMS: known(told, Channel.SMS, PHONE), Channel.EMAIL: known(told, Channel.EMAIL, EMAIL)}
    text(told, "STOP", "START")
    told.run(CLINIC, unsubscribe, ByLink(token := token_of(told), "button"))
    told.run(CLINIC, subscribe_again, ByLink(token, "button"))
    erase(told)
    assert missing(readable(told.database, told.host.sealer)) == [*WORDS]
    for channel, point in before.items():
        left = known(told, channel, point.contact)
        assert left.version > 0
        assert left == replace(point, version=left.version, status=ConsentStatus.UNKNOWN, patients=(), history=())
    with pytest.raises(NotFound):
        told.run("*", clinic_of_link, token)


def test_the_link_of_an_erased_address_leads_there_again_once_it_is_given(told: ThisNotify) -> None:
    told.run(CLINIC, unsubscribe, ByLink(token := token_of(told), "button"))
    erase(told)
    with pytest.raises(NotFound):
        told.run("*", clinic_of_link, token)
    give(told, ANOTHER, phone=None, email=EMAIL)
    assert told.run("*", clinic_of_link, token) == CLINIC
    assert told.run(CLINIC, read_subscription, ByLink(token)).is_stopped


def test_an_address_that_somebody_gives_at_that_moment_is_theirs(
    told: ThisNotify, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = told.host.records
    find = records._find

    def find_and_give(kept: Kept, clinic_id: str, patient_id: str) -> list[Document]:
        found = find(kept, clinic_id, patient_id)
        if kept.collection == COLLECTION and kept.goes:
            give(told, ANOTHER)
        return found

    monkeypatch.setattr(records, "_find", find_and_give)
    erase(told)
    assert [row["patients"] for row in points(told)] == [[PATIENT, ANOTHER]]
    monkeypatch.undo()
    assert erase_due(records, told.host.clock() + LOOK_AGAIN) == 1
    assert [row["patients"] for row in points(told)] == [[ANOTHER]]


def test_who_cannot_be_erased_keeps_nobody_else_waiting(told: ThisNotify) -> None:
    give(told, ANOTHER)
    for patient_id in (PATIENT, ANOTHER):
        told.run(CLINIC, hear_patient_erased, PatientErased(patient_id, told.host.clock()))
    told.host.outbox.collect()
    now = told.host.clock()
    told.database["replies"].update_one({"patient_id": PATIENT}, {"$set": {"text": "sealed:AAAA"}})
    assert [row["_id"] for row in told.host.records.due(now)] == [PATIENT, ANOTHER]
    assert erase_due(told.host.records, now) == 1
    assert [row["_id"] for row in told.host.records.due(now)] == [PATIENT]
    assert told.database["recipients"].count_documents({"_id": ANOTHER}) == 0


def test_who_is_noted_again_meanwhile_stays_noted(told: ThisNotify) -> None:
    erase(told)
    [row] = told.host.records.due(later := told.host.clock() + LOOK_AGAIN)
    told.go_to(later + timedelta(minutes=1))
    told.run(CLINIC, hear_patient_erased, PatientErased(PATIENT, told.host.clock()))
    noted = told.database[ERASURES].find_one({"_id": PATIENT})
    told.host.records.look_at(row, later)
    assert told.database[ERASURES].find_one({"_id": PATIENT}) == noted


def test_who_was_erased_by_an_older_program_is_looked_at_again(told: ThisNotify) -> None:
    erase(told)
    done_at = told.host.clock() + LOOK_AGAIN
    assert erase_due(told.host.records, done_at) == 1
    give(told, ANOTHER)
    told.database[COLLECTION].update_one({"patients": ANOTHER}, {"$push": {"patients": PATIENT}})
    assert told.host.records.due(done_at) == []
    STEPS[-1].run(told.database)
    assert erase_due(told.host.records, done_at) == 1
    assert [row["patients"] for row in points(told)] == [[ANOTHER]]
