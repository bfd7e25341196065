"""Many want the same: one gets it, the others learn why not, and nobody waits for the dead."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import requests

from deploy.local.ports import HOST
from deploy.local.story import Clinic
from shared.ids import new_id
from tests.support.fault_load import PROTOCOL, Answered, Client, family_name, make_bookable, word
from tests.support.fault_stage import Stage

pytestmark = pytest.mark.timeout(400)

RIVALS = 50
UNBLOCKED_WITHIN = 20.0
"""The database drops an abandoned transaction after 5 s, after 60 unless told so; the rest is for a slow machine."""


def three_weeks(stage: Stage, weeks: int, *resource_ids: str) -> list[dict[str, Any]]:
    """Wishes for three Tuesdays at ten, so many weeks ahead."""
    today = stage.clock().date()
    first = today + timedelta(days=8 - today.weekday(), weeks=weeks)
    dates = (first + timedelta(weeks=number) for number in range(3))
    return [{"starts_local": f"{day}T10:00", "resource_ids": list(resource_ids)} for day in dates]


def at(clinic: Clinic, rest: str) -> str:
    return f"/booking/v1/clinics/{clinic.id}/{rest}"


def a_patient(stage: Stage, client: Client, clinic: Clinic, number: int) -> Answered:
    person = {
        "name": f"{word(number)} {family_name(clinic)}",
        "birth_date": f"{1966 + number % 30}-12-10",
        "email": f"rival{number}@example.com",
    }
    patient = client.post(at(clinic, "patients"), person)
    make_bookable(client, clinic, patient.content["id"], stage.clock().date())
    return patient


def test_of_fifty_who_want_one_chair_at_one_time_one_gets_it(stage: Stage, clinic: Clinic, seed: int) -> None:
    with stage.client(clinic) as client:
        history = [a_patient(stage, client, clinic, number) for number in range(RIVALS)]
        (chair, *_) = client.get(at(clinic, "resources?kind=chair"))["items"]

    def book(patient: Answered) -> Answered:
        wish = {"patient_id": patient.content["id"], "protocol": PROTOCOL, "sessions": wanted}
        with stage.client(clinic) as client:
            return client.post(at(clinic, "series"), wish)

    with ThreadPoolExecutor(RIVALS) as rivals:
        for round in range(1, 4):
            wanted = three_weeks(stage, 4 * round, chair["id"])
            answers = list(rivals.map(book, history[:RIVALS]))
            history += answers
            assert Counter(answered.status for answered in answers) == {201: 1, 409: RIVALS - 1}
            assert {answered.content.get("code") for answered in answers} == {None, "series.slot-taken"}
            assert len(stage.evidence(clinic).rows("booking", "series")) == round
    stage.keeps_its_word(clinic, history, seed)
    booked = stage.evidence(clinic).rows("booking", "events", type="series.booked.v1")
    assert len(booked) == 3


def test_who_dies_in_an_open_transaction_blocks_others_for_seconds_only(
    stage: Stage, clinic: Clinic, seed: int
) -> None:
    with stage.client(clinic) as client:
        patient = a_patient(stage, client, clinic, 0)
        wish = {"patient_id": patient.content["id"], "protocol": PROTOCOL, "sessions": three_weeks(stage, 4)}
        series = client.post(at(clinic, "series"), wish)
        cancel = at(clinic, f"series/{series.content['id']}/sessions/1/cancel")
        key = new_id()
        headers = {"Authorization": f"Bearer {clinic.key}", "Idempotency-Key": key}
        with stage.copies("booking.web", failpoint="unit.in_transaction:kill") as (dying,):
            there = f"http://{HOST}:{stage.platform.port(dying)}{cancel}"
            with pytest.raises(requests.ConnectionError):
                requests.post(there, json={"reason": "patient"}, headers=headers, timeout=30)
        began = time.monotonic()
        same = client.post(cancel, {"reason": "patient"}, key)
        moved = client.patch(
            at(clinic, f"series/{series.content['id']}/sessions/2"),
            {"starts_local": three_weeks(stage, 5)[0]["starts_local"].replace("T10", "T13")},
            same.content["version"],
        )
        waited = time.monotonic() - began
    assert (same.status, moved.status) == (200, 200)
    assert waited < UNBLOCKED_WITHIN
    stage.keeps_its_word(clinic, [patient, series, same, moved], seed, passing={"503"})
