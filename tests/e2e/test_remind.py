"""Journey 2: three days, one day and two hours ahead, in the patient's zone, language and quiet hours; they answer."""

from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from shared.ids import new_id
from shared.localtime import to_local
from tests.e2e.practice import ONE, Practice, open_practice, run_to
from tests.e2e.town import Town, a_phone, eventually, ok
from tests.e2e.world import by_day

pytestmark = pytest.mark.timeout(180)
HOME: Final = "America/Los_Angeles"
"""Three hours behind the clinic in New York."""


@pytest.fixture
def own(town: Town) -> Practice:
    """A clinic in New York with two chairs and two nurses, in the daytime."""
    practice = open_practice(town, chairs=2, nurses=2)
    by_day(practice)
    return practice


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def said(practice: Practice, series: dict[str, Any], kind: str, offset: str) -> tuple[str, str]:
    """When it went out, on the patient's wall and to the minute, and what it said."""
    rows = practice.messages(about=f"series/{series['id']}/sessions/1")
    [row] = [row for row in rows if (row["kind"], row["offset"], row["status"]) == (kind, offset, "sent")]
    assert row["channel"] == "sms"
    return f"{to_local(instant(row['history'][-1]['at']), HOME):%a %H:%M}", row["text"]


def answer(practice: Practice, phone: str, text: str) -> str:
    """Hand in what a patient writes; what it is understood as."""
    body = {"from": phone, "text": text, "provider_id": new_id(), "received_at": practice.town.clock().isoformat()}
    return str(ok(practice.http.post(practice.at("notify", "/replies"), body))["answer"])


def statuses(practice: Practice, patient: dict[str, Any], kind: str) -> set[str]:
    return {row["status"] for row in practice.messages(patient_id=patient["id"]) if row["kind"] == kind}


def unconfirmed(practice: Practice) -> set[str]:
    """Whose visits the front desk sees that nobody has confirmed."""
    found = ok(practice.http.get(practice.at("notify", "/visits/unconfirmed")))["items"]
    return {visit["patient_id"] for visit in found}


def test_a_patient_elsewhere_is_reminded_in_their_language_and_at_their_hours_and_answers(own: Practice):
    ana = own.register(locale="es", zone=HOME, escort_phone=a_phone())
    start = own.soon(hour=10)
    series = own.book(ana["id"], [start], ONE)
    silent = own.book(own.register()["id"], [start], ONE)
    starts_at = instant(series["sessions"][0]["starts_at"])
    when = f"lun {start.day}/{start.month} a las 10:00 {starts_at.astimezone(ZoneInfo(own.zone)):%Z}"
    eventually(lambda: len(own.messages()) >= 10, "planning the reminders")

    run_to(own.town, [own], starts_at - timedelta(days=2))
    at, text = said(own, series, "reminder", "P3D")
    assert (at, when in text) == ("Fri 08:00", True), text
    assert "Responda 1 para confirmar, 2 para cambiar" in text
    [first] = [row for row in own.messages(patient_id=ana["id"]) if row["kind"] == "confirmation" and row["text"]]
    assert "STOP" in first["text"]

    assert answer(own, ana["phone"], "1") == "confirm"
    path = own.at("booking", f"/series/{series['id']}")
    eventually(lambda: ok(own.http.get(path))["sessions"][0]["confirmed_at"], "confirming the session")
    eventually(lambda: "cancelled" in statuses(own, ana, "unconfirmed"), "hearing that it is confirmed")

    run_to(own.town, [own], starts_at - timedelta(minutes=1))
    at, text = said(own, series, "reminder", "P1D")
    assert (at, when in text) == ("Sun 08:00", True), text
    assert "Nada de comida desde las 4:00, bebidas claras hasta las 8:00. Traiga acompañante." in text
    assert "Responda 1" not in text
    # Two hours ahead it is five in the morning there: the evening before instead.
    at, text = said(own, series, "reminder", "PT2H")
    assert (at, when in text) == ("Sun 20:30", True), text
    assert "Llegue 15 min antes con su acompañante" in text
    at, text = said(own, series, "escort-reminder", "P1D")
    assert (at, "recoja a su acompañante" in text) == ("Sun 08:00", True), text

    assert unconfirmed(own) == {silent["patient_id"]}
    assert answer(own, ana["phone"], "2") == "change"
    tasks = own.at("booking", "/tasks")
    [task] = eventually(lambda: ok(own.http.get(tasks, kind="change-requested"))["items"], "telling the desk")
    assert (task["series_id"], task["number"]) == (series["id"], 1)
