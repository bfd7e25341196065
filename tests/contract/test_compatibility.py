"""No schema changes so that those who hear the event break; measured against the last commit and the main branch."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from shared import contracts
from tests.contract.compatibility import breaking

REPOSITORY = Path(__file__).parents[2]
BASELINES = ("HEAD", "main", "origin/main")


def git(*arguments: str) -> str | None:
    """What git says; None without git, without a repository, or when there is no such thing in it."""
    try:
        asked = subprocess.run(["git", *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return asked.stdout if asked.returncode == 0 else None


def versions_of(path: Path) -> set[str]:
    """The texts of a file in the baselines; where a branch left the main one, not what main has become since."""
    commits = {(git("merge-base", "HEAD", baseline) or "").strip() for baseline in BASELINES} - {""}
    texts = {git("show", f"{commit}:{path.relative_to(REPOSITORY).as_posix()}") for commit in commits}
    return {text for text in texts if text}


@pytest.mark.parametrize("topic", contracts.topics(), ids=lambda topic: topic.name)
def test_no_schema_breaks_its_hearers(topic):
    found = [
        f"{type}: {fault}"
        for type, hearers in topic.types.items()
        for old in versions_of(contracts.schema_file(type))
        for fault in breaking(json.loads(old), json.loads(contracts.schema_file(type).read_text()), hearers)
    ]
    assert found == []


# --- what breaks and what does not ----------------------------------------------------------------------------------

OLD: dict[str, Any] = {
    "type": "object",
    "required": ["id", "at"],
    "properties": {
        "id": {"type": "string", "minLength": 1},
        "at": {"type": "string", "format": "date-time"},
        "note": {"type": ["string", "null"]},
        "kind": {"enum": ["plain", "iced"]},
        "count": {"type": "integer", "minimum": 1},
        "tiers": {
            "type": "array",
            "items": {"type": "object", "required": ["size"], "properties": {"size": {"type": "number"}}},
        },
    },
}


def changed(**properties):
    return {**OLD, "properties": {**OLD["properties"], **properties}}


def test_the_same_schema_breaks_nobody():
    assert breaking(OLD, OLD, ["shop"]) == []


@pytest.mark.parametrize(
    "new",
    [
        changed(colour={"type": "string"}),
        changed(id={"type": "string", "minLength": 1, "description": "which cake"}),
        changed(count={"type": "integer", "minimum": 0}),
        {**OLD, "additionalProperties": True},
        {**OLD, "title": "cake.baked.v1"},
    ],
)
def test_more_fields_more_words_and_wider_bounds_break_nobody(new):
    assert breaking(OLD, new, ["shop"]) == []


@pytest.mark.parametrize(
    ("new", "fault"),
    [
        ({**OLD, "properties": {k: v for k, v in OLD["properties"].items() if k != "note"}}, "note is gone"),
        ({**OLD, "required": ["id", "at", "note"]}, "note is required now"),
        ({**OLD, "required": ["id"]}, "at is no longer promised"),
        ({**OLD, "additionalProperties": False}, "the event refuses unknown fields now"),
        (changed(note={"type": "string"}), "note may not be null any more"),
        (changed(count={"type": ["integer", "null"], "minimum": 1}), "count may be null now"),
        (changed(count={"minimum": 1}), "count had type ['integer'] and has any"),
        (changed(kind={"enum": ["plain"]}), "kind may not be 'iced' any more"),
        (changed(kind={"enum": ["plain", "iced", "cream"]}), "kind may be 'cream' now"),
        (changed(kind={}), "kind is no longer one of a fixed list"),
        (changed(id={"type": "string", "minLength": 1, "enum": ["a"]}), "id is one of a fixed list now"),
        (changed(at={"type": "string"}), "at has format None instead of 'date-time'"),
        (changed(id={"type": "string", "minLength": 1, "pattern": "^c"}), "id has pattern '^c' instead of None"),
        (changed(id={"type": "string", "minLength": 2}), "id has minLength 2 instead of 1"),
        (changed(count={"type": "integer", "minimum": 1, "maximum": 9}), "count has maximum 9 instead of None"),
        (changed(tiers={"type": "array", "items": {"type": "object"}}), "tiers[].size is gone"),
    ],
)
def test_a_breaking_change_names_the_hearers_it_hits(new, fault):
    assert breaking(OLD, new, ["shop", "bakery"]) == [f"{fault} (hits bakery, shop)"]


def test_a_change_that_nobody_hears_is_still_named():
    assert breaking(OLD, {**OLD, "required": ["id"]}) == ["at is no longer promised (nobody hears it)"]
