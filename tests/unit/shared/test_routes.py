"""The door, through the real web application, over a database in memory: the same steps for every route."""

from dataclasses import replace
from typing import Any

import pytest

from shared.errors import PreconditionRequired
from shared.http.auth import ACCESS_KEYS, as_key
from shared.http.routes import _version
from shared.persistence.idempotency import ANSWERS, Answer, Answers, Request
from tests.support.memory_database import unreachable
from tests.support.small_bakery import (
    BAKE,
    CLINIC,
    DECORATE,
    KEY_ID,
    LIST,
    NOW,
    OPERATOR_KEY,
    OTHER_CLINIC,
    PRICE,
    SECRET,
    SHOW,
    Bakery,
    FakeSealer,
)

OURS = f"Bearer {as_key(KEY_ID, SECRET)}"
OTHER_KEY = "01890000-0000-7000-8000-000000000002"


class Desk:
    """Somebody at a clinic's front desk who calls the bakery."""

    def __init__(self, bakery: Bakery, authorization: str | None = OURS, clinic: str = CLINIC) -> None:
        self._client = bakery.app().test_client()
        self._authorization = authorization
        self._cakes = f"/bakery/v1/clinics/{clinic}/cakes"

    def call(self, method: str, path: str = "", body: Any = None, **headers: str | None) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        given = {"Authorization": self._authorization, **named}
        sent = {name: value for name, value in given.items() if value is not None}
        return self._client.open(f"{self._cakes}{path}", method=method, json=body, headers=sent)

    def bake(self, flavour: Any = "plum", key: str | None = "key-1") -> Any:
        return self.call("POST", body={"flavour": flavour}, Idempotency_Key=key)

    def decorate(self, cake_id: str, if_match: str | None, flavour: str = "apple") -> Any:
        return self.call("PATCH", f"/{cake_id}", {"flavour": flavour}, If_Match=if_match)


@pytest.fixture
def bakery() -> Bakery:
    return Bakery()


@pytest.fixture
def desk(bakery) -> Desk:
    return Desk(bakery)


def code_of(response: Any) -> tuple[int, str]:
    assert response.mimetype == "application/problem+json"
    return response.status_code, response.get_json()["code"]


# --- once -----------------------------------------------------------------------------------------------------------


def test_a_post_acts_and_answers_with_an_etag(bakery, desk):
    response = desk.bake()
    assert (response.status_code, response.headers["ETag"]) == (201, '"1"')
    assert response.get_json()["flavour"] == bakery.cakes()[0]["flavour"] == "plum"


def test_the_same_request_twice_has_one_effect_and_one_answer(bakery, desk):
    first, second = desk.bake(), desk.bake()
    assert len(bakery.cakes()) == 1
    assert len(bakery.cakes()[0]["outbox"]) == 1
    assert second.get_json() == first.get_json()
    assert (second.status_code, second.headers["ETag"]) == (201, '"1"')


def test_another_key_is_another_intent(bakery, desk):
    desk.bake(key="key-1")
    desk.bake(key="key-2")
    assert len(bakery.cakes()) == 2


def test_a_key_used_for_another_request_is_refused(bakery, desk):
    desk.bake()
    assert code_of(desk.bake("apple")) == (422, "idempotency-key-reused")
    assert len(bakery.cakes()) == 1


@pytest.mark.parametrize(("flavour", "status"), [("plum", 200), ("mud", 422)])
def test_a_post_that_only_asks_needs_no_key_and_keeps_no_answer(bakery, desk, flavour, status):
    response = desk.call("POST", "/prices", {"flavour": flavour})
    assert response.status_code == status
    assert (bakery.cakes(), bakery.database.documents(ANSWERS)) == ([], [])


@pytest.mark.parametrize("key", [None, "", "x" * 256])
def test_a_post_without_a_usable_key_does_nothing(bakery, desk, key):
    response = desk.bake(key=key)
    assert response.status_code in {400, 422}
    assert bakery.cakes() == []


