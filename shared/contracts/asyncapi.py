"""Writes `asyncapi.yaml` (AsyncAPI 3.0) from the contracts: `python -m shared.contracts.asyncapi`."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import orjson
import yaml

from shared.contracts import FOLDER, Topic, schema_file, topics

FILE: Final = FOLDER / "asyncapi.yaml"
_ABOUT: Final = (
    "What the services of Kadence tell each other. Every message is a CloudEvent 1.0 in structured mode. Order is "
    "promised per aggregate (`sequence`), never across them. Schemas are as strict as hearers need and no more: "
    "unknown fields are allowed, so a teller may add some. Personal fields travel sealed."
)
_HEADER: Final = "# Generated from topics, schemas and examples: `make contracts`. A test compares; do not edit.\n"
_TEXT: Final[Mapping[str, Any]] = {"type": "string", "minLength": 1}
_ATTRIBUTES: Final[Mapping[str, Mapping[str, Any]]] = {
    "specversion": {"const": "1.0"},
    "id": {**_TEXT, "description": "the same whenever this event comes again"},
    "source": {**_TEXT, "description": "the telling service"},
    "subject": {**_TEXT, "pattern": "^[a-z_]+/", "description": "the aggregate, as `<kind>/<id>`"},
    "time": {"type": "string", "format": "date-time", "description": "when it happened"},
    "datacontenttype": {"const": "application/json"},
    "sequence": {
        "type": "string",
        "pattern": "^[1-9][0-9]*$",
        "description": "number of this event among its aggregate's, without gaps",
    },
    "clinicid": {**_TEXT, "description": "whose it is; also the header `ce_clinicid` and the key's first part"},
    "correlationid": {**_TEXT, "description": "the same through everything that one intent leads to"},
    "causationid": {**_TEXT, "description": "the request, event or job that led to it"},
    "traceparent": {"type": "string", "description": "W3C trace context; may be empty"},
}


def document() -> dict[str, Any]:
    """The description of all topics, ready to be written."""
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Kadence events", "version": "1.0.0", "description": _ABOUT},
        "defaultContentType": "application/cloudevents+json",
        "channels": {_name(topic): _channel(topic) for topic in topics()},
        "operations": {name: operation for topic in topics() for name, operation in _operations(topic)},
        "components": {
            "messages": {type: _message(type) for topic in topics() for type in topic.types},
            "schemas": {"envelope": _envelope()},
        },
    }


def text() -> str:
    """The file as it must stand."""
    written = yaml.dump(document(), Dumper=_Plain, sort_keys=False, width=120, allow_unicode=True)
    return f"{_HEADER}{written}"


def write(file: Path = FILE) -> None:
    """Write the file anew."""
    file.write_text(text())


def examples_of(type: str) -> dict[str, Any]:
    """The examples of an event's data, by the name of their file."""
    name, _, version = type.rpartition(".v")
    files = sorted((FOLDER / "examples" / name / version).glob("*.json"))
    return {file.stem: orjson.loads(file.read_bytes()) for file in files}


class _Plain(yaml.SafeDumper):
    """Without anchors: what is used twice is written twice."""

    def ignore_aliases(self, _: Any) -> bool:
        return True


def _name(topic: Topic) -> str:
    return topic.told_by


def _channel(topic: Topic) -> dict[str, Any]:
    return {
        "address": topic.name,
        "description": f"What {topic.told_by} tells; keyed by clinic and aggregate.",
        "messages": {type: {"$ref": f"#/components/messages/{type}"} for type in topic.types},
        "bindings": {"kafka": {"topic": topic.name, "bindingVersion": "0.5.0"}},
    }


def _operations(topic: Topic) -> Iterator[tuple[str, dict[str, Any]]]:
    yield f"{topic.told_by}-tells", _operation(topic, "send", tuple(topic.types))
    for service in sorted({hearer for hearers in topic.types.values() for hearer in hearers}):
        heard = tuple(type for type, hearers in topic.types.items() if service in hearers)
        yield f"{service}-hears-{topic.told_by}", _operation(topic, "receive", heard)


def _operation(topic: Topic, action: str, types: tuple[str, ...]) -> dict[str, Any]:
    channel = f"#/channels/{_name(topic)}"
    return {
        "action": action,
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{type}"} for type in types],
    }


def _message(type: str) -> dict[str, Any]:
    data = {**_schema(type), "examples": list(examples_of(type).values())}
    return {
        "name": type,
        "summary": data["description"],
        "contentType": "application/cloudevents+json",
        "correlationId": {"location": "$message.payload#/correlationid"},
        "headers": {
            "type": "object",
            "required": ["ce_id", "ce_clinicid"],
            "properties": {"ce_id": _TEXT, "ce_clinicid": _TEXT, "content-type": _TEXT},
        },
        "payload": {
            "allOf": [
                {"$ref": "#/components/schemas/envelope"},
                {"type": "object", "required": ["type", "data"], "properties": {"type": {"const": type}, "data": data}},
            ]
        },
        "bindings": {"kafka": {"key": {**_TEXT, "description": "<clinic>/<subject>"}, "bindingVersion": "0.5.0"}},
    }


def _schema(type: str) -> dict[str, Any]:
    """The schema of an event's data, to stand inside of another document."""
    return {key: value for key, value in orjson.loads(schema_file(type).read_bytes()).items() if key != "$schema"}


def _envelope() -> dict[str, Any]:
    return {"type": "object", "required": list(_ATTRIBUTES), "properties": dict(_ATTRIBUTES)}


if __name__ == "__main__":
    write()
