"""Names of metrics by the Prometheus conventions; counted under a declared name with the declared labels."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

Declared = Mapping[str, tuple[str, tuple[str, ...]]]
NAME: Final = re.compile(r"kadence_[a-z]+(_[a-z]+)*")
LABEL: Final = re.compile(r"[a-z]+(_[a-z]+)*")
UNBASED: Final = ("_ms", "_milliseconds", "_minutes", "_hours", "_kb", "_percent")
"""Prometheus wants base units: seconds, bytes, ratios."""


class Use(NamedTuple):
    """One call of `count` or `gauge`."""

    kind: str
    name: str
    labels: frozenset[str]


def naming_faults(counters: Declared, gauges: Declared) -> list[str]:
    """Names that Prometheus users would stumble over."""
    return [
        *(f"{name} counts and does not end in _total" for name in counters if not name.endswith("_total")),
        *(f"{name} is a gauge and ends in _total" for name in gauges if name.endswith("_total")),
        *(f"{name} is declared twice" for name in counters if name in gauges),
        *(fault for name, about in {**counters, **gauges}.items() for fault in _naming(name, *about)),
    ]


def _naming(name: str, about: str, labels: tuple[str, ...]) -> Iterator[str]:
    if not NAME.fullmatch(name):
        yield f"{name} is no name of a metric of this platform"
    if name.removesuffix("_total").endswith(UNBASED):
        yield f"{name} is not in a base unit"
    if not about:
        yield f"{name} says not what it counts"
    for label in labels:
        if not LABEL.fullmatch(label):
            yield f"{name}: {label} is no name of a label"


def uses_in(source: str) -> Iterator[Use]:
    """Every `metrics.count("…", …)` and `metrics.gauge("…", …)`, also without the module's name before it."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(ast.Attribute(ast.Name("metrics"), kind) | ast.Name(kind), [ast.Constant(str() as name), *_]):
                if kind in {"count", "gauge"}:
                    yield Use(kind, name, frozenset(keyword.arg or "**" for keyword in node.keywords))


def use_faults(counters: Declared, gauges: Declared, uses: Iterable[Use]) -> list[str]:
    """Uses of what is not declared so, and declarations that nobody uses."""
    found = set(uses)
    declared = {
        Use(kind, name, frozenset(labels))
        for kind, table in (("count", counters), ("gauge", gauges))
        for name, (_, labels) in table.items()
    }
    return [
        *(
            f"{use.kind}({use.name!r}) with labels {sorted(use.labels)} is not declared"
            for use in sorted(found - declared)
        ),
        *(f"{use.name} is declared and never used" for use in sorted(declared - found)),
    ]