def test_effect_and_answer_are_one_commit(bakery, desk):
    desk.bake()
    assert bakery.database.sessions == 1
    assert len(bakery.database.documents(ANSWERS)) == 1


def test_a_refusal_is_an_answer_too(bakery, desk):
    first = desk.bake("mud")
    assert code_of(first) == (422, "cake.refused")
    assert first.get_json()["errors"][0]["pointer"] == "/flavour"
    again = desk.bake("mud")
    assert code_of(again) == (422, "cake.refused")
    assert again.get_json() == first.get_json()
    assert (bakery.cakes(), len(bakery.database.documents(ANSWERS))) == ([], 1)


def test_what_may_pass_is_no_answer_and_may_be_repeated(bakery, desk):
    response = desk.bake("sponge")
    assert code_of(response) == (503, "try-again")
    assert int(response.headers["Retry-After"]) > 0
    assert bakery.database.documents(ANSWERS) == []


def test_a_clinic_that_has_no_key_is_refused_all_the_same(bakery):
    bakery.sealer = FakeSealer()
    assert code_of(Desk(bakery).bake("mud")) == (422, "cake.refused")


def test_somebody_who_answers_the_same_request_meanwhile_is_believed(bakery):
    """Both looked and found no answer; the second to commit gives the answer of the first."""
    looked: list[Request] = []

    class LateAnswers(Answers):
        def find(self, request: Request) -> Answer | None:
            looked.append(request)
            if len(looked) > 1:
                return super().find(request)
            assert Desk(bakery).bake().status_code == 201
            return None

    response = (
        bakery.app(LateAnswers)
        .test_client()
        .post(
            f"/bakery/v1/clinics/{CLINIC}/cakes",
            json={"flavour": "plum"},
            headers={"Authorization": OURS, "Idempotency-Key": "key-1"},
        )
    )
    assert (response.status_code, len(bakery.cakes())) == (201, 1)
    assert response.get_json()["id"] == bakery.cakes()[0]["_id"]
    assert len(looked) == 2


# --- versions -------------------------------------------------------------------------------------------------------


def test_a_change_names_the_version_it_is_meant_for(bakery, desk):
    cake_id = desk.bake().get_json()["id"]
    response = desk.decorate(cake_id, '"1"')
    assert (response.status_code, response.headers["ETag"]) == (200, '"2"')
    assert bakery.cakes()[0]["flavour"] == "apple"


def test_a_version_higher_than_any_is_an_old_one(desk):
    cake_id = desk.bake().get_json()["id"]
    assert code_of(desk.decorate(cake_id, f'"{"9" * 5000}"')) == (412, "stale")


@pytest.mark.parametrize("if_match", [None, "", "*", '"one"', '"-1"', '"1", "2"'])
def test_a_change_without_a_version_is_refused(bakery, desk, if_match):
    cake_id = desk.bake().get_json()["id"]
    assert code_of(desk.decorate(cake_id, if_match)) == (428, "if-match-required")
    assert bakery.cakes()[0]["flavour"] == "plum"


def test_a_change_of_an_old_version_is_refused(bakery, desk):
    cake_id = desk.bake().get_json()["id"]
    desk.decorate(cake_id, '"1"')
    assert code_of(desk.decorate(cake_id, '"1"', "lemon")) == (412, "stale")
    assert bakery.cakes()[0]["flavour"] == "apple"


@pytest.mark.parametrize(("text", "version"), [('"7"', 7), ("7", 7), ('W/"7"', 7), (' "7" ', 7)])
def test_versions_are_read_however_they_are_quoted(text, version):
    assert _version(text) == version


@pytest.mark.parametrize("text", ["²", '"1e3"', "0x1", "+1", "1.0"])
def test_only_digits_are_a_version(text):
    with pytest.raises(PreconditionRequired):
        _version(text)


# --- who ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("authorization", [None, "Bearer wrong", "Basic x", f"Bearer {as_key(KEY_ID, 'wrong')}"])
def test_without_a_key_nobody_gets_in(bakery, authorization):
    response = Desk(bakery, authorization).bake()
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert bakery.cakes() == []


