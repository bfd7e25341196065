"""Topics, schemas and examples belong together, and every example keeps its schema."""

import json

import jsonschema  # type: ignore[import-untyped]
import pytest

from shared import contracts
from shared.contracts.asyncapi import examples_of

TYPES = [type for topic in contracts.topics() for type in topic.types]
SCHEMAS = sorted((contracts.FOLDER / "schemas").iterdir())
EXAMPLES = sorted(path for path in (contracts.FOLDER / "examples").rglob("*") if path.is_file())


def schema_faults(type, schema):
    """Why a schema is none of ours: no JSON Schema, unnamed, or promising fields that it does not describe."""
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except jsonschema.SchemaError as error:
        return [error.message]
    undescribed = sorted(set(schema.get("required", ())) - set(schema.get("properties", {})))
    return [
        *(["says not which draft it follows"] if schema.get("$schema") != DRAFT else []),
        *([f"is titled {schema.get('title')!r}"] if schema.get("title") != type else []),
        *([] if schema.get("description") else ["says not what happened"]),
        *([] if schema.get("type") == "object" else ["is not about an object"]),
        *([] if schema.get("additionalProperties", True) is True else ["refuses what a newer teller adds"]),
        *(f"{name} is required and not described" for name in undescribed),
    ]


DRAFT = "https://json-schema.org/draft/2020-12/schema"


def test_there_is_something_to_look_at():
    assert len(TYPES) >= 16


@pytest.mark.parametrize("type", TYPES)
def test_every_type_has_a_valid_schema(type):
    assert schema_faults(type, json.loads(contracts.schema_file(type).read_text())) == []


@pytest.mark.parametrize("type", TYPES)
def test_every_type_has_examples_that_keep_its_schema(type):
    examples = examples_of(type)
    assert examples
    assert [fault for data in examples.values() for fault in contracts.faults(type, data)] == []


@pytest.mark.parametrize("type", TYPES)
def test_an_independent_validator_agrees(type):
    schema = json.loads(contracts.schema_file(type).read_text())
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    assert [error.message for data in examples_of(type).values() for error in validator.iter_errors(data)] == []


@pytest.mark.parametrize("type", TYPES)
def test_the_examples_show_every_field(type):
    described = set(json.loads(contracts.schema_file(type).read_text())["properties"])
    assert described - {name for data in examples_of(type).values() for name in data} == set()


def test_every_schema_belongs_to_a_type():
    assert [file.name for file in SCHEMAS] == sorted(f"{type}.schema.json" for type in TYPES)


def test_every_example_belongs_to_a_type():
    folders = {path.parent.relative_to(contracts.FOLDER / "examples").as_posix() for path in EXAMPLES}
    assert {f"{folder.replace('/', '.v')}" for folder in folders} == set(TYPES)
    assert {path.suffix for path in EXAMPLES} == {".json"}


def test_no_type_is_told_on_two_topics():
    assert len(TYPES) == len(set(TYPES))


# --- negative proofs ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schema", "fault"),
    [
        ({"type": "objekt"}, "'objekt' is not valid under any of the given schemas"),
        ({"$schema": DRAFT}, "is titled None"),
        ({"title": "cake.baked.v1"}, "says not which draft it follows"),
        ({"title": "cake.baked.v1"}, "says not what happened"),
        ({"type": "array"}, "is not about an object"),
        ({"additionalProperties": False}, "refuses what a newer teller adds"),
        ({"required": ["flavour"]}, "flavour is required and not described"),
    ],
)
def test_a_bad_schema_is_found(schema, fault):
    assert fault in schema_faults("cake.baked.v1", schema)


@pytest.mark.parametrize(
    ("type", "change"),
    [
        ("patient.registered.v1", {"name": "Ada Lovelace"}),
        ("session.moved.v1", {"starts_at": "tomorrow"}),
        ("session.moved.v1", {"number": "3"}),
        ("session.moved.v1", {"number": 0}),
    ],
)
def test_data_that_breaks_its_contract_is_found(type, change):
    data = next(iter(examples_of(type).values()))
    assert contracts.faults(type, {**data, **change}) != []


def test_a_missing_field_is_found():
    data = next(iter(examples_of("session.moved.v1").values()))
    assert [contracts.faults("session.moved.v1", {k: v for k, v in data.items() if k != name}) for name in data].count(
        []
    ) == 0


def test_an_additional_field_is_no_fault():
    data = next(iter(examples_of("session.moved.v1").values()))
    assert contracts.faults("session.moved.v1", {**data, "moved_by": "front desk"}) == []
