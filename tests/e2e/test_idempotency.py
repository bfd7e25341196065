"""Every POST: a repetition has one effect and one answer, however and whenever it comes."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final

import pytest
import requests

from deploy.local.treatment_day import OBSERVED, Dose
from services.booking.store.consent import running_out
from services.booking.store.offer import to_offer, unanswered
from services.booking.store.series import due as overdue
from services.booking.store.series import outlived
from services.booking.store.treatment import unwatched
from shared.process.retelling import HearAgainRequest
from tests.e2e.described import BODIES, QUESTIONS, Operation, operations
from tests.e2e.practice import ONE, Practice, open_practice
from tests.e2e.set_aside import hold_events, spoil_records
from tests.e2e.town import SERVICES, Http, Town, eventually, ok, problem
from tests.e2e.world import (
    add_external_doses,
    booked_for_now,
    draft,
    everybody_goes_home,
    hold,
    hold_treatment,
    known_to_notify,
    leave_alert,
    leave_message,
    leave_reply,
    leave_task,
    make_feed,
    make_offer,
    nobody_waits,
    open_check_in,
    put_on_hold,
    raise_page,
    release,
    sign_order,
)
from tests.support.fault_checks import Evidence, unclosed, unheard, unopened, unpaged, unsent, untold

AT_ONCE: Final = 4


@dataclass(frozen=True)
class Clinic:
    """The clinic that all of it happens in, with one patient."""

    practice: Practice
    patient_id: str


@pytest.fixture(scope="module")
def clinic(town: Town) -> Clinic:
    practice = open_practice(town, chairs=12, nurses=12)
    return Clinic(practice, practice.register()["id"])


@pytest.fixture(scope="module")
def routes(town: Town) -> Mapping[str, Operation]:
    return {route.name: route for route in operations(town) if route.acts}


def nothing(_: Clinic) -> dict[str, str]:
    return {}


def a_key(clinic: Clinic) -> dict[str, str]:
    return {"key_id": clinic.practice.issue_key("front_desk")["access_key"]["id"]}


def a_series(clinic: Clinic) -> dict[str, str]:
    series = clinic.practice.book(clinic.practice.register()["id"], (), ONE)
    return {"series_id": series["id"], "number": "1"}


def a_series_after(step: str) -> Callable[[Clinic], dict[str, str]]:
    """A series that the patient called off in part, or lets rest."""

    def prepare(clinic: Clinic) -> dict[str, str]:
        names = a_series(clinic)
        path = clinic.practice.at("booking", f"/series/{names['series_id']}/{step}")
        ok(clinic.practice.http.post(path, {"reason": "patient"}))
        return names

    return prepare


def a_dose(*steps: Callable[[Practice, Dose], Any]) -> Callable[[Clinic], dict[str, str]]:
    """A dose that is due by the clock, after these steps."""

    def prepare(clinic: Clinic) -> dict[str, str]:
        practice = clinic.practice
        dose = practice.dose(booked_for_now(practice, practice.register()["id"]))
        for step in steps:
            step(practice, dose)
        return {"series_id": dose.series_id, "number": "1"}

    return prepare


def arrived(_: Practice, dose: Dose) -> None:
    dose.check_in()


def ready(practice: Practice, dose: Dose) -> None:
    dose.check_in()
    dose.make_ready(practice.now, practice.supervisor)


def begun(practice: Practice, dose: Dose) -> None:
    ready(practice, dose)
    dose.start()


def advised(practice: Practice, dose: Dose) -> None:
    begun(practice, dose)
    dose.read(systolic=182)


def over(practice: Practice, dose: Dose) -> None:
    begun(practice, dose)
    dose.end()


def free_to_go(practice: Practice, dose: Dose) -> None:
    over(practice, dose)
    practice.town.move_to(practice.town.clock() + OBSERVED)
    dose.read()
    dose.act("dissociation", points=1)
    dose.act("suicide-risk", level="none")


def an_adverse_event(clinic: Clinic) -> dict[str, str]:
    names = a_dose(begun)(clinic)
    event = BODIES["add_adverse_event"](clinic.practice, "")
    known = Dose(clinic.practice.do, names["series_id"]).act("adverse-events", **event)
    return {**names, "event_id": known["adverse_events"][0]["id"]}


def a_check_in(clinic: Clinic) -> dict[str, str]:
    return {"check_in_id": open_check_in(clinic.practice, clinic.practice.register()["id"])["id"]}


def an_external_dose(clinic: Clinic) -> dict[str, str]:
    patient_id = clinic.practice.register()["id"]
    return {"patient_id": patient_id, "dose_id": add_external_doses(clinic.practice, patient_id, "2020-06-03")[0]}


def an_open_assessment(clinic: Clinic) -> dict[str, str]:
    """A draft of a patient with porphyria."""
    patient_id = clinic.practice.register()["id"]
    return {"patient_id": patient_id, "assessment_id": draft(clinic.practice, patient_id, porphyria=True)}


def an_assessment_to_approve(clinic: Clinic) -> dict[str, str]:
    patient_id = clinic.practice.register()["id"]
    return {"patient_id": patient_id, "assessment_id": draft(clinic.practice, patient_id)}


def a_signed_order(clinic: Clinic) -> dict[str, str]:
    series = clinic.practice.book(clinic.practice.register()["id"], (), ONE)
    return {"series_id": series["id"], "order_id": sign_order(clinic.practice, series)}


def a_topic(_: Clinic) -> dict[str, str]:
    return {"topic": "faq.how"}


def a_consent(clinic: Clinic) -> dict[str, str]:
    patient_id = clinic.practice.register()["id"]
    return {"patient_id": patient_id, "consent_id": release(clinic.practice, patient_id)}


def a_session_on_hold(clinic: Clinic) -> dict[str, str]:
    return {"series_id": put_on_hold(clinic.practice)["id"], "number": "1"}


def an_alert(*steps: str) -> Callable[[Clinic], dict[str, str]]:
    """An alert, after these steps."""

    def prepare(clinic: Clinic) -> dict[str, str]:
        alert_id = leave_alert(clinic.practice, clinic.practice.register()["id"])
        for step in steps:
            ok(clinic.practice.http.post(clinic.practice.at("followup", f"/alerts/{alert_id}/{step}")))
        return {"alert_id": alert_id}

    return prepare


def a_treatment_on_hold(clinic: Clinic) -> dict[str, str]:
    patient_id = clinic.practice.register()["id"]
    return {"patient_id": patient_id, "alert_id": hold_treatment(clinic.practice, patient_id)}


def a_patient(clinic: Clinic) -> dict[str, str]:
    return {"patient_id": clinic.patient_id}


def somebody_untreated(clinic: Clinic) -> dict[str, str]:
    return {"patient_id": clinic.practice.register()["id"]}


def an_instrument(_: Clinic) -> dict[str, str]:
    return {"code": "peg"}


def a_resource(clinic: Clinic) -> dict[str, str]:
    return {"resource_id": clinic.practice.resources["chair"][0]}


def a_feed(clinic: Clinic) -> dict[str, str]:
    return make_feed(clinic.practice)


def a_task(clinic: Clinic) -> dict[str, str]:
    return {"task_id": leave_task(clinic.practice, clinic.practice.register()["id"])}


def a_hold(clinic: Clinic) -> dict[str, str]:
    return {"hold_id": hold(clinic.practice)["id"]}


def an_offer(clinic: Clinic) -> dict[str, str]:
    return make_offer(clinic.practice)


def a_series_to_wait_for(clinic: Clinic) -> dict[str, str]:
    clinic.practice.book(clinic.patient_id, (), ONE)
    return {}


def somebody_else(clinic: Clinic) -> dict[str, str]:
    return {"patient_id": known_to_notify(clinic.practice)}


def with_messages_going(clinic: Clinic) -> dict[str, str]:
    messaging = clinic.practice.at("notify", "/messaging")
    if ok(clinic.practice.http.get(messaging))["is_paused"]:
        ok(clinic.practice.http.post(f"{messaging}/resume"))
    return {}


def with_messages_paused(clinic: Clinic) -> dict[str, str]:
    with_messages_going(clinic)
    ok(clinic.practice.http.post(clinic.practice.at("notify", "/messaging/pause"), {"reason": "a test"}))
    return {}


def a_failed_message(clinic: Clinic) -> dict[str, str]:
    return {"message_id": leave_message(clinic.practice, known_to_notify(clinic.practice))}


def a_reply(clinic: Clinic) -> dict[str, str]:
    return {"reply_id": leave_reply(clinic.practice)}


def a_page(clinic: Clinic) -> dict[str, str]:
    return {"page_id": raise_page(clinic.practice)}


def a_page_taken_on(clinic: Clinic) -> dict[str, str]:
    names = a_page(clinic)
    ok(clinic.practice.http.post(clinic.practice.at("notify", f"/pages/{names['page_id']}/acknowledge")))
    return names


def a_held_event(clinic: Clinic) -> dict[str, str]:
    return {"event_id": hold_events(clinic.practice.town, 1)[0]}


def a_poison_record(clinic: Clinic) -> dict[str, str]:
    return {"record_id": spoil_records(clinic.practice.town, 1)[0]}


PREPARED: Final[Mapping[str, Callable[[Clinic], dict[str, str]]]] = {
    "open_clinic": nothing,
    "issue_key": nothing,
    "rotate_key": a_key,
    "revoke_key": a_key,
    "register_patient": nothing,
    "add_resource": nothing,
    "publish_protocol": nothing,
    "book_series": nothing,
    "cancel_series": a_series,
    "cancel_session": a_series,
    "rebook_session": a_series_after("sessions/1/cancel"),
    "move_sessions": a_series,
    "shift_series": a_series,
    "pause_series": a_series,
    "resume_series": a_series_after("pause"),
    "confirm_session": a_series,
    "add_feed": a_resource,
    "revoke_feed": a_feed,
    "check_in_session": a_dose(),
    "prepare_session": a_dose(arrived),
    "override_gate": a_dose(arrived),
    "add_reading": a_dose(arrived),
    "start_session": a_dose(ready),
    "add_adverse_event": a_dose(begun),
    "resolve_adverse_event": an_adverse_event,
    "continue_infusion": a_dose(advised),
    "end_infusion": a_dose(begun),
    "note_left": a_dose(over),
    "add_score": a_dose(over),
    "note_suicide_risk": a_dose(over),
    "discharge_session": a_dose(free_to_go),
    "mark_missed": a_dose(),
    "hold_series": nothing,
    "confirm_hold": a_hold,
    "release_hold": a_hold,
    "join_waitlist": a_series_to_wait_for,
    "withdraw_entry": an_offer,
    "accept_offer": an_offer,
    "decline_offer": an_offer,
    "decide_person": a_patient,
    "erase_patient": somebody_untreated,
    "add_external_dose": a_patient,
    "remove_external_dose": an_external_dose,
    "release_session": a_session_on_hold,
    "release_clinical_hold": a_treatment_on_hold,
    "sign_dose_order": a_series,
    "countersign_dose_order": a_signed_order,
    "note_signal": a_patient,
    "draft_assessment": a_patient,
    "sign_consent": a_patient,
    "withdraw_consent": a_consent,
    "review_education": a_topic,
    "note_exam": an_open_assessment,
    "note_finding": an_open_assessment,
    "decide_screening": an_open_assessment,
    "approve_assessment": an_assessment_to_approve,
    "complete_task": a_task,
    "cancel_task": a_task,
    "receive_reply": nothing,
    "finish_reply": a_reply,
    "record_consent": a_patient,
    "pause_messaging": with_messages_going,
    "resume_messaging": with_messages_paused,
    "publish_template": nothing,
    "send_test": nothing,
    "resend_message": a_failed_message,
    "deal_with_message": a_failed_message,
    "write_to_patient": somebody_else,
    "acknowledge_page": a_page,
    "note_reached": a_page_taken_on,
    "acknowledge_alert": an_alert(),
    "contact_alert": an_alert(),
    "regrade_alert": an_alert(),
    "close_alert": an_alert("acknowledge"),
    "enter_answers": a_check_in,
    "cancel_check_in": a_check_in,
    "publish_plan": nothing,
    "load_text": an_instrument,
    "replay_held": a_held_event,
    "discard_held": a_held_event,
    "replay_poison": a_poison_record,
    "discard_poison": a_poison_record,
    "republish": nothing,
    "hear_again": nothing,
}
"""What must be there before each of them can have its effect."""
OTHER_BODY: Final[Mapping[str, Any]] = {
    "open_clinic": {"phone": "030 1"},
    "issue_key": {"label": "another label"},
    "rotate_key": {"overlap_seconds": 61},
    "register_patient": {"name": "Somebody Else"},
    "add_resource": {"name": "Another room"},
    "publish_protocol": {"slug": "another-slug"},
    "book_series": {"first_fit": {"time_of_day": "11:00"}},
    "cancel_series": {"reason": "weather"},
    "cancel_session": {"reason": "weather"},
    "rebook_session": {"second": True},
    "move_sessions": {"sessions": [{"number": 2, "starts_local": "2029-01-08T10:00"}]},
    "shift_series": {"days": 2},
    "pause_series": {"reason": "weather"},
    "resume_series": {"sessions": [{"number": 1, "starts_local": "2029-01-08T10:00"}]},
    "add_feed": {"label": "another phone"},
    "check_in_session": {"late_kept": True},
    "prepare_session": {"mania_total": 1},
    "override_gate": {"reason": "seen again"},
    "add_reading": {"systolic": 129},
    "add_adverse_event": {"severity": 2},
    "resolve_adverse_event": {"resolved_at": "2027-01-04T10:00:00Z"},
    "continue_infusion": {"reason": "seen again"},
    "end_infusion": {"given_mg": "30"},
    "note_left": {"reason": "seen again"},
    "add_score": {"points": 2},
    "note_suicide_risk": {"level": "low"},
    "discharge_session": {"nausea": "mild"},
    "mark_missed": {"reason": "late"},
    "hold_series": {"minutes": 31},
    "join_waitlist": {"priority": 9},
    "decide_person": {"decision": "different"},
    "erase_patient": {"reason": "asked for by phone"},
    "add_external_dose": {"source": "other-clinic"},
    "release_session": {"reason": "seen again"},
    "release_clinical_hold": {"reason": "seen again"},
    "sign_dose_order": {"minutes": 50},
    "note_signal": {"kind": "home-use"},
    "sign_consent": {"text_version": "1.1"},
    "withdraw_consent": {"reason": "changed it again"},
    "review_education": {"version": 2},
    "draft_assessment": {"sex": "female"},
    "note_exam": {"exam": {"kind": "ecg", "on": "2020-06-03", "word": "abnormal"}},
    "note_finding": {"question": "pregnancy"},
    "decide_screening": {"reason": "seen again"},
    "complete_task": {"note": "wrote a letter"},
    "cancel_task": {"note": "not any more"},
    "receive_reply": {"text": "1"},
    "record_consent": {"status": "opted-out"},
    "pause_messaging": {"reason": "the snow"},
    "publish_template": {"subject": "{{alias}}: your next visit"},
    "send_test": {"phone": "+14155550151"},
    "resend_message": {"reason": "nothing came yet"},
    "deal_with_message": {"note": "wrote a letter"},
    "write_to_patient": {"text": "Please bring your old card."},
    "contact_alert": {"note": "spoke again"},
    "regrade_alert": {"tier": 3},
    "close_alert": {"reason": "nothing left to do"},
    "enter_answers": {"entered_by": "Nurse Bell"},
    "cancel_check_in": {"reason": "not-wanted"},
    "publish_plan": {"questions": {**QUESTIONS, "usual_time": "11:00"}},
    "load_text": {"source": "another form"},
    "replay_held": {"despite_gap": True},
    "republish": {"clinic_id": None},
    "hear_again": dict(HearAgainRequest.Meta.example),
}
"""What another intent would say; those without a body differ by having one."""
SERVICE_OF_OPERATOR: Final = "notify"
TAKES_ITS_COURSE: Final = ("series", "offers", "waitlist", "treatments", "consents", "tasks", "alerts", "pages")
"""What time and other services change: sessions fall due, offers end, alerts lie unanswered."""


def test_every_post_is_walked(routes):
    assert routes.keys() == PREPARED.keys()
    assert routes.keys() & BODIES.keys() == OTHER_BODY.keys()


def settle(town: Town, clinic_id: str) -> None:
    """Until all has been done that came due when the clock was moved, and is told, heard and sent."""
    booking, now = town.databases()[SERVICES.index("booking")], town.clock()
    due = {
        "consents": [running_out(now)],
        "series": [overdue(now), outlived(now)],
        "offers": [unanswered(now)],
        "openings": [to_offer(now)],
        "treatments": [unwatched(now)],
    }

    def waiting() -> list[str]:
        rows = ((name, {**filter, "clinic_id": clinic_id}) for name, filters in due.items() for filter in filters)
        return [name for name, filter in rows if booking[name].find_one(filter)]

    evidence = Evidence(dict(zip(SERVICES, town.databases(), strict=True)), clinic_id, Path())

    def unfinished() -> list[str]:
        parts = (
            unopened(evidence, now),
            unclosed(evidence, now),
            unpaged(evidence, now),
            untold(evidence),
            unheard(evidence),
            unsent(evidence, now),
        )
        return [*waiting(), *chain.from_iterable(parts)]

    def is_settled() -> bool:
        """Twice: what one look found done may have led to more behind its back."""
        return not (unfinished() or unfinished())

    eventually(is_settled, "doing what is due")


def left_behind(town: Town, clinic: Clinic, service: str) -> list[Any]:
    """What earlier cases left in this service: it goes on by itself, one more repetition changes nothing of it."""
    database = town.databases()[SERVICES.index(service)]
    rows = (database[name].find({"clinic_id": clinic.practice.id}, {"_id": 1}) for name in TAKES_ITS_COURSE)
    return [row["_id"] for row in chain.from_iterable(rows)]


def effects(town: Town, clinic_id: str, service: str, names: Mapping[str, str], others: list[Any]) -> dict[str, Any]:
    """Every aggregate of a clinic in the service that is asked, and how often it was changed; also all clinics.

    But not `others`. Of check-ins only the one in question: others of this clinic open by themselves meanwhile. Nor do
    places count that came free: they are offered by themselves. Of messages it counts which there are: they go out by
    themselves.
    """
    database = town.databases()[SERVICES.index(service)]
    mine = {"clinic_id": clinic_id, "version": {"$exists": True}, "_id": {"$nin": others}}
    if "check_in_id" in names:
        mine["_id"] = names["check_in_id"]
    found: dict[str, Any] = {
        name: sorted((str(row["_id"]), row["version"]) for row in database[name].find(mine, {"version": 1}))
        for name in database.list_collection_names()
        if name != "openings"
    }
    if "messages" in found:
        found["messages"] = [id for id, _ in found["messages"]]
    # A collection of which nothing is here comes with the first event that is heard.
    kept = {name: rows for name, rows in found.items() if rows}
    return {**kept, "all clinics": database["clinics"].count_documents({})}


@pytest.mark.parametrize("name", PREPARED)
def test_a_repeated_post_has_one_effect_and_one_answer(town, clinic, routes, name):
    route = routes[name]
    # Else who waits from an earlier case is offered the place that this one frees, in the midst of it. And a chair
    # in which somebody is still being treated takes no dose.
    nobody_waits(clinic.practice)
    everybody_goes_home(clinic.practice)
    others = left_behind(town, clinic, route.service)
    names = PREPARED[name](clinic)
    path = route.filled(clinic_id=clinic.practice.id, **names)
    path = path.replace("/booking/v1/operations", f"/{SERVICE_OF_OPERATOR}/v1/operations")
    body = BODIES[name](clinic.practice, clinic.patient_id) if name in BODIES else None
    key = town.platform.platform_key if "platform" in route.scopes else clinic.practice.key
    http = Http(town.url, key)

    def send(said: Any, headers: Mapping[str, str]) -> requests.Response:
        return http.send("POST", path, headers=dict(headers), **({} if said is None else {"json": said}))

    def seen() -> dict[str, Any]:
        return effects(town, clinic.practice.id, route.service, names, others)

    settle(town, clinic.practice.id)
    before = seen()
    missing = problem(send(body, {}), 422, "idempotency-key-missing")
    assert missing["status"] in route.statuses
    assert seen() == before

    mine = {"Idempotency-Key": f"repeated {name} {path}"}
    # What the operator sets right is no part of a unit of work: of four at once three may be told that it is done.
    at_once = 1 if name in WITHOUT_AGGREGATES else AT_ONCE
    with ThreadPoolExecutor(at_once) as pool:
        answers = list(pool.map(lambda _: send(body, mine), range(at_once)))
    assert {answer.status_code for answer in answers} <= {200, 201}, [answer.text for answer in answers]
    after = seen()
    assert name in WITHOUT_AGGREGATES or after != before

    answers.append(send(body, mine))
    first = (answers[0].status_code, answers[0].content, answers[0].headers.get("ETag"))
    assert [(one.status_code, one.content, one.headers.get("ETag")) for one in answers] == [first] * len(answers)
    other = {**(body or {}), **OTHER_BODY.get(name, {"another": "intent"})}
    problem(send(other, mine), 422, "idempotency-key-reused")
    assert seen() == after
    assert _grown(before, after, name) <= 1


WITHOUT_AGGREGATES: Final = {
    *("replay_held", "discard_held", "replay_poison", "discard_poison", "republish", "hear_again")
}
CREATES: Final[Mapping[str, str]] = {
    "open_clinic": "clinics",
    "issue_key": "access_keys",
    "rotate_key": "access_keys",
    "register_patient": "patients",
    "add_resource": "resources",
    "publish_protocol": "protocols",
    "book_series": "series",
    "receive_reply": "replies",
    "write_to_patient": "messages",
    "resend_message": "messages",
    "hold_series": "series",
    "draft_assessment": "assessments",
    "sign_consent": "consents",
    "add_feed": "feeds",
    "join_waitlist": "waitlist",
}


def _grown(before: Mapping[str, Any], after: Mapping[str, Any], name: str) -> int:
    """How many of what it creates there are more."""
    if name not in CREATES:
        return 0
    if name == "open_clinic":
        return int(after["all clinics"] - before["all clinics"])
    return len(after[CREATES[name]]) - len(before.get(CREATES[name], ()))


def test_a_refusal_is_repeated_as_well(clinic):
    body = {"name": "Nobody", "birth_date": "2999-01-01"}
    path = clinic.practice.at("booking", "/patients")
    answers = [clinic.practice.http.post(path, body, idempotency_key="refused") for _ in range(2)]
    assert answers[0].status_code == 422
    assert answers[0].content == answers[1].content
    accepted = {"name": "Somebody", "birth_date": "1999-01-01", "phone": "+14155550133"}
    problem(clinic.practice.http.post(path, accepted, idempotency_key="refused"), 422, "idempotency-key-reused")


def test_an_invalid_body_does_not_use_the_key_up(clinic):
    path = clinic.practice.at("booking", "/patients")
    problem(clinic.practice.http.post(path, {"name": 5}, idempotency_key="typing error"), 422, "invalid")
    accepted = {"name": "Somebody", "birth_date": "1999-01-01", "phone": "+14155550134"}
    assert clinic.practice.http.post(path, accepted, idempotency_key="typing error").status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "with\ttab"])
def test_a_strange_key_is_refused(clinic, key):
    path = clinic.practice.at("booking", "/patients")
    answer = clinic.practice.http.send(
        "POST", path, json={"name": "A", "birth_date": "1999-01-01"}, headers={"Idempotency-Key": key}
    )
    problem(answer, 422, "idempotency-key-missing")