def test_nobody_learns_from_a_parser_what_they_may_not_call(bakery):
    assert Desk(bakery, None).bake(flavour=5, key=None).status_code == 401
    assert Desk(bakery, None).call("GET", "?nonsense=1").status_code == 401
    assert Desk(bakery, None, OTHER_CLINIC).call("PATCH", "/x", {"flavour": 5}).status_code == 401


def test_another_clinic_is_not_found_before_anything_is_parsed(bakery):
    assert code_of(Desk(bakery, clinic=OTHER_CLINIC).bake(flavour=5)) == (404, "not-found")


def test_a_foreign_cake_is_told_of_in_the_same_words_as_one_that_never_was(bakery, desk):
    theirs = Desk(bakery, bakery.issue(OTHER_KEY, OTHER_CLINIC), OTHER_CLINIC)
    cake_id = theirs.bake().get_json()["id"]
    foreign, absent = desk.call("GET", f"/{cake_id}"), desk.call("GET", "/nothing")
    assert code_of(foreign) == code_of(absent) == (404, "not-found")
    assert foreign.get_json()["detail"] == absent.get_json()["detail"]
    assert code_of(desk.decorate(cake_id, '"1"')) == code_of(desk.decorate("nothing", '"1"')) == (404, "not-found")
    assert theirs.call("GET", f"/{cake_id}").status_code == 200


def test_a_key_without_the_scope_is_forbidden(bakery):
    admin = bakery.issue(OTHER_KEY, CLINIC, scopes=["admin"])
    assert code_of(Desk(bakery, admin).bake()) == (403, "scope-missing")


def test_the_operator_has_no_scope_of_a_clinic(bakery):
    assert code_of(Desk(bakery, f"Bearer {OPERATOR_KEY}").bake()) == (403, "scope-missing")


def test_the_same_key_twice_is_one_intent_only_within_a_clinic(bakery, desk):
    theirs = Desk(bakery, bakery.issue(OTHER_KEY, OTHER_CLINIC), OTHER_CLINIC)
    ids = {desk.bake().get_json()["id"], theirs.bake().get_json()["id"]}
    assert len(ids) == len(bakery.cakes()) == 2


def test_an_expired_key_is_no_key(bakery):
    late = bakery.issue(OTHER_KEY, CLINIC, expires_at=NOW)
    assert Desk(bakery, late).bake().status_code == 401
    assert len(bakery.database.documents(ACCESS_KEYS)) == 2


# --- what is said ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/flavour"),
        ({"flavour": ""}, "/flavour"),
        ({"flavour": 5}, "/flavour"),
        ({"flavour": "x" * 21}, "/flavour"),
        ({"flavour": "plum", "flavor": "plum"}, "/flavor"),
        ([], ""),
    ],
)
def test_a_body_that_does_not_fit_is_refused_with_pointers(bakery, desk, body, pointer):
    response = desk.call("POST", body=body, Idempotency_Key="key-1")
    assert code_of(response) == (422, "invalid")
    assert [error["pointer"] for error in response.get_json()["errors"]] == [pointer]
    assert bakery.cakes() == []


def test_a_body_that_is_no_json_is_refused(bakery):
    response = (
        bakery.app()
        .test_client()
        .post(
            f"/bakery/v1/clinics/{CLINIC}/cakes",
            data="{",
            content_type="application/json",
            headers={"Authorization": OURS, "Idempotency-Key": "key-1"},
        )
    )
    assert response.status_code in {400, 422}
    assert response.mimetype == "application/problem+json"


def test_an_unknown_name_in_the_query_is_refused(desk):
    response = desk.call("GET", "?limt=5")
    assert code_of(response) == (422, "invalid")
    assert [error["pointer"] for error in response.get_json()["errors"]] == ["/query/limt"]


