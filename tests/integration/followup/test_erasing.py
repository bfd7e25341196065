"""Erasing an erased patient's copies in followup's real database."""

import json

from services.followup.operations.alerts import NoteContact, contact_alert
from shared.personal_data.operations import ExportPatient, PatientErased, export_patient, hear_patient_erased
from shared.process.upkeep import erase_due
from tests.integration.followup.followup_host import DUE_AT, ThisFollowup, an_alarm
from tests.support.followup_builders import CLINIC, PATIENT
from tests.support.opened import readable

WORDS = ("1985-04-12", "at home with her sister")


def shown(followup: ThisFollowup) -> str:
    return json.dumps(followup.run(CLINIC, export_patient, ExportPatient(PATIENT)))


def test_who_it_was_goes_and_what_was_measured_stays(followup: ThisFollowup):
    alert_id = an_alarm(followup)
    followup.run(CLINIC, contact_alert, NoteContact(alert_id, WORDS[1]))
    followup.host.outbox.collect()
    token = followup.database["check_ins"].distinct("token_digest", {"patient_id": PATIENT})
    before, exported = readable(followup.database, followup.host.sealer), shown(followup)
    assert [word for word in WORDS if word not in before or word not in exported] == []

    followup.run(CLINIC, hear_patient_erased, PatientErased(PATIENT, DUE_AT))
    assert erase_due(followup.host.records, followup.host.clock()) == 1
    after = readable(followup.database, followup.host.sealer)
    assert [word for word in (*WORDS, *filter(None, token)) if word in after] == []
    assert followup.database["patients"].count_documents({}) == 0
    [alert] = followup.database["alerts"].find({"patient_id": PATIENT})
    assert alert["tier"] == 1
    assert [one for one in followup.check_ins() if any(one.all_answers.values())]
    assert not any(word in shown(followup) for word in WORDS)
