"""Every example of what a service hears fills the command that its table names."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from shared import contracts
from shared.contracts.asyncapi import examples_of
from shared.envelope import Envelope
from shared.messaging.hearing import command_of
from tests.architecture.checks.tables import SERVICES, table_of

KINDS = {"session": "series", "measure": "check_in", "contact.lost": "check_in"}
"""The aggregate whose story an event belongs to, where it is called otherwise than the event's type begins."""
ROWS = [
    pytest.param(row.command, type, data, id=f"{service}-{type}-{name}")
    for service in SERVICES
    for type, row in sorted(table_of(service, "events.consumed", "HANDLERS", {}).items())
    for name, data in examples_of(type).items()
]
"""Every handler there is; that there is one for every heard type is checked with the tables."""


def heard(type, data):
    kind, _, _ = type.partition(".")
    about = KINDS.get(type.rpartition(".")[0]) or KINDS.get(kind, kind)
    return Envelope(
        id="0199d2a4-0000-7000-8000-00000000000e",
        type=type,
        source="somebody",
        subject=f"{about}/aggregate-1",
        seq=1,
        time=datetime(2026, 3, 1, 9, tzinfo=UTC),
        clinic_id="clinic-1",
        correlation_id="c",
        causation_id="c",
        traceparent="",
        data=data,
    )


@pytest.mark.parametrize(("command", "type", "data"), ROWS)
def test_the_example_fills_the_command(command, type, data):
    assert isinstance(command_of(command, heard(type, data)), command)


@pytest.mark.parametrize(("command", "type", "data"), ROWS)
def test_fields_that_a_newer_teller_adds_do_no_harm(command, type, data):
    newer = {**data, "brand_new": {"nested": [1]}}
    assert command_of(command, heard(type, newer)) == command_of(command, heard(type, data))


@pytest.mark.parametrize(("command", "type", "data"), ROWS)
def test_a_hearer_needs_only_what_the_contract_promises(command, type, data):
    for shorter in ({name: value for name, value in data.items() if name != left_out} for left_out in data):
        if contracts.faults(type, shorter) == []:
            command_of(command, heard(type, shorter))


# --- negative proof -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class WantsMore:
    patient_id: str
    shoe_size: int


def test_a_command_that_wants_more_than_is_told_is_found():
    data = next(iter(examples_of("patient.registered.v1").values()))
    with pytest.raises(BaseException, match="WantsMore"):
        command_of(WantsMore, heard("patient.registered.v1", data))
