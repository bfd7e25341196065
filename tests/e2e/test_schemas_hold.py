"""Generated requests against the running services: what they answer is what their OpenAPI documents say.

Two kinds for every route: requests that keep to the schema, and requests that break it somewhere. None may lead to a
5xx; every answer has a documented status, media type, headers and body; what breaks the schema is refused; nobody gets
in without a key. The names in the paths are real ones half the time, else most requests would end as 404.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from schemathesis.core import NOT_SET
from schemathesis.generation import GenerationMode

from shared.ids import new_id
from tests.e2e.described import BODIES, QUERIES, document, operations
from tests.e2e.practice import open_practice
from tests.e2e.town import SERVICES, Town
from tests.e2e.world import UNKNOWN, Peopled, people

EXAMPLES = 7
CONFIG: dict[str, Any] = {
    "checks": {
        # If-Match left out is 428 (RFC 6585), the key for the idempotency left out is 422 as any other fault.
        "missing_required_header": {"expected-statuses": ["400", "401", "422", "428"]},
        # Business rules go beyond what JSON Schema can say: 403 the patient or another clinician has not agreed, 409
        # taken, 412 changed meanwhile, 422 a rule forbids it.
        "positive_data_acceptance": {"expected-statuses": ["2xx", "403", "404", "409", "412", "422"]},
    },
}


@pytest.fixture(scope="module")
def peopled(town: Town) -> Peopled:
    return people(open_practice(town, chairs=4, nurses=4))


def schema_of(town: Town, service: str) -> Any:
    described = document(town, service)
    schema = schemathesis.openapi.from_dict(described, config=SchemathesisConfig.from_dict(CONFIG))
    schema.config.update(base_url=town.url)
    return schema


def with_real_names(peopled: Peopled) -> st.SearchStrategy[dict[str, Any]]:
    """Path parameters to put in: all real, the clinic only, or none."""
    clinic = {"clinic_id": peopled.practice.id}
    return st.sampled_from([{**peopled.ids, **clinic}, {**peopled.ids, **clinic}, clinic, {}])


def check(case: Any, key: str) -> None:
    """Send it, and compare the answer with what is described."""
    headers = {"Authorization": f"Bearer {key}"}
    answer = case.call(headers=headers)
    # A request line above 4 KiB is refused by the web server itself; it reaches no route, and no description.
    if answer.status_code != requests.codes.request_uri_too_large:
        case.validate_response(answer, headers=headers)


def faults_of(
    operation: Any, mode: GenerationMode, key: str, names: st.SearchStrategy[dict[str, Any]]
) -> Iterator[str]:
    """What is wrong with the answers of one route."""

    @seed(20260309)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), names=names)
    def answers_as_described(case: Any, names: dict[str, Any]) -> None:
        if case.path_parameters and not _is_broken(case, "path"):
            case.path_parameters.update({name: names[name] for name in case.path_parameters if name in names})
        check(case, key)

    try:
        answers_as_described()
    except Exception as fault:  # noqa: BLE001 -- every way of failing is a finding, and all are to be listed
        yield f"{operation.label} ({mode.value}): {fault}"


def _is_broken(case: Any, location: str) -> bool:
    return any(place.value == location and part.mode.is_negative for place, part in case.meta.components.items())


@pytest.mark.timeout(240)
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("service", SERVICES)
def test_a_service_answers_as_it_describes_itself(town, peopled, service, mode):
    of_operator = {route.name for route in operations(town) if "platform" in route.scopes and not route.is_of_clinic}
    faults: list[str] = []
    for found in schema_of(town, service).get_all_operations():
        operation = found.ok()
        is_operators = operation.definition.raw["operationId"] in of_operator
        key = town.platform.platform_key if is_operators else peopled.practice.key
        faults += faults_of(operation, mode, key, with_real_names(peopled))
    assert not faults, "\n\n".join(faults)


def test_what_is_accepted_is_answered_as_described_too(town, peopled):
    """Generated bodies seldom satisfy every rule (a zone that exists, a chair that is free): these do."""
    ids = {**UNKNOWN, **peopled.ids, "clinic_id": peopled.practice.id}
    accepted, faults = set(), []
    schemas = {service: schema_of(town, service) for service in SERVICES}
    for route in operations(town):
        operation = schemas[route.service].find_operation_by_label(f"{route.method} {route.path}")
        case = operation.Case(
            path_parameters={name: ids[name] for name in [*route.parameters, *["clinic_id"] * route.is_of_clinic]},
            headers={"Idempotency-Key": new_id(), "If-Match": '"1"'},
            query=dict(QUERIES.get(route.name, {})),
            body=BODIES[route.name](peopled.practice, ids["patient_id"]) if route.name in BODIES else NOT_SET,
            media_type="application/json" if route.name in BODIES else None,
        )
        key = peopled.practice.key if route.is_of_clinic else town.platform.platform_key
        headers = {"Authorization": f"Bearer {key}"}
        answer = case.call(headers=headers)
        accepted |= {route.name} if answer.status_code < 300 else set()
        try:
            case.validate_response(answer, headers=headers)
        except Exception as fault:  # noqa: BLE001 -- as above
            faults.append(f"{route.name}: {fault}")
    assert not faults, "\n\n".join(faults)
    assert {"open_clinic", "register_patient", "add_resource", "issue_key", "publish_protocol"} <= accepted
    assert {"show_series", "show_check_in", "list_messages", "list_sessions", "show_backlog"} <= accepted
