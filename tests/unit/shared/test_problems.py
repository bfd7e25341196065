from http import HTTPStatus

import pytest

from shared import errors
from shared.errors import (
    Conflict,
    Fault,
    Forbidden,
    Invalid,
    NotFound,
    PreconditionRequired,
    Refused,
    RuleBroken,
    Stale,
    Unauthenticated,
)
from shared.http.problems import STATUS, ProblemSchema, faults_of, of_refusal, problem, status_of
from shared.localtime import LocalTimeGap


@pytest.mark.parametrize(
    ("refusal", "status"),
    [
        (Invalid("x", "x"), 422),
        (RuleBroken("x", "x"), 422),
        (Unauthenticated("x", "x"), 401),
        (Forbidden("x", "x"), 403),
        (NotFound("cake"), 404),
        (Conflict("x", "x"), 409),
        (Stale(), 412),
        (PreconditionRequired(), 428),
    ],
)
def test_every_refusal_is_one_status(refusal, status):
    assert status_of(refusal) == status


def test_no_kind_of_refusal_is_forgotten():
    kinds = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Refused)}
    assert kinds - {Refused} == set(STATUS)


def test_a_refusal_of_a_special_kind_is_what_its_nearest_base_is():
    class OvenFull(Conflict):
        pass

    assert status_of(OvenFull("oven.full", "No room.")) == HTTPStatus.CONFLICT
    assert issubclass(LocalTimeGap, RuleBroken)


def test_a_problem_carries_a_stable_code_and_every_fault_at_once():
    faults = [Fault("cake.mud", "No mud.", "/flavour", {"least": 1}), Fault("cake.big", "Too big.")]
    document = of_refusal(RuleBroken("cake.refused", "Not like this.", faults))
    assert document["type"] == "urn:kadence:problem:cake.refused"
    assert (document["status"], document["code"], document["title"]) == (422, "cake.refused", "Unprocessable Entity")
    assert document["errors"] == [
        {"code": "cake.mud", "detail": "No mud.", "pointer": "/flavour", "context": {"least": 1}},
        {"code": "cake.big", "detail": "Too big.", "pointer": "", "context": {}},
    ]


def test_a_problem_without_faults_has_no_list_of_them():
    assert "errors" not in of_refusal(NotFound("cake"))


def test_a_problem_is_what_the_description_says():
    document = of_refusal(RuleBroken("cake.refused", "Not like this.", [Fault("cake.mud", "No mud.")]))
    assert ProblemSchema().validate(document) == {}
    assert ProblemSchema().validate(problem(HTTPStatus.NOT_FOUND, "not-found", "No.")) == {}


def test_outside_of_a_request_the_trace_is_zero():
    assert problem(HTTPStatus.NOT_FOUND, "not-found", "No.")["trace_id"] == "0" * 32


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ({"flavour": ["Missing."]}, [("/flavour", "Missing.")]),
        (
            {"tiers": {0: {"size": ["Too small.", "Odd."]}}},
            [("/tiers/0/size", "Too small."), ("/tiers/0/size", "Odd.")],
        ),
        ({"_schema": ["Invalid input type."]}, [("", "Invalid input type.")]),
        ({"tiers": {"_schema": ["Mixed up."]}}, [("/tiers", "Mixed up.")]),
        ({"a/b": {"c~d": ["Odd."]}}, [("/a~1b/c~0d", "Odd.")]),
        ({"flavour": "Missing."}, [("/flavour", "Missing.")]),
        ({}, []),
    ],
)
def test_faults_of_a_parser_become_json_pointers(messages, expected):
    assert [(fault.pointer, fault.detail) for fault in faults_of(messages)] == expected
    assert {fault.code for fault in faults_of(messages)} <= {"invalid"}
