from dataclasses import dataclass, replace
from typing import Any

import pytest
from marshmallow import EXCLUDE, Schema, fields

from services.booking.domain.clinic.access_key import SCOPES as ISSUED
from shared.http.auth import PLATFORM
from shared.http.cursors import PageQuery, page_schema
from shared.http.routes import File, Route
from shared.process.operator import Operator
from shared.process.operator_routes import operator_routes
from shared.process.retelling import Retelling, retelling_routes
from tests.architecture.checks import routes as check
from tests.architecture.checks.tables import SERVICES, table_of


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_is_authenticated_scoped_to_a_clinic_and_described(service):
    assert check.table_faults(table_of(service, "api.routes", "ROUTES")) == []


def test_so_is_every_route_of_the_platform():
    nobody: Any = None
    operator = Operator(nobody, nobody, doctor=nobody, waiting=nobody, following=nobody)
    routes = (*operator_routes(operator), *retelling_routes(Retelling(nobody, nobody, nobody, nobody)))
    assert check.table_faults(routes) == []


def test_the_scopes_are_those_that_keys_are_issued_for():
    assert sorted(ISSUED | {PLATFORM}) == sorted(check.SCOPES)


@pytest.mark.parametrize("service", ["followup", "notify"])
def test_a_nurse_works_at_the_desk_too(service):
    for_the_desk = [route for route in table_of(service, "api.routes", "ROUTES") if "front_desk" in route.scopes]
    assert for_the_desk
    assert [route.name for route in for_the_desk if "nurse" not in route.scopes] == []


# --- negative proofs ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ChangeCake:
    cake_id: str
    version: int
    flavour: str


@dataclass(frozen=True)
class ListCakes:
    limit: int
    after: str | None


class CakeRequest(Schema):
    flavour = fields.String(required=True)


class CakeAnswer(Schema):
    id = fields.String()
    version = fields.Integer()


class LaxRequest(CakeRequest):
    class Meta:
        unknown = EXCLUDE


class TierRequest(Schema):
    flavour = fields.List(fields.Nested(LaxRequest), required=True)


class Unversioned(Schema):
    id = fields.String()


class OptionalRequest(Schema):
    flavour = fields.String()


def change_cake(_uow: Any, _command: ChangeCake) -> None:
    pass


def list_cakes(_uow: Any, _command: ListCakes) -> None:
    pass


CHANGE = Route(
    "PATCH",
    "/clinics/<clinic_id>/cakes/<cake_id>",
    "Change a cake",
    frozenset({"admin"}),
    ChangeCake,
    change_cake,
    CakeAnswer,
    body=CakeRequest,
)
LIST = Route(
    "GET",
    "/clinics/<clinic_id>/cakes",
    "List the cakes",
    frozenset({"front_desk"}),
    ListCakes,
    list_cakes,
    page_schema(CakeAnswer),
    query=PageQuery,
)


def test_a_good_table_has_no_faults():
    assert check.table_faults([CHANGE, LIST]) == []


@pytest.mark.parametrize(
    ("route", "fault"),
    [
        (replace(CHANGE, scopes=frozenset()), "nobody may call it, or everybody"),
        (replace(CHANGE, scopes=frozenset({"baker"})), "unknown scopes ['baker']"),
        (replace(CHANGE, path="/cakes/<cake_id>"), "stands outside of any clinic and is not the operator's alone"),
        (replace(CHANGE, path="/clinics/<clinic_id>extra/<cake_id>"), "stands outside of any clinic and is not the"),
        (replace(CHANGE, opens_clinic=True), "only a POST outside of any clinic opens one"),
        (replace(CHANGE, only_asks=True), "only a POST that makes nothing only asks"),
        (replace(CHANGE, summary=""), "needs a summary"),
        (replace(CHANGE, method="TRACE"), "unknown method TRACE"),
        (replace(CHANGE, body=None), "changes something and says not what"),
        (replace(LIST, body=CakeRequest), "a GET has no body"),
        (replace(CHANGE, body=LaxRequest), "LaxRequest lets unknown fields pass"),
        (replace(CHANGE, body=TierRequest), "LaxRequest lets unknown fields pass"),
        (replace(CHANGE, answer=Unversioned), "answers without the version that the next change has to name"),
        (replace(LIST, answer=CakeAnswer), "is a list that does not answer with a page"),
        (replace(CHANGE, answer=File("image/png", bytes)), "does something, and answers with a file"),
        (replace(LIST, answer=File("image/png", bytes)), "does something, and answers with a file"),
        (replace(CHANGE, operation=list_cakes), f"list_cakes wants {ListCakes}, not ChangeCake"),
        (replace(CHANGE, method="POST"), "nobody fills ['version'] of ChangeCake"),
        (replace(CHANGE, body=OptionalRequest), "nobody fills ['flavour'] of ChangeCake"),
        (
            replace(CHANGE, path="/clinics/<clinic_id>/<cake_id>/<flavour>"),
            "['flavour'] are in the path and in the body",
        ),
        (replace(CHANGE, path="/clinics/<clinic_id>/<oven_id>"), "['oven_id'] are no fields of ChangeCake"),
        (replace(LIST, query=None), "nobody fills ['after', 'limit'] of ListCakes"),
    ],
)
def test_a_bad_row_is_found(route, fault):
    assert any(fault in found for found in check.table_faults([route]))


def test_a_row_that_is_there_twice_is_found():
    assert check.table_faults([LIST, LIST]) == [
        "list_cakes is the name of several routes",
        "GET /clinics/<clinic_id>/cakes is there twice",
    ]
