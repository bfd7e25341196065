"""Every POST: a repetition has one effect and one answer, however and whenever it comes."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import pytest
import requests

from tests.e2e.described import BODIES, Operation, operations
from tests.e2e.practice import ONE, Practice, open_practice
from tests.e2e.set_aside import hold_events, spoil_records
from tests.e2e.town import SERVICES, Http, Town, problem
from tests.e2e.world import booked_for_now, move, open_check_in

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
    return {route.name: route for route in operations(town) if route.method == "POST"}


def nothing(_: Clinic) -> dict[str, str]:
    return {}


def a_key(clinic: Clinic) -> dict[str, str]:
    return {"key_id": clinic.practice.issue_key("front_desk")["access_key"]["id"]}


def a_series(clinic: Clinic) -> dict[str, str]:
    series = clinic.practice.book(clinic.practice.register()["id"], (), ONE)
    return {"series_id": series["id"], "number": "1"}


def a_session(*steps: str) -> Callable[[Clinic], dict[str, str]]:
    """A session that has begun by the clock, after these steps."""

    def prepare(clinic: Clinic) -> dict[str, str]:
        series = booked_for_now(clinic.practice, clinic.practice.register()["id"])
        for step in steps:
            move(clinic.practice, series, step)
        return {"series_id": series["id"], "number": "1"}

    return prepare


def a_check_in(clinic: Clinic) -> dict[str, str]:
    return {"check_in_id": open_check_in(clinic.practice, clinic.practice.register()["id"])["id"]}


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
    "check_in_session": a_session(),
    "start_session": a_session("check-in"),
    "discharge_session": a_session("check-in", "start"),
    "mark_missed": a_session(),
    "enter_answers": a_check_in,
    "cancel_check_in": a_check_in,
    "replay_held": a_held_event,
    "discard_held": a_held_event,
    "replay_poison": a_poison_record,
    "discard_poison": a_poison_record,
    "republish": nothing,
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
    "mark_missed": {"reason": "late"},
    "enter_answers": {"entered_by": "Nurse Bell"},
    "cancel_check_in": {"reason": "not-wanted"},
    "replay_held": {"despite_gap": True},
    "republish": {"clinic_id": None},
}
"""What another intent would say; those without a body differ by having one."""
SERVICE_OF_OPERATOR: Final = "notify"


def test_every_post_is_walked(routes):
    assert routes.keys() == PREPARED.keys()
    assert routes.keys() & BODIES.keys() == OTHER_BODY.keys()


def effects(town: Town, clinic_id: str, service: str, names: Mapping[str, str]) -> dict[str, Any]:
    """Every aggregate of a clinic in the service that is asked, and how often it was changed; also all clinics.

    Of check-ins only the one in question: others of this clinic open by themselves meanwhile.
    """
    database = town.databases()[SERVICES.index(service)]
    mine = {"clinic_id": clinic_id, "version": {"$exists": True}}
    if "check_in_id" in names:
        mine["_id"] = names["check_in_id"]
    found: dict[str, Any] = {
        name: sorted((str(row["_id"]), row["version"]) for row in database[name].find(mine, {"version": 1}))
        for name in database.list_collection_names()
    }
    return {**found, "all clinics": database["clinics"].count_documents({})}


@pytest.mark.parametrize("name", PREPARED)
def test_a_repeated_post_has_one_effect_and_one_answer(town, clinic, routes, name):
    route = routes[name]
    names = PREPARED[name](clinic)
    path = route.filled(clinic_id=clinic.practice.id, **names)
    path = path.replace("/booking/v1/operations", f"/{SERVICE_OF_OPERATOR}/v1/operations")
    body = BODIES[name](clinic.practice, clinic.patient_id) if name in BODIES else None
    key = town.platform.platform_key if "platform" in route.scopes else clinic.practice.key
    http = Http(town.url, key)

    def send(said: Any, headers: Mapping[str, str]) -> requests.Response:
        return http.send("POST", path, headers=dict(headers), **({} if said is None else {"json": said}))

    def seen() -> dict[str, Any]:
        return effects(town, clinic.practice.id, route.service, names)

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


WITHOUT_AGGREGATES: Final = {"replay_held", "discard_held", "replay_poison", "discard_poison", "republish"}
CREATES: Final[Mapping[str, str]] = {
    "open_clinic": "clinics",
    "issue_key": "access_keys",
    "rotate_key": "access_keys",
    "register_patient": "patients",
    "add_resource": "resources",
    "publish_protocol": "protocols",
    "book_series": "series",
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
