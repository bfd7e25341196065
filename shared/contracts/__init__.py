"""The events that services exchange, as data: topics, one JSON Schema per type and version, examples.

A schema is as strict as its hearers need and no more; unknown fields are allowed, so a teller may add some.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import yaml

from shared.envelope import Envelope
from shared.errors import PoisonMessage

FOLDER = Path(__file__).parent


class ContractBroken(Exception):
    """A service was about to tell something that its own contract forbids: a bug."""


@dataclass(frozen=True)
class Topic:
    """Who tells what on it, and who hears each type."""

    name: str
    told_by: str
    types: Mapping[str, tuple[str, ...]]


@lru_cache
def topics() -> tuple[Topic, ...]:
    """All topics, as their files say."""
    return tuple(_topic(yaml.safe_load(file.read_text())) for file in sorted((FOLDER / "topics").glob("*.yaml")))


def heard_by(service: str) -> dict[str, set[str]]:
    """Topic name to the types that `service` hears on it."""
    wanted = {topic.name: {type for type, hearers in topic.types.items() if service in hearers} for topic in topics()}
    return {topic: types for topic, types in wanted.items() if types}


def told_by(service: str) -> Topic:
    """The one topic that `service` tells on."""
    return next(topic for topic in topics() if topic.told_by == service)


def faults(type: str, data: Mapping[str, Any]) -> list[str]:
    """What is wrong with `data` as an event of `type`; nothing when it keeps the contract."""
    return [f"{'/'.join(map(str, fault.instance_path))}: {fault.message}" for fault in _checker(type).iter_errors(data)]


def check_heard(envelope: Envelope) -> None:
    """Raises `PoisonMessage` when a heard event breaks the contract of its type, or is of no known type."""
    try:
        broken = faults(envelope.type, envelope.data)
    except FileNotFoundError as error:
        raise PoisonMessage(f"no contract for {envelope.type}") from error
    if broken:
        raise PoisonMessage(f"{envelope.type} breaks its contract: {'; '.join(broken)}")


def check_told(envelope: Envelope) -> None:
    """Raises `ContractBroken` before anything is written."""
    if broken := faults(envelope.type, envelope.data):
        raise ContractBroken(f"{envelope.type}: {'; '.join(broken)}")


def schema_file(type: str) -> Path:
    """`series.booked.v1` stands in `schemas/series.booked.v1.schema.json`."""
    return FOLDER / "schemas" / f"{type}.schema.json"


@lru_cache
def _checker(type: str) -> jsonschema_rs.Draft202012Validator:
    schema = orjson.loads(schema_file(type).read_bytes())
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def _topic(file: Mapping[str, Any]) -> Topic:
    types = {type: tuple(about["heard_by"]) for type, about in file["types"].items()}
    return Topic(name=file["topic"], told_by=file["told_by"], types=types)
