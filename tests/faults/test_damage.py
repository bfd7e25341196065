"""What cannot be applied or read: it waits in its service's drawers, others flow, and the operator's routes mend it."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from deploy.local.desk import Desk
from deploy.local.story import Clinic
from deploy.local.waiting import wait_until
from shared.envelope import Envelope, to_wire
from shared.ids import new_id
from shared.messaging.topics import topic_of
from tests.support.fault_checks import set_aside
from tests.support.fault_load import Answered, Client, family_name, make_bookable
from tests.support.fault_stage import Stage
from tests.support.fault_wire import Topic

pytestmark = pytest.mark.timeout(400)

SOON = 60.0


@pytest.fixture
def operator(stage: Stage) -> Desk:
    return Desk(stage.platform.url, stage.platform.platform_key)


@pytest.fixture
def topic(stage: Stage) -> Topic:
    return Topic(stage.platform.kafka.address, topic_of(stage.platform.installation.namespace, "kadence.booking.v1"))


def a_series(stage: Stage, client: Client, clinic: Clinic, name: str) -> list[Answered]:
    """A patient with a series."""
    person = {"name": f"{name} {family_name(clinic)}", "birth_date": "1985-12-10", "email": f"{name}@example.com"}
    patient = client.post(f"/booking/v1/clinics/{clinic.id}/patients", person)
    make_bookable(client, clinic, patient.content["id"], stage.clock().date())
    wish = {"patient_id": patient.content["id"], "protocol": "booster-single", "condition": "depression"}
    series = client.post(f"/booking/v1/clinics/{clinic.id}/series", {**wish, "first_fit": {}})
    return [patient, series]


def cancelled(client: Client, clinic: Clinic, series: Answered) -> Answered:
    path = f"/booking/v1/clinics/{clinic.id}/series/{series.content['id']}/sessions/1/cancel"
    return client.post(path, {"reason": "patient"})


def moved(client: Client, clinic: Clinic, series: Answered) -> Answered:
    """To two hours later."""
    hour = int(series.content["sessions"][0]["starts_local"][11:13])
    later = series.content["sessions"][0]["starts_local"].replace(f"T{hour:02}", f"T{hour + 3:02}")
    path = f"/booking/v1/clinics/{clinic.id}/series/{series.content['id']}/sessions/1"
    return client.patch(path, {"starts_local": later}, series.content["version"])


def test_a_damaged_row_holds_its_aggregate_until_it_is_mended(
    stage: Stage, clinic: Clinic, operator: Desk, seed: int
) -> None:
    evidence = stage.evidence(clinic)
    visits = evidence.databases["notify"]["visits"]
    with stage.client(clinic) as client:
        history = a_series(stage, client, clinic, "damaged")
        stage.settle(clinic)
        visit = f"series/{history[1].content['id']}/sessions/1"
        visits.update_one({"_id": visit}, {"$rename": {"starts_at": "lost"}})
        history.append(moved(client, clinic, history[1]))
        history.append(cancelled(client, clinic, history[1]))
        assert [answered.status for answered in history] == [201, 201, 200, 200]
        assert wait_until(lambda: len(evidence.rows("notify", "held")) == 2, SOON), evidence.rows("notify", "held")
        others = a_series(stage, client, clinic, "other")
        history += [*others, cancelled(client, clinic, others[1])]
        other = f"booking/series/{others[1].content['id']}"
        assert wait_until(lambda: evidence.rows("notify", "heard", _id=other, seq=2) != [], SOON)
    held = [row for row in operator.get("/notify/v1/operations/held")["items"] if row["clinic_id"] == clinic.id]
    assert [row["reason"] for row in held] == ["failed", "waiting"]
    visits.update_one({"_id": visit}, {"$rename": {"lost": "starts_at"}})
    operator.post(f"/notify/v1/operations/held/{held[0]['id']}/replay")
    assert [*set_aside(evidence)] == []
    stage.keeps_its_word(clinic, history, seed)


def test_records_that_cannot_be_read_keep_nobody_waiting(
    stage: Stage, clinic: Clinic, operator: Desk, topic: Topic, seed: int
) -> None:
    evidence = stage.evidence(clinic)
    for key, value, headers in unreadable(clinic.id, stage):
        topic.put(key, value, headers)
    with stage.client(clinic) as client:
        history = a_series(stage, client, clinic, "unaffected")
    hearers = ("notify", "followup")
    for hearer in hearers:
        found = poison(operator, hearer, 4)
        assert operator.post(f"/{hearer}/v1/operations/poison/{found[0]['id']}/replay") == {"outcome": "poison"}
        heard = f"booking/series/{history[1].content['id']}"
        assert wait_until(lambda: evidence.rows(hearer, "heard", _id=heard) != [], SOON)  # noqa: B023 - used at once
        for row in found:
            operator.post(f"/{hearer}/v1/operations/poison/{row['id']}/discard")
    stage.keeps_its_word(clinic, history, seed)


def poison(operator: Desk, hearer: str, count: int) -> list[dict[str, Any]]:
    """What lies there, as soon as it is so much."""
    found: list[dict[str, Any]] = []

    def look() -> bool:
        found[:] = operator.get(f"/{hearer}/v1/operations/poison")["items"]
        return len(found) >= count

    assert wait_until(look, SOON), found
    assert len(found) == count
    return found


def unreadable(clinic_id: str, stage: Stage) -> list[tuple[bytes, bytes, list[tuple[str, bytes]]]]:
    """No JSON; far too long; a version that nobody knows; a header that names another clinic."""
    told = an_event(clinic_id, stage, "session.moved.v9", {"number": 1})
    key, value, headers = to_wire(told)
    strange = [(name, b"another" if name == "ce_clinicid" else text) for name, text in headers]
    long = json.dumps({"specversion": "1.0", "data": "x" * (2 << 20)}).encode()
    return [(key, b"{no json", headers), (key, long, headers), (key, value, headers), (key, value, strange)]


def an_event(clinic_id: str, stage: Stage, type: str, data: Mapping[str, Any]) -> Envelope:
    return Envelope(
        id=new_id(),
        type=type,
        source="booking",
        subject=f"series/{new_id()}",
        seq=1,
        time=stage.clock(),
        clinic_id=clinic_id,
        correlation_id=new_id(),
        causation_id=new_id(),
        traceparent="",
        data=data,
    )
