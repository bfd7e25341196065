"""Codes and how they are written. No code is made up: where LOINC has none that was verified, a local one stands."""

from datetime import datetime
from typing import Final

from services.followup.domain.instrument import Instrument, Item
from services.followup.domain.measure import LOCAL, LOINC
from services.followup.domain.wording import InstrumentText
from services.followup.fhir import Resource
from shared.converters import to_json

ORDINAL: Final = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
UNITS: Final = "http://unitsofmeasure.org"


def canonical(instrument: Instrument) -> str:
    """The official address of the questionnaire, or a local name."""
    panel = instrument.codes.panel
    return f"http://loinc.org/q/{panel}" if panel else f"{LOCAL}:{instrument.id}"


def option(instrument: Instrument, item: Item, value: int, text: InstrumentText | None) -> Resource:
    """One answer as a coding: its code is the value as it was given, its ordinal what that counts."""
    coding = {"system": f"{LOCAL}:{instrument.id}:{item.id}", "code": str(value)}
    return {**coding, "display": text.option(item, value)} if text else coding


def ordinal(item: Item, value: int) -> list[Resource]:
    """The extension that says what an answer counts; it is the value, not the place among the options."""
    return [{"url": ORDINAL, "valueDecimal": item.points(value)}]


def loinc(code: str) -> list[Resource]:
    """The code, if there is one."""
    return [{"system": LOINC, "code": code}] if code else []


def local(code: str) -> list[Resource]:
    """A code of our own."""
    return [{"system": LOCAL, "code": code}]


def score(shown: str) -> Resource:
    """A score as a quantity, as precise as it is shown."""
    value = float(shown) if "." in shown else int(shown)
    return {"value": value, "unit": "{score}", "system": UNITS, "code": "{score}"}


def instant(at: datetime) -> str:
    """RFC 3339 in UTC."""
    return str(to_json(at))
