"""The little language that texts are written in: words, `{{name}}`, and `{% if %}` with `and`, `or` and `not`.

It is a small part of Jinja2. What is not on the lists here does not exist: no loops, calls, filters, attributes,
numbers, strings or brackets. The signs are looked at one by one before anything is parsed, so that what is parsed is
short and flat; the parsed tree is looked at again, and it is run in Jinja2's sandbox.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import SandboxedEnvironment

LONGEST: Final = 2000
"""Characters of a template at most."""
DEEPEST: Final = 5
"""Ifs within ifs at most."""
MOST_OPERATORS: Final = 8
"""`and`, `or`, `not` within one tag at most."""
KEYWORDS: Final = frozenset({"if", "elif", "else", "endif", "and", "or", "not"})
FLAGS: Final = frozenset({"is_confirmed", "can_reply", "is_staffed", "needs_driver"})
"""Names that can be asked for and not be said."""
_TOKENS: Final = frozenset(
    {"data", "variable_begin", "variable_end", "block_begin", "block_end", "name", "whitespace"}
)  # fmt: skip
_NODES: Final = (nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.If, nodes.And, nodes.Or, nodes.Not)
_OPERATORS: Final = frozenset({"and", "or", "not"})
_TAGS: Final = frozenset(
    {"for", "endfor", "set", "macro", "call", "filter", "include", "import", "from", "extends", "block", "with", "do",
     "raw", "autoescape", "in", "is", "loop", "self", "true", "false", "none"}
)  # fmt: skip
"""Words of Jinja2 that are left out on purpose."""

# Plain text: what is written to a phone is no HTML; an e-mail's HTML is made of the text, escaped, later.
_environment: Final = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False, cache_size=0)
for _open in (_environment.globals, _environment.filters, _environment.tests):
    _open.clear()


class CannotRender(Exception):
    """A template names what is not there. One that passed `mistakes` with the names of today does not."""


@dataclass(frozen=True)
class Mistake:
    """Something that the language does not have; `code` is stable."""

    code: str
    detail: str


def mistakes(source: str, names: Collection[str]) -> list[Mistake]:
    """Everything that is wrong with a template, given the names it may use; parsed only when its signs are right."""
    if len(source) > LONGEST:
        return [Mistake("template.too-long", f"At most {LONGEST} characters, please.")]
    try:
        tokens = [(kind, value) for _, kind, value in _environment.lex(source)]
    except TemplateSyntaxError as error:
        return [_syntax(error)]
    return list(dict.fromkeys(_strange(tokens, names))) or _parsed(source)


def render(source: str, facts: Mapping[str, str | bool]) -> str:
    """The text. Raises `CannotRender`."""
    try:
        return _compiled(source).render(facts)
    except TemplateError as error:
        raise CannotRender(str(error)) from error


@lru_cache(maxsize=2048)
def _compiled(source: str) -> Template:
    return _environment.from_string(source)


def _strange(tokens: list[tuple[str, str]], names: Collection[str]) -> Iterator[Mistake]:
    depth = operators = 0
    for kind, value in tokens:
        if kind not in _TOKENS:
            yield Mistake("template.construct", f"`{value.strip()[:20]}` is not part of the language of texts.")
        if kind in {"variable_begin", "block_begin"}:
            operators = 0
        if kind != "name":
            continue
        depth += (value == "if") - (value == "endif")
        operators += value in _OPERATORS
        if depth > DEEPEST or operators > MOST_OPERATORS:
            yield Mistake("template.too-deep", f"At most {DEEPEST} ifs in each other and {MOST_OPERATORS} operators.")
        if value not in KEYWORDS and value not in names:
            yield _unknown(value, names)


def _unknown(word: str, names: Collection[str]) -> Mistake:
    if word.lower() in _TAGS:
        return Mistake("template.construct", f"`{word}` is not part of the language of texts.")
    return Mistake("template.unknown-name", f"There is no {word[:40]} here, only {', '.join(sorted(names))}.")


def _parsed(source: str) -> list[Mistake]:
    try:
        tree = _environment.parse(source)
    except TemplateSyntaxError as error:
        return [_syntax(error)]
    strange = {type(node).__name__ for node in tree.find_all(nodes.Node) if not isinstance(node, _NODES)}
    said = [part for output in tree.find_all(nodes.Output) for part in output.nodes]
    return [
        *(Mistake("template.construct", f"{name} is not part of the language of texts.") for name in sorted(strange)),
        *(
            Mistake("template.not-a-text", "Between {{ and }} stands one name that has a text.")
            for part in said
            if not isinstance(part, nodes.TemplateData)
            and not (isinstance(part, nodes.Name) and part.name not in FLAGS)
        ),
    ]


def _syntax(error: TemplateSyntaxError) -> Mistake:
    return Mistake("template.syntax", f"Line {error.lineno}: {error.message}")
