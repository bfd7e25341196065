"""Every service describes itself in valid OpenAPI 3.1, every route in it, and none open to everybody."""

import re
from typing import Any

import pytest
from flask import Flask
from marshmallow import Schema, fields
from openapi_spec_validator import OpenAPIV31SpecValidator

from services.booking.api.routes import ROUTES as BOOKING
from shared.http.routes import Route, example_of
from shared.process.operator import Operator
from shared.process.operator_routes import operator_routes
from shared.process.retelling import Retelling, retelling_routes
from tests.architecture.checks.tables import SERVICES, module_of, table_of
from tests.support.lazy_service import app_of

Document = dict[str, Any]
_NOBODY: Any = None
PAGES = {"booking": ("/booking/a/", "/booking/f/"), "followup": ("/followup/c/",),
         "notify": ("/notify/p/", "/notify/u/", "/notify/hooks/")}  # fmt: skip
PLATFORM = (
    *operator_routes(Operator(_NOBODY, _NOBODY, doctor=_NOBODY, waiting=_NOBODY, following=_NOBODY)),
    *retelling_routes(Retelling(_NOBODY, _NOBODY, _NOBODY, _NOBODY)),
)


@pytest.fixture(scope="module", params=[service for service in SERVICES if module_of(service, "wiring")])
def service(request) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def app(service) -> Flask:
    return app_of(service)


@pytest.fixture(scope="module")
def document(service, app) -> Document:
    answer = app.test_client().get(f"/{service}/openapi.json")
    assert answer.status_code == 200
    body: Document = answer.get_json()
    return body


def routes_of(service: str) -> tuple[Route, ...]:
    return (*table_of(service, "api.routes", "ROUTES"), *PLATFORM)


def operation_of(document: Document, service: str, route: Route) -> Document:
    path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", f"/{service}/v1{route.path}")
    operation: Document = document["paths"][path][route.method.lower()]
    return operation


def description_faults(document: Document, service: str, route: Route) -> list[str]:
    """What the description keeps from a caller."""
    try:
        operation = operation_of(document, service, route)
    except KeyError:
        return [f"{route.name} is not described"]
    headers = {one["name"]: one["required"] for one in operation.get("parameters", []) if one["in"] == "header"}
    asked = {one["name"] for one in operation.get("parameters", []) if one["in"] == "query"}
    askable = set() if route.query is None else {field.data_key or name for name, field in route.query().fields.items()}
    wanted = {"Idempotency-Key": route.acts, "If-Match": route.changes}
    return [
        *([] if operation.get("security") == [{"access_key": []}] else [f"{route.name} is open to everybody"]),
        *([] if operation.get("summary") == route.summary else [f"{route.name} has another summary"]),
        *([] if operation.get("operationId") == route.name else [f"{route.name} has another name"]),
        *([] if str(int(route.status)) in operation["responses"] else [f"{route.name} hides its answer"]),
        *(f"{route.name} hides {code}" for code in ("401", "403", "404", "503") if code not in operation["responses"]),
        *(
            f"{route.name} hides the header {name}"
            for name, needed in wanted.items()
            if needed != (headers.get(name, False))
        ),
        *(f"{route.name} hides {name} of its query" for name in sorted(askable - asked)),
        *([] if (route.body is None) == ("requestBody" not in operation) else [f"{route.name} hides its body"]),
    ]


def test_the_document_is_valid_openapi_3_1(document):
    assert document["openapi"].startswith("3.1")
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_every_route_is_described_with_its_key_headers_and_refusals(service, document):
    assert [fault for route in routes_of(service) for fault in description_faults(document, service, route)] == []


def test_nothing_else_is_described(service, document):
    described = {operation["operationId"] for path in document["paths"].values() for operation in path.values()
                 if isinstance(operation, dict)}  # fmt: skip
    assert described == {route.name for route in routes_of(service)}


