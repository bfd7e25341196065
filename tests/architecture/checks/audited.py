"""Which operations the audit chain tells of: those under `@audited`, found in their source."""

import ast
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from sys import modules
from typing import Any, Final

NAME: Final = re.compile(r"[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*")
"""`<noun>.<verb>` of an action."""


@dataclass(frozen=True)
class Noted:
    """What an operation is noted as; `sometimes`: only by what its command says."""

    action: str
    sometimes: bool


def noted_as(operation: Callable[..., Any]) -> Noted | None:
    """How the source of an operation has it noted, if at all."""
    tree = ast.parse(Path(modules[operation.__module__].__file__ or "").read_text())
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef) and function.name == operation.__name__:
            return next(filter(None, map(_noted, function.decorator_list)), None)
    return None


def audit_faults(
    operations: Iterable[Callable[..., Any]], sometimes: Collection[str], exempt: Mapping[str, str]
) -> list[str]:
    """Operations that change something and are not noted, and wrong excuses.

    `sometimes` may be noted by what their command says, `exempt` need not be at all, each for a stated reason.
    """
    found = {one.__name__: noted_as(one) for one in operations}
    noted = {name: one for name, one in found.items() if one is not None}
    actions = [one.action for one in noted.values() if not one.sometimes]
    return [
        *(f"{name} is not audited" for name in sorted(found.keys() - noted.keys() - exempt.keys())),
        *(f"{name} is audited and exempt" for name in sorted(noted.keys() & exempt.keys())),
        *(f"{name} is exempt and not there" for name in sorted(exempt.keys() - found.keys())),
        *(f"{name} is audited at other times" for name, one in noted.items() if one.sometimes != (name in sometimes)),
        *(f"{one.action} is not <noun>.<verb>" for one in noted.values() if not NAME.fullmatch(one.action)),
        *(f"{action} is the name of two actions" for action in sorted(set(actions)) if actions.count(action) > 1),
    ]


def _noted(decorator: ast.expr) -> Noted | None:
    match decorator:
        case ast.Call(ast.Name("audited"), [ast.Constant(str() as action)], keywords):
            return Noted(action, sometimes=any(keyword.arg == "when" for keyword in keywords))
    return None
