from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, cast

import pytest

from shared.contracts import ContractBroken
from shared.envelope import Envelope
from shared.messaging.telling import Teller, Told
from shared.persistence.sealed import Sealer
from tests.support.small_bakery import FakeSealer

BLANK = Envelope(
    id="e",
    type="",
    source="booking",
    subject="patient/p",
    seq=1,
    time=datetime(2026, 3, 7, tzinfo=UTC),
    clinic_id="clinic-1",
    correlation_id="c",
    causation_id="c",
    traceparent="",
    data={},
)


@dataclass(frozen=True)
class SomebodyCame:
    name: str
    birth_date: date
    phone: str | None
    email: str | None
    locale: str = "en"
    zone: str | None = None
    country: str | None = None
    privacy: str = "standard"
    preferred_channel: str = "sms"


@dataclass(frozen=True)
class SomebodyLeft:
    patient_id: str


CAME = SomebodyCame("Ada Lovelace", date(1985, 11, 23), "+12125550100", None)
PERSON = frozenset({"name", "birth_date", "phone", "email"})


def tell(event: Any, row: Told, *clinics: str) -> Envelope:
    sealer = cast("Sealer", FakeSealer(*(clinics or ("clinic-1",))))
    return Teller({SomebodyCame: row}, sealer)(event, BLANK)


def test_an_event_gets_its_type_and_its_data_and_keeps_its_address():
    told = tell(CAME, Told("patient.registered.v1", PERSON))
    assert told == replace(BLANK, type="patient.registered.v1", data=told.data)
    assert told.data["locale"] == "en"


def test_personal_fields_travel_sealed_with_the_key_of_the_clinic():
    data = tell(CAME, Told("patient.registered.v1", PERSON)).data
    assert data["name"] == "sealed:clinic-1:Ada Lovelace"
    assert data["birth_date"] == "sealed:clinic-1:1985-11-23"


def test_what_is_not_there_is_not_sealed():
    assert tell(CAME, Told("patient.registered.v1", PERSON)).data["email"] is None


def test_an_event_that_breaks_its_contract_is_not_told():
    with pytest.raises(ContractBroken, match="name"):
        tell(CAME, Told("patient.registered.v1", PERSON - {"name"}))


def test_an_event_without_a_row_is_a_bug():
    with pytest.raises(KeyError):
        tell(SomebodyLeft("p"), Told("patient.registered.v1", PERSON))
