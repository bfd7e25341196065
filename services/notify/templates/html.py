"""An e-mail's HTML, made of its plain text: paragraphs, lists, and the link as a button.

The text is escaped, so nothing in it becomes HTML. Two rules of form are all there is: lines that begin with `- ` are a
list, and a paragraph of the form `words: https://…` is a button with these words on it.
"""

import re
from html import escape
from itertools import groupby
from typing import Final

_BUTTON: Final = re.compile(r"(?P<words>[^\n]+): (?P<link>https?://\S+)")
_LINK: Final = re.compile(r"https?://[^\s<>&\"']+(?:&amp;[^\s<>&\"']+)*")
_ITEM: Final = "- "
_PAGE: Final = (
    '<!doctype html><html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"></head>'
    '<body style="font:16px/1.5 sans-serif;color:#1a1a1a;max-width:36em;margin:0 auto;padding:16px">{}</body></html>\n'
)
_ANCHOR: Final = (
    '<p><a href="{link}" style="display:inline-block;padding:12px 20px;border-radius:6px;background:#0b5cad;'
    'color:#ffffff;text-decoration:none">{words}</a></p>'
)


def as_html(text: str) -> str:
    """The same, for readers of HTML."""
    return _PAGE.format("".join(_paragraph(part) for part in re.split(r"\n{2,}", text.strip()) if part))


def _paragraph(text: str) -> str:
    if button := _BUTTON.fullmatch(text):
        return _ANCHOR.format(link=escape(button["link"]), words=escape(button["words"]))
    groups = groupby(text.split("\n"), key=lambda line: line.startswith(_ITEM))
    return "".join(_list(list(lines)) if is_list else _lines(list(lines)) for is_list, lines in groups)


def _list(lines: list[str]) -> str:
    return f"<ul>{''.join(f'<li>{_inline(line.removeprefix(_ITEM))}</li>' for line in lines)}</ul>"


def _lines(lines: list[str]) -> str:
    return f"<p>{'<br>'.join(_inline(line) for line in lines)}</p>"


def _inline(text: str) -> str:
    return _LINK.sub(lambda found: f'<a href="{found[0]}">{found[0]}</a>', escape(text))
