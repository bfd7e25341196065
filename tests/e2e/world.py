"""A clinic in which every kind of thing exists, so that every route has something to speak of."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from deploy.local.clear_patient import an_assessment
from deploy.local.order_dose import order_dose
from deploy.local.treatment_day import Dose
from services.booking.domain.clinic.task import TaskKind, new_task
from services.followup.domain.alert import Alert
from services.notify.domain.message import Channel, Kind, Status, Step
from services.notify.domain.planning import Meaning, Timing, queued
from shared.converters import to_document
from shared.ids import new_id
from tests.e2e.described import A_REGIMEN, BODIES, HIGH_RISK
from tests.e2e.practice import NOBODY, ONE, Practice, a_wish
from tests.e2e.refusals import let_rest
from tests.e2e.town import SERVICES, Http, a_phone, eventually, ok

UNKNOWN: Final[Mapping[str, str]] = {
    "patient_id": NOBODY,
    "series_id": NOBODY,
    "resource_id": NOBODY,
    "key_id": NOBODY,
    "check_in_id": NOBODY,
    "slug": "nobody-published-this",
    "name": "nobody-counts-this",
    "number": "1",
    "event_id": NOBODY,
    "record_id": NOBODY,
    "dose_id": NOBODY,
    "task_id": NOBODY,
    "hold_id": NOBODY,
    "entry_id": NOBODY,
    "offer_id": NOBODY,
    "feed_id": NOBODY,
    "code": "nobody-made-this",
    "message_id": NOBODY,
    "page_id": NOBODY,
    "reply_id": NOBODY,
    "alert_id": NOBODY,
    "assessment_id": NOBODY,
    "consent_id": NOBODY,
    "order_id": NOBODY,
    "topic": "faq.nobody-asks",
    "questionnaire_id": NOBODY,
    "response_id": NOBODY,
    "observation_id": NOBODY,
}
"""Names of things that nobody has."""


@dataclass(frozen=True)
class Peopled:
    """A practice and the names of what is in it, by the name of the path parameter."""

    practice: Practice
    ids: Mapping[str, str]
    series_version: int


def booked_for_now(practice: Practice, patient_id: str) -> dict[str, Any]:
    """A series of one session that begins within minutes; the clock stands at its start afterwards."""
    series: dict[str, Any] = ok(practice.http.post(practice.at("booking", "/series"), _now(patient_id)))
    start = datetime.fromisoformat(series["sessions"][0]["starts_at"])
    practice.town.move_to(start + timedelta(seconds=1))
    return series


def _now(patient_id: str) -> dict[str, Any]:
    return {**a_wish(patient_id, [], ONE), "first_fit": {}}


def open_check_in(practice: Practice, patient_id: str) -> dict[str, Any]:
    """A treated patient's check-in of the day after, open for answers."""
    series = booked_for_now(practice, patient_id)
    practice.treat(series)
    path = practice.at("followup", f"/patients/{patient_id}/check-ins")

    def mine(*statuses: str) -> dict[str, Any]:
        answer = practice.http.get(path)
        found = answer.json()["items"] if answer.ok else []
        day_after = (one for one in found if (one["series_id"], one["kind"]) == (series["id"], "24h"))
        return next((one for one in day_after if one["status"] in statuses), {})

    planned = eventually(lambda: mine("scheduled", "open"), "planning a check-in")
    practice.town.move_to(datetime.fromisoformat(planned["due_at"]) + timedelta(seconds=1))
    return eventually(lambda: mine("open"), "opening the check-in")


def draft(practice: Practice, patient_id: str, **history: bool) -> str:
    """An assessment that is not approved yet, made today, with some answers of the history; its id."""
    body = an_assessment(practice.town.today(practice.zone))
    body["history"].update(history)
    return str(ok(practice.http.post(practice.at("booking", f"/patients/{patient_id}/assessments"), body))["id"])


def sign_order(practice: Practice, series: Mapping[str, Any]) -> str:
    """A dose order, signed by a clinician who signs nothing else, for somebody who was treated before; its id."""
    # A first patient must be weighed in the week before the dose, which may lie further ahead.
    add_external_doses(practice, series["patient_id"], "2020-06-04")
    key = practice.issue_key("clinician")["key"]
    practice.wait_known(key)
    http, today = Http(practice.town.url, key), practice.town.today(practice.zone)
    return order_dose(lambda path, body: ok(http.post(practice.at("booking", path), body)), series["id"], today)


def release(practice: Practice, patient_id: str) -> str:
    """The patient agrees that their practice at home is told how they are treated; the consent's id."""
    path = practice.at("booking", f"/patients/{patient_id}/consents")
    return str(ok(practice.http.post(path, BODIES["sign_consent"](practice, patient_id)))["id"])