def test_every_rule_of_the_application_is_a_route_or_known_to_be_open(service, app):
    """Patients' pages carry their own secret; health, metrics and the description are the platform's."""
    rules = {rule.rule for rule in app.url_map.iter_rules()}
    routes = {f"/{service}/v1{route.path}" for route in routes_of(service)}
    pages = {rule for rule in rules if rule.startswith(PAGES.get(service, ()))}
    static = {rule for rule in rules if rule.startswith((f"/{service}/docs", f"/{service}/static/"))}
    own = {"/livez", "/readyz", "/metrics", f"/{service}/openapi.json"}
    assert rules - routes - pages - static == own
    assert bool(pages) == (service in PAGES)


def test_strings_have_an_end_and_objects_no_unknown_fields_in_what_is_sent(document):
    bodies = [
        operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        for path in document["paths"].values()
        for operation in path.values()
        if isinstance(operation, dict) and "requestBody" in operation
    ]
    schemas = document["components"]["schemas"]
    endless = [
        f"{name}.{field}"
        for name in sorted(set(bodies))
        for field, schema in schemas[name].get("properties", {}).items()
        if schema.get("type") == "string" and not {"maxLength", "enum", "format", "pattern"} & set(schema)
    ]
    assert endless == []


def untyped(document: Document) -> list[str]:
    """Fields of which nobody learns what stands in them."""
    says = {"type", "enum", "$ref", "allOf", "anyOf", "oneOf"}
    schemas = document["components"]["schemas"].items()
    return [
        f"{name}.{field}"
        for name, schema in schemas
        for field, shown in schema.get("properties", {}).items()
        if not says & set(shown)
    ]


def test_every_field_says_what_stands_in_it(document):
    assert untyped(document) == []


def bodies_of(service: str) -> list[type[Schema]]:
    return list(dict.fromkeys(route.body for route in routes_of(service) if route.body is not None))


def nests(body: type[Schema]) -> bool:
    """Whether the page that is made of the fields alone shows something that nobody would send."""
    return any(isinstance(field, fields.Nested | fields.List) for field in body().fields.values())


def test_every_body_that_nests_has_an_example(service):
    assert [body.__name__ for body in bodies_of(service) if nests(body) and example_of(body) is None] == []


def test_every_example_is_one_that_is_taken(service):
    examples = {body: example_of(body) for body in bodies_of(service)}
    assert {body.__name__: body().validate(example) for body, example in examples.items() if example} == {
        body.__name__: {} for body, example in examples.items() if example
    }


# --- negative proofs ------------------------------------------------------------------------------------------------


def test_a_route_that_is_hidden_open_or_misnamed_is_found():
    route = next(route for route in BOOKING if route.changes)
    assert description_faults({"paths": {}}, "booking", route) == [f"{route.name} is not described"]
    path = re.sub(r"<(\w+)>", r"{\1}", f"/booking/v1{route.path}")
    poor: Document = {"paths": {path: {route.method.lower(): {"responses": {"401": {}}}}}}
    assert f"{route.name} is open to everybody" in description_faults(poor, "booking", route)
    assert f"{route.name} hides the header If-Match" in description_faults(poor, "booking", route)
    assert f"{route.name} hides 503" in description_faults(poor, "booking", route)
    poor["paths"]["/booking/v1/clinics"] = {"get": {"responses": {}}}
    listing = next(route for route in BOOKING if route.is_list and route.path == "/clinics")
    assert f"{listing.name} hides cursor of its query" in description_faults(poor, "booking", listing)


def test_an_invalid_document_is_found():
    assert list(OpenAPIV31SpecValidator({"openapi": "3.1.0", "info": {"title": "Cakes"}, "paths": {}}).iter_errors())


def test_a_field_of_which_nothing_is_said_is_found():
    fields = {
        "eggs": {"type": "integer"},
        "baker": {"$ref": "#/x"},
        "kind": {"enum": ["pie"]},
        "when": {"readOnly": True},
    }
    assert untyped({"components": {"schemas": {"Cake": {"properties": fields}}}}) == ["Cake.when"]
