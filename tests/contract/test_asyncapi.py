"""The generated AsyncAPI description is the one that the contracts give, and has the shape of AsyncAPI 3.0."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
import yaml

from shared import contracts
from shared.contracts import asyncapi

DOCUMENT = yaml.safe_load(asyncapi.FILE.read_text())


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from [value["$ref"]] if "$ref" in value else []
        for inner in value.values():
            yield from references(inner)
    if isinstance(value, list):
        for inner in value:
            yield from references(inner)


def target(document: Any, reference: str) -> Any:
    """What a local reference points at. Raises KeyError when it points at nothing."""
    for step in reference.removeprefix("#/").split("/"):
        document = document[step]
    return document


def shape_faults(document: dict[str, Any]) -> list[str]:
    """What AsyncAPI 3.0 requires and a document lacks."""
    faults = [
        f"no {part}" for part in ("asyncapi", "info", "channels", "operations", "components") if part not in document
    ]
    if faults:
        return faults
    faults += [f"info without {part}" for part in ("title", "version") if not document["info"].get(part)]
    faults += [
        f"channel {name} without address" for name, one in document["channels"].items() if not one.get("address")
    ]
    for name, one in document["operations"].items():
        faults += [] if one.get("action") in {"send", "receive"} else [f"operation {name} neither sends nor receives"]
        faults += [] if "channel" in one else [f"operation {name} without channel"]
        channel = one.get("channel", {}).get("$ref", "")
        stray = [ref for ref in references(one.get("messages", [])) if not ref.startswith(f"{channel}/messages/")]
        faults += [f"operation {name} speaks of {ref}, which is not on its channel" for ref in stray]
    return faults + [
        f"{ref} points at nothing" for ref in sorted(set(references(document))) if not _points(document, ref)
    ]


def _points(document: Any, reference: str) -> bool:
    try:
        target(document, reference)
    except KeyError:
        return False
    return True


def test_the_file_is_up_to_date():
    assert asyncapi.FILE.read_text() == asyncapi.text(), "write it anew: `make contracts`"


def test_the_file_has_the_shape_of_asyncapi_3():
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert shape_faults(DOCUMENT) == []


def test_every_topic_and_type_is_described():
    described = {channel["address"]: set(channel["messages"]) for channel in DOCUMENT["channels"].values()}
    assert described == {topic.name: set(topic.types) for topic in contracts.topics()}


def test_every_hearer_receives_what_it_hears():
    for topic in contracts.topics():
        for service in {hearer for hearers in topic.types.values() for hearer in hearers}:
            operation = DOCUMENT["operations"][f"{service}-hears-{topic.told_by}"]
            received = {ref.rpartition("/")[2] for ref in references(operation["messages"])}
            assert received == contracts.heard_by(service)[topic.name]


# --- negative proofs ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        ("info/version", None, "info without version"),
        ("channels/booking/address", "", "channel booking without address"),
        ("operations/booking-tells/action", "tell", "operation booking-tells neither sends nor receives"),
        ("operations/booking-tells/channel", {"$ref": "#/channels/bakery"}, "#/channels/bakery points at nothing"),
        ("operations/booking-tells/channel", {"$ref": "#/channels/notify"}, "which is not on its channel"),
    ],
)
def test_a_broken_description_is_found(path, value, fault):
    broken = deepcopy(DOCUMENT)
    way, _, last = path.rpartition("/")
    target(broken, way)[last] = value
    assert any(fault in found for found in shape_faults(broken))


def test_a_missing_part_is_found():
    assert shape_faults({"asyncapi": "3.0.0"})[0] == "no info"


def test_the_file_can_be_written_anew(tmp_path):
    asyncapi.write(tmp_path / "asyncapi.yaml")
    assert (tmp_path / "asyncapi.yaml").read_text() == asyncapi.text()