def leave_task(practice: Practice, patient_id: str) -> str:
    """Something for the desk to see to, as if the patient had asked; its id."""
    detail = "Another time is wanted."
    task = new_task(TaskKind.CHANGE_REQUESTED, patient_id, detail, reason="a reply", at=practice.town.clock())
    kept = {**to_document(task), "_id": task.id, "clinic_id": practice.id, "version": 1, "told": 0, "outbox": []}
    practice.town.databases()[SERVICES.index("booking")]["tasks"].insert_one(kept)
    return task.id


def leave_alert(practice: Practice, patient_id: str) -> str:
    """An alert that pages nobody, as the second silence in a row raises it; its id."""
    at = practice.town.clock()
    alert = Alert(
        id=new_id(),
        patient_id=patient_id,
        series_id=NOBODY,
        session_number=1,
        check_in_id=NOBODY,
        trigger="contact-lost",
        tier=1,
        holds_treatment=False,
        because=("2 unanswered in a row",),
        sees="none",
        answered_at=at,
        raised_at=at,
    )
    kept = {**to_document(alert), "_id": alert.id, "clinic_id": practice.id, "version": 1, "told": 0, "outbox": []}
    practice.town.databases()[SERVICES.index("followup")]["alerts"].insert_one(kept)
    return alert.id


def known_to_notify(practice: Practice) -> str:
    """A new patient of whom notify has heard; their id."""
    patient_id = str(practice.register()["id"])
    path = practice.at("notify", f"/patients/{patient_id}/messages")
    eventually(lambda: practice.http.get(path).ok, "hearing of the patient")
    return patient_id


def leave_message(practice: Practice, patient_id: str, status: str = "failed") -> str:
    """A message that failed a moment ago, as a provider's refusal leaves it; its id."""
    now = practice.town.clock()
    meaning = Meaning(patient_id, f"patient/{patient_id}", Kind.MANUAL, Channel.SMS, offset=new_id())
    planned = queued(practice.id, meaning, Timing(now, now + timedelta(days=1)), at=now)
    reached = Status(status)
    failed = replace(planned, status=reached, history=(*planned.history, Step(reached, now, "refused")))
    database = practice.town.databases()[SERVICES.index("notify")]
    body = _sealed_as_somewhere(practice)
    kept = {**to_document(replace(failed, body=body)), "_id": failed.id, "clinic_id": practice.id}
    database["messages"].insert_one({**kept, "version": 1, "told": 0, "outbox": []})
    return failed.id


def _sealed_as_somewhere(practice: Practice) -> str:
    """A sealed text of the clinic: of a message that somebody wrote."""
    path = practice.at("notify", f"/patients/{known_to_notify(practice)}/messages")
    written = ok(practice.http.post(path, {"text": "Please bring your card."}))["id"]
    row = practice.town.databases()[SERVICES.index("notify")]["messages"].find_one({"_id": written})
    assert row is not None
    return str(row["body"])


def leave_reply(practice: Practice) -> str:
    """A text of a stranger, which a person has to read; its id."""
    said = {"from": a_phone(), "text": "Could you call me?", "provider_id": new_id()}
    body = {**said, "received_at": practice.town.clock().isoformat()}
    return str(ok(practice.http.post(practice.at("notify", "/replies"), body))["id"])


def raise_page(practice: Practice) -> str:
    """A page to the staff because of what a stranger wrote; its id."""
    said = {"from": a_phone(), "text": "I want to kill myself", "provider_id": new_id()}
    body = {**said, "received_at": practice.town.clock().isoformat()}
    reply = ok(practice.http.post(practice.at("notify", "/replies"), body))["id"]
    pages = ok(practice.http.get(practice.at("notify", "/pages"), limit=200))["items"]
    return str(next(page["id"] for page in pages if page["about"] == f"reply/{reply}"))


def hold(practice: Practice) -> dict[str, Any]:
    """A series of one session that is held for a day, for somebody."""
    body = {**a_wish(practice.register()["id"], [], ONE), "minutes": 1440}
    held: dict[str, Any] = ok(practice.http.post(practice.at("booking", "/holds"), body))
    return held


def add_external_doses(practice: Practice, patient_id: str, *dates: str) -> list[str]:
    """Doses from elsewhere that the patient tells of; their ids by date."""
    path = practice.at("booking", f"/patients/{patient_id}/external-doses")
    known = [ok(practice.http.post(path, {"on": day, "source": "patient"})) for day in dates]
    return [item["id"] for item in known[-1]["items"] if item["on"] in dates]


