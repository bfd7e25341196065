"""What is wrong with a request is said at once, in one form, and nothing else happens."""

import json
from typing import Any

import pytest
import requests

from tests.e2e.practice import Practice, a_patient
from tests.e2e.town import SERVICES, Http, ok, problem


@pytest.fixture
def patients(practice: Practice) -> str:
    return practice.at("booking", "/patients")


def pointers(document: dict[str, Any]) -> set[str]:
    return {fault["pointer"] for fault in document["errors"]}


def post_raw(practice: Practice, path: str, body: bytes, content_type: str | None) -> requests.Response:
    headers = {"Idempotency-Key": "raw"} | ({} if content_type is None else {"Content-Type": content_type})
    return practice.http.send("POST", path, data=body, headers=headers)


def test_every_bad_field_is_named_at_once(practice, patients):
    body = {"name": "", "birth_date": "10.12.1985", "phone": "555", "email": "@", "locale": "xx", "zone": "Mars/Base",
            "country": "usa", "privacy": "none", "preferred_channel": "fax", "shoe_size": 44}  # fmt: skip
    assert pointers(problem(practice.http.post(patients, body), 422, "invalid")) == {f"/{name}" for name in body}


def test_faults_deep_in_a_body_are_pointed_at(practice):
    hours = [{"weekday": "MO", "opens": "08:00", "closes": "17:00"}, {"weekday": "XX", "opens": "25:00"}]
    body = {"kind": "sofa", "name": "Chair", "hours": hours}
    refused = problem(practice.http.post(practice.at("booking", "/resources"), body), 422, "invalid")
    assert pointers(refused) == {"/kind", "/hours/1/weekday", "/hours/1/opens", "/hours/1/closes"}


def test_rules_beyond_the_form_name_every_reason_too(practice, patients):
    refused = problem(practice.http.post(patients, {"name": "Somebody", "birth_date": "2990-01-01"}), 422)
    assert pointers(refused) == {"/phone", "/birth_date"}


def test_what_nobody_asked_for_is_refused(practice, patients):
    refused = problem(practice.http.post(patients, a_patient(clinic_id="another")), 422, "invalid")
    assert pointers(refused) == {"/clinic_id"}
    for service, rest in (("booking", "/patients"), ("notify", "/messages")):
        refused = problem(practice.http.get(practice.at(service, rest), colour="blue"), 422, "invalid")
        assert pointers(refused) == {"/query/colour"}


@pytest.mark.parametrize(
    "name", ["Ada\x00Example", "Ada\nExample", "Ada\x1b[31m", "   ", "x" * 121, "\ud800", "a\u202eb"]
)
def test_a_name_is_printable_text_of_a_sane_length(practice, patients, name):
    assert pointers(problem(practice.http.post(patients, a_patient(name=name)), 422, "invalid")) == {"/name"}


@pytest.mark.parametrize(
    "name", ["Zoë Ærøskøbing", "Nguyễn Thị Ánh", "李小龍", "Ґалаґан-Їжак", "D'Arcy, Jr.", "👩‍⚕️ Ada"]
)
def test_names_of_people_are_names(practice, patients, name):
    answer = practice.http.post(patients, a_patient(name=name))
    # An emoji joined of several signs holds one that does not print: refused, but by name.
    assert answer.status_code == (422 if "\u200d" in name else 201)
    if answer.ok:
        assert ok(practice.http.get(f"{patients}/{answer.json()['id']}"))["name"] == name


@pytest.mark.parametrize("body", [b"{", b"", b"\xff\xfe", b'{"name": }', b"name=Ada", b"NaN{"])
def test_malformed_json_is_told_as_such(practice, patients, body):
    answer = post_raw(practice, patients, body, "application/json")
    assert answer.status_code in {400, 422} if not body else answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"5", b"null", b"[" * 50_000])
def test_json_that_is_no_object_is_refused(practice, patients, body):
    answer = post_raw(practice, patients, body, "application/json")
    assert answer.status_code in {400, 422}, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded", "application/xml"])
def test_another_media_type_is_refused(practice, patients, content_type):
    problem(post_raw(practice, patients, json.dumps(a_patient()).encode(), content_type), 415)


def test_a_body_that_is_too_large_is_refused(practice, patients):
    largest = 256 * 1024
    for size in (largest, 2 * largest, 16 * largest):
        body = json.dumps(a_patient(name="x" * size)).encode()
        problem(post_raw(practice, patients, body, "application/json"), 413)
    fitting = json.dumps(a_patient(name="x" * (largest - 500))).encode()
    assert pointers(problem(post_raw(practice, patients, fitting, "application/json"), 422)) == {"/name"}


def test_a_body_in_pieces_is_limited_too(practice, patients):
    def pieces() -> Any:
        yield b'{"name": "'
        for _ in range(300):
            yield b"x" * 1024
        yield b'"}'

    headers = {"Idempotency-Key": "pieces", "Content-Type": "application/json"}
    problem(practice.http.send("POST", patients, data=pieces(), headers=headers), 413)


@pytest.mark.parametrize("service", SERVICES)
def test_where_nothing_is_says_so_in_the_same_form(town, practice, service):
    for http in (practice.http, Http(town.url, None)):
        for path in (f"/{service}/v1/nothing", f"/{service}/nothing", f"/{service}/v1/clinics/{practice.id}/nothing/x"):
            problem(http.get(path), 404)


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_method_that_is_not_there_names_those_that_are(practice, method):
    for service, rest, allowed in (
        ("booking", "/patients", {"GET", "POST", "HEAD", "OPTIONS"}),
        ("booking", "", {"GET", "PATCH", "HEAD", "OPTIONS"}),
        ("notify", "/messages", {"GET", "HEAD", "OPTIONS"}),
    ):
        answer = practice.http.send(method, practice.at(service, rest))
        problem(answer, 405)
        assert {name.strip() for name in answer.headers["Allow"].split(",")} == allowed


def test_every_answer_can_be_found_in_the_logs(town, practice):
    given = practice.http.send("GET", practice.at("booking"), headers={"X-Correlation-ID": "from-the-caller"})
    assert given.headers["X-Correlation-ID"] == "from-the-caller"
    refused = problem(practice.http.get(practice.at("booking", "/series/none")), 404)
    log = (town.platform.installation.folder / "logs" / "booking.web.log").read_text()
    assert "from-the-caller" in log
    assert refused["trace_id"] in log


def test_a_problem_says_nothing_of_our_insides(practice, patients):
    for answer in (
        practice.http.get(practice.at("booking", "/series/none")),
        practice.http.post(patients, {"name": 5}),
        post_raw(practice, patients, b"{", "application/json"),
    ):
        assert [word for word in ("Traceback", 'File "', "mongo", "marshmallow", ".py") if word in answer.text] == []
