"""What a service's events become on the wire keeps the contract, with every personal field sealed."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from shared import contracts
from shared.contracts import ContractBroken
from shared.contracts.asyncapi import examples_of
from shared.converters import from_json
from shared.envelope import Envelope, from_wire, to_wire
from shared.messaging.telling import Teller, Told
from shared.persistence.sealed import Sealer
from tests.architecture.checks.tables import SERVICES, table_of
from tests.architecture.checks.told import former

PLAIN = {"birth_date": "1985-11-23"}
"""What stands behind a sealed field of an example where no other text would do."""
BLANK = Envelope(
    id="0199d2a4-0000-7000-8000-00000000000e",
    type="",
    source="somebody",
    subject="thing/1",
    seq=1,
    time=datetime(2026, 3, 1, 9, tzinfo=UTC),
    clinic_id="clinic-1",
    correlation_id="c",
    causation_id="c",
    traceparent="",
    data={},
)
CASES = [
    (event, told, data, f"{told.type}-{name}")
    for service in SERVICES
    for event, told in table_of(service, "events.published", "TYPES", {}).items()
    for name, data in examples_of(told.type).items()
]
ROWS = [pytest.param(event, told, data, id=id) for event, told, data, id in CASES]
SEALED = [
    pytest.param(event, told, data, id=id)
    for event, told, data, id in CASES
    if any(data.get(name) for name in told.sealed)
]


class FakeSealer:
    """Seals so that a test can look inside."""

    def seal(self, clinic_id: str, text: str) -> str:
        assert clinic_id == BLANK.clinic_id
        return f"sealed:{text}"


def told(types: dict[type[Any], Told], event: Any) -> Envelope:
    return Teller(types, cast("Sealer", FakeSealer()))(event, BLANK)


def opened(data: dict[str, Any], row: Told) -> dict[str, Any]:
    """An example as it was before its personal fields were sealed."""
    return {name: PLAIN.get(name, "text") if name in row.sealed and value else value for name, value in data.items()}


def same(value: Any) -> Any:
    """Instants compare as instants: an example may write them with fewer digits."""
    if isinstance(value, dict):
        return {name: same(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [same(inner) for inner in value]
    if isinstance(value, str) and value[:2] == "20" and "T" in value:
        return datetime.fromisoformat(value)
    return value


@pytest.mark.parametrize(("event", "row", "data"), ROWS)
def test_an_event_like_the_example_becomes_the_example(event, row, data):
    plain = opened(data, row)
    envelope = told({event: row}, from_json(event, plain))
    sealed = {name: f"sealed:{value}" if name in row.sealed and value else value for name, value in plain.items()}
    assert envelope.type == row.type
    assert same(dict(envelope.data)) == same(sealed)


@pytest.mark.parametrize(("event", "row", "data"), ROWS)
def test_what_is_told_arrives_as_it_was_told(event, row, data):
    envelope = told({event: row}, from_json(event, opened(data, row)))
    heard = from_wire(*to_wire(envelope))
    contracts.check_heard(heard)
    assert heard == envelope


@pytest.mark.parametrize(("event", "row", "data"), SEALED)
def test_without_its_sealing_an_event_is_not_told(event, row, data):
    with pytest.raises(ContractBroken):
        told({event: replace(row, sealed=frozenset())}, from_json(event, opened(data, row)))


@pytest.mark.parametrize("service", SERVICES)
def test_every_type_of_the_topic_is_proved_here(service):
    types = table_of(service, "events.published", "TYPES", {}).values()
    contract = contracts.told_by(service).types
    assert {row.type for row in types} == set(contract) - former(contract)
