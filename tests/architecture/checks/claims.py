"""A page that says which test shows which claim, compared with the tests that there are."""

import ast
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

ROW: Final = re.compile(r"\| (?P<claim>[A-Z]\d?-\d+) \| (?P<says>[^|]+) \| (?P<does>[^|]+) \| (?P<shown>[^|]+) \|")
SHOWN: Final = re.compile(r"`([\w/]+\.py)::(\w+)`")
NONE: Final = "*none*"
TO_COME: Final = "*to come*"


def claims_in(page: str) -> list[tuple[str, str]]:
    """Each row of the table: the claim and what shows it."""
    return [(row["claim"], row["shown"].strip()) for row in map(ROW.fullmatch, page.splitlines()) if row]


def claim_faults(
    page: str, numbers: Mapping[str, int], to_come: Collection[str], folder: Path, *, none: Collection[str] = ()
) -> list[str]:
    """What is wrong with a page of claims: `numbers` says how many there are of each kind."""
    rows = claims_in(page)
    wanted = [f"{kind}-{number}" for kind, most in numbers.items() for number in range(1, most + 1)]
    found = [claim for claim, _ in rows]
    left = {claim for claim, shown in rows if shown == TO_COME}
    return [
        *(f"{claim} is missing" for claim in wanted if claim not in found),
        *(f"{claim} is nobody's claim" for claim in found if claim not in wanted),
        *(f"{claim} is there twice" for claim in sorted({one for one in found if found.count(one) > 1})),
        *(f"{claim} is to come and should not be, or the other way round" for claim in sorted(left ^ set(to_come))),
        *(fault for claim, shown in rows if claim not in left for fault in _shown_faults(claim, shown, none, folder)),
    ]


def _shown_faults(claim: str, shown: str, none: Collection[str], folder: Path) -> Iterator[str]:
    tests: Sequence[tuple[str, str]] = SHOWN.findall(shown)
    if not tests and not (shown == NONE and claim in none):
        yield f"{claim} is shown by nothing"
    for file, name in tests:
        if not (folder / file).is_file():
            yield f"{claim}: there is no {file}"
        elif name not in _tests_in(folder / file):
            yield f"{claim}: there is no {name} in {file}"


@cache
def _tests_in(file: Path) -> frozenset[str]:
    """Read, not imported: a page of documentation must not start anything."""
    tree = ast.parse(file.read_text())
    return frozenset(
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )
