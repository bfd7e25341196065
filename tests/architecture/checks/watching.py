"""What Prometheus and Grafana ask for in files, compared with what the platform shows and what its runbook explains."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

OF_PROMETHEUS: Final = frozenset({"up", "ALERTS"})
"""Made by Prometheus itself."""
_TEXT: Final = re.compile(r'"[^"]*"')
_BESIDE: Final = re.compile(r"\{[^}]*\}|\[[^\]]*\]|\b(?:by|on|ignoring|without)\s*\([^)]*\)|\boffset\s+\w+")
_NAME: Final = re.compile(r"[A-Za-z_]\w*\b(?!\s*\()")
_WORDS: Final = frozenset({"and", "or", "unless", "bool", "by", "on"})
_WORK: Final = re.compile(r'\bwork(=~|!~|=|!=)\s*"([^"]*)"')


class Rule(NamedTuple):
    """One alert as its file has it."""

    name: str
    expr: str
    severity: str
    summary: str


def alerts(file: Path) -> list[Rule]:
    """All alerts of a file of rules."""
    groups = yaml.safe_load(file.read_text())["groups"]
    return [
        Rule(rule["alert"], rule["expr"], rule["labels"]["severity"], rule["annotations"]["summary"])
        for group in groups
        for rule in group["rules"]
    ]


def panels(file: Path) -> dict[str, list[str]]:
    """What each panel of a dashboard asks, by its title."""
    dashboard: Mapping[str, Any] = json.loads(file.read_text())
    return {panel["title"]: [target["expr"] for target in panel["targets"]] for panel in dashboard["panels"]}


def metrics_in(expr: str) -> set[str]:
    """Names of the metrics that an expression asks for."""
    bare = _BESIDE.sub(" ", _TEXT.sub("", expr))
    return set(_NAME.findall(bare)) - _WORDS


def unknown_metrics(exprs: Iterable[str], shown: Iterable[str]) -> set[str]:
    """Metrics that are asked for and that nobody shows."""
    return {name for expr in exprs for name in metrics_in(expr)} - set(shown) - OF_PROMETHEUS


def unknown_work(exprs: Iterable[str], known: Iterable[str]) -> set[str]:
    """Patterns for the label `work` that fit none of the known names."""
    names = set(known)
    return {part for expr in exprs for part in _work_in(expr) if not any(re.fullmatch(part, name) for name in names)}


def _work_in(expr: str) -> Iterator[str]:
    for operator, text in _WORK.findall(expr):
        yield from text.split("|") if "~" in operator else [re.escape(text)]


def sections(page: str) -> set[str]:
    """Headings of a page's sections."""
    return {line.removeprefix("## ").strip() for line in page.splitlines() if line.startswith("## ")}