def put_on_hold(practice: Practice) -> dict[str, Any]:
    """A series of one session that is one dose too many, as turns out on its day."""
    patient_id = practice.register()["id"]
    series = booked_for_now(practice, patient_id)
    day = date.fromisoformat(series["sessions"][0]["starts_local"][:10])
    add_external_doses(practice, patient_id, *(str(day - timedelta(days=before)) for before in (3, 2, 1)))
    return series


def hold_treatment(practice: Practice, patient_id: str) -> str:
    """A treated patient's high risk, as a nurse enters it, holds the next dose; the alert's id."""
    check_in = open_check_in(practice, patient_id)
    entered = practice.at("followup", f"/check-ins/{check_in['id']}/answers")
    ok(practice.http.post(entered, {"answers": HIGH_RISK, "entered_by": "Nurse Ames"}))
    clearance = practice.at("booking", f"/patients/{patient_id}/clearance")
    holds = eventually(lambda: ok(practice.http.get(clearance))["holds"], "holding the treatment")
    return str(holds[0]["id"])


def by_day(practice: Practice) -> None:
    """Let it be an hour at which patients may be asked."""
    while not 9 <= practice.wall().hour < 20:
        practice.town.move_to(practice.town.clock() + timedelta(hours=6))


def everybody_goes_home(practice: Practice) -> None:
    """Let every dose end that somebody began: its chair stays taken until the patient is gone."""
    treatments = practice.town.databases()[SERVICES.index("booking")]["treatments"]
    for row in list(treatments.find({"clinic_id": practice.id, "status": {"$in": ["infusing", "recovering"]}})):
        dose = Dose(practice.do, row["series_id"], row["number"])
        if row["status"] == "infusing":
            dose.end()
        dose.act("left", reason="went home by themselves")


def nobody_waits(practice: Practice) -> None:
    """Withdraw whoever would be asked first: who declined a place waits on."""
    waitlist = practice.at("booking", "/waitlist")
    for entry in ok(practice.http.get(waitlist, status="waiting", limit=200))["items"]:
        ok(practice.http.post(f"{waitlist}/{entry['id']}/withdraw"))


def make_offer(practice: Practice) -> dict[str, str]:
    """Somebody waits, and the place that somebody else gives up is offered to them; what names the two."""
    by_day(practice)
    nobody_waits(practice)
    soon = practice.soon(13)
    former, waiting = (practice.book(practice.register()["id"], [soon + timedelta(days=n)], ONE) for n in (0, 1))
    entry = ok(practice.http.post(practice.at("booking", "/waitlist"), {"series_id": waiting["id"], "number": 1}))
    cancel = practice.at("booking", f"/series/{former['id']}/sessions/1/cancel")
    ok(practice.http.post(cancel, {"reason": "patient"}))
    offers = practice.at("booking", "/offers")
    made = eventually(lambda: ok(practice.http.get(offers, series_id=waiting["id"]))["items"], "offering the place")
    return {"entry_id": entry["id"], "offer_id": made[0]["id"]}


def make_feed(practice: Practice) -> dict[str, str]:
    """A calendar feed of a chair; what names it."""
    chair = practice.resources["chair"][0]
    made = ok(practice.http.post(practice.at("booking", f"/resources/{chair}/feeds"), {"label": "a phone"}))
    return {"resource_id": chair, "feed_id": made["feed"]["id"]}


def people(practice: Practice, **patient: Any) -> Peopled:
    """Put one of everything into a practice; `patient` are the details of its patient."""
    known = practice.register(**patient)
    # First of all: it takes days, in which what is open or held would end.
    alert_id = hold_treatment(practice, practice.register()["id"])
    check_in = open_check_in(practice, known["id"])
    # Another patient's, so that it keeps its distance from no treatment.
    series = practice.book(practice.register()["id"], [practice.soon()], ONE)
    slug = f"only-{practice.id[-12:]}"
    ok(practice.http.post(practice.at("booking", "/protocols"), {"slug": slug, "regimen": A_REGIMEN}))
    ids = {
        "patient_id": known["id"],
        "series_id": series["id"],
        **make_feed(practice),
        "key_id": practice.issue_key("front_desk")["access_key"]["id"],
        "check_in_id": check_in["id"],
        "slug": slug,
        "number": "1",
        "assessment_id": draft(practice, known["id"]),
        "dose_id": add_external_doses(practice, known["id"], "2020-06-01")[0],
        "order_id": sign_order(practice, series),
        "task_id": leave_task(practice, known["id"]),
        "consent_id": release(practice, known["id"]),
        "hold_id": hold(practice)["id"],
        "message_id": leave_message(practice, known_to_notify(practice)),
        "page_id": raise_page(practice),
        "reply_id": leave_reply(practice),
        "alert_id": alert_id,
        **make_offer(practice),
    }
    let_rest(practice.town, practice.id)
    return Peopled(practice, ids, series["version"])