def test_a_list_is_walked_page_by_page(desk):
    made = {desk.bake(key=f"key-{number}").get_json()["id"] for number in range(5)}
    seen: list[str] = []
    query = "?limit=2"
    for _ in range(3):
        page = desk.call("GET", query).get_json()
        seen += [cake["id"] for cake in page["items"]]
        query = f"?limit=2&cursor={page['next_cursor']}"
    assert page["next_cursor"] is None
    assert seen == sorted(made)


def test_a_cursor_of_another_clinic_is_refused(bakery, desk):
    theirs = Desk(bakery, bakery.issue(OTHER_KEY, OTHER_CLINIC), OTHER_CLINIC)
    for number in range(2):
        theirs.bake(key=f"key-{number}")
    cursor = theirs.call("GET", "?limit=1").get_json()["next_cursor"]
    assert code_of(desk.call("GET", f"?cursor={cursor}")) == (422, "cursor-refused")


def test_another_method_is_not_allowed(desk):
    response = desk.call("DELETE", "/x")
    assert (response.status_code, response.mimetype) == (405, "application/problem+json")


# --- when it goes wrong ---------------------------------------------------------------------------------------------


def test_a_bug_tells_nothing_but_a_trace(bakery, desk):
    bakery.database.fault = RuntimeError("the secret recipe")
    response = desk.call("GET")
    assert code_of(response) == (500, "bug")
    assert "recipe" not in response.get_data(as_text=True)
    assert int(response.get_json()["trace_id"], 16) >= 0


def test_a_database_that_does_not_answer_is_no_bug(bakery, desk):
    desk.bake()
    cake_id = bakery.cakes()[0]["_id"]
    bakery.database.fault = unreachable()
    for response in (desk.call("GET", f"/{cake_id}"), desk.call("GET"), desk.bake(key="key-2"), desk.bake()):
        assert code_of(response) == (503, "try-again")


def test_a_call_says_what_it_belongs_to(bakery, desk):
    response = desk.call("GET", X_Correlation_ID="visit-7")
    assert response.headers["X-Correlation-ID"] == "visit-7"
    desk.call("POST", body={"flavour": "plum"}, Idempotency_Key="k", X_Correlation_ID="visit-7")
    assert bakery.cakes()[0]["outbox"][0]["correlation_id"] == "visit-7"


@pytest.mark.parametrize("given", [None, "", "x" * 65, "ä"])
def test_an_unusable_correlation_id_is_replaced(desk, given):
    answered = desk.call("GET", X_Correlation_ID=given).headers["X-Correlation-ID"]
    assert answered != given
    assert 0 < len(answered) <= 64


# --- rows -----------------------------------------------------------------------------------------------------------


def test_a_row_knows_what_kind_of_call_it_is():
    assert [route.acts for route in (BAKE, DECORATE, SHOW, LIST, PRICE)] == [True, False, False, False, False]
    assert [route.changes for route in (BAKE, DECORATE, SHOW, LIST)] == [False, True, False, False]
    assert [route.is_list for route in (BAKE, DECORATE, SHOW, LIST)] == [False, False, False, True]
    assert replace(DECORATE, method="DELETE").changes
    assert [route.name for route in (BAKE, LIST)] == ["bake_cake", "list_cakes"]


# --- files


def test_a_file_is_answered_as_it_is(desk):
    cake_id = desk.bake("plum").get_json()["id"]
    answer = desk.call("GET", f"/{cake_id}/label")
    assert (answer.status_code, answer.text) == (200, "plum cake\n")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_a_file_that_is_not_there_or_not_for_the_caller_is_a_problem(bakery, desk):
    for caller, status in ((desk, 404), (Desk(bakery, None), 401)):
        answer = caller.call("GET", "/cake-9/label")
        assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")


def test_a_file_is_described_with_its_media_type(bakery):
    paths = bakery.app().test_client().get("/bakery/openapi.json").get_json()["paths"]
    [described] = [path["get"] for name, path in paths.items() if name.endswith("/label")]
    assert list(described["responses"]["200"]["content"]) == ["text/plain"]
