"""Tables of moves: closed, every state reached, no way out of an end.

A table is written in the way that suits its aggregate: by state and move, by state, or by the move's name.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from types import ModuleType
from typing import Any

Steps = set[tuple[Enum, Enum]]


def steps_of(table: Mapping[Any, Any]) -> Steps:
    """From which state to which, in whichever way the table is written."""
    return {step for key, value in table.items() for step in _steps(key, value)}


def _steps(key: Any, value: Any) -> Iterator[tuple[Enum, Enum]]:
    match key, value:
        case (Enum() as source, Enum()), Enum() as target:
            yield source, target
        case Enum() as source, frozenset() as targets:
            yield from ((source, target) for target in targets)
        case str(), (frozenset() as sources, Enum() as target):
            yield from ((source, target) for source in sources)
        case _:
            raise TypeError(f"{key!r}: {value!r} is no known way to write a move")


def first_state(module: ModuleType, table: Mapping[Any, Any]) -> Enum:
    """The state in which the module's aggregate is born: the default of its field `status`."""
    states = {type(state) for step in steps_of(table) for state in step}
    born = [
        field.default
        for value in vars(module).values()
        if isinstance(value, type) and is_dataclass(value)
        for field in fields(value)
        if field.name == "status" and isinstance(field.default, Enum) and type(field.default) in states
    ]
    if len(born) != 1:
        raise ValueError(f"{module.__name__}: {len(born)} aggregates with a status for MOVES")
    return born[0]


def faults_of(table: Mapping[Any, Any], first: Enum, ends: Collection[str]) -> list[str]:
    """What is wrong with a table whose aggregate is born in `first` and whose last states are `ends`."""
    steps = steps_of(table)
    states = set(type(first))
    mentioned = {state for step in steps for state in step}
    sources = {source for source, _ in steps}
    return [
        *(f"{state!r} is no state of {type(first).__name__}" for state in _sorted(mentioned - states)),
        *(f"{state} is never reached" for state in _sorted(states - reached(steps, first))),
        *(f"{state} is an end and has a way out" for state in _sorted(sources) if state.value in ends),
        *(f"{state} has no way out and is no end" for state in _sorted(states - sources) if state.value not in ends),
        *(f"{end} is an end and no state" for end in sorted(set(ends) - {state.value for state in states})),
    ]


def reached(steps: Steps, first: Enum) -> set[Enum]:
    """All states that some way leads to."""
    found = {first}
    while more := {target for source, target in steps if source in found} - found:
        found |= more
    return found


def _sorted(states: Collection[Enum]) -> list[Enum]:
    return sorted(states, key=str)
