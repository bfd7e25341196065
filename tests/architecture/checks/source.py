"""How long things are, what files may be called, and what no file may say."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import Final

MAX_FUNCTION: Final = 45
MAX_FILE: Final = 320
"""Lines that are not blank."""
SKIPS: Final = frozenset({"skip", "skipif", "xfail", "importorskip"})
BANNED_NAMES: Final = frozenset(
    {"utils", "util", "helpers", "helper", "common", "base", "manager", "processor", "data", "info", "core", "misc"}
)
_SLASH: Final = "/"
BANNED_TEXT: Final = {
    "a path of one machine": re.compile(rf"(?<![\w./-]){_SLASH}(?:work|root|home{_SLASH}\w+)\b"),
    "the host of a package registry": re.compile(
        r"(?i)\b(?:(?:pypi|pythonhosted|npmjs|proxy\.golang|rubygems)\.org|repo\d?\.maven)\b"
    ),
    "a choice of package index": re.compile(
        r"(?m)(?:--(?:extra-)?index-url|--trusted-host|--find-links|PIP_INDEX_URL)\b"
    ),
}


def size_faults(name: str, source: str) -> list[str]:
    """Functions and files that are too long to be read at one go."""
    lines = len(_filled(source.splitlines()))
    long = [f"{name} has {lines} lines, at most {MAX_FILE}"] if lines > MAX_FILE else []
    return [*long, *_long_functions(name, source)]


def _long_functions(name: str, source: str) -> Iterator[str]:
    text = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = len(_filled(text[node.lineno - 1 : node.end_lineno]))
            if lines > MAX_FUNCTION:
                yield f"{name}: {node.name} has {lines} lines, at most {MAX_FUNCTION}"


def _filled(lines: list[str]) -> list[str]:
    return [line for line in lines if line.strip()]


def name_faults(path: PurePath) -> list[str]:
    """Names that say nothing about what is in a file or folder."""
    parts = {PurePath(part).stem for part in path.parts}
    return [f"{path}: `{name}` says nothing" for name in sorted(parts & BANNED_NAMES)]


def text_faults(name: str, text: str) -> list[str]:
    """What belongs to one machine or one network and into no file."""
    found = [(what, pattern.search(text)) for what, pattern in BANNED_TEXT.items()]
    return [f"{name}: {what}: {match[0]!r}" for what, match in found if match]


def files_of(repository: Path) -> list[Path]:
    """Every file that is, or would be, committed."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=repository, capture_output=True, check=True, text=True).stdout
    return [file for name in listed.split("\0") if name and (file := repository / name).is_file()]


def skip_faults(name: str, source: str) -> list[str]:
    """Tests that are left out, or may fail, without saying why."""
    return [f"{name}:{node.lineno}: {what}" for node, what in _silent_skips(ast.parse(source))]


def _silent_skips(tree: ast.AST) -> Iterator[tuple[ast.expr, str]]:
    calls = {id(node.func): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute) or node.attr not in SKIPS:
            continue
        call = calls.get(id(node))
        of = ast.unparse(node.value)
        if node.attr in {"skip", "skipif", "xfail"} and of.endswith("mark") and not _gives_reason(call):
            yield node, f"{node.attr} without reason"
        if node.attr in {"skip", "xfail"} and of == "pytest" and not (call and _says(call)):
            yield node, f"{node.attr} without reason"
        if node.attr == "importorskip":
            yield node, "importorskip: what the tests need is in requirements/dev.in"


def _gives_reason(call: ast.Call | None) -> bool:
    return call is not None and "reason" in {keyword.arg for keyword in call.keywords}


def _says(call: ast.Call) -> bool:
    said = [*call.args[:1], *(keyword.value for keyword in call.keywords if keyword.arg == "reason")]
    return any(not isinstance(value, ast.Constant) or bool(value.value) for value in said)
