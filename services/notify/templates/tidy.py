"""Rendered texts as they are sent: what ifs left empty leaves no gaps."""

import re
from typing import Final

_BLANK_LINES: Final = re.compile(r"\n{3,}")


def one_line(text: str) -> str:
    """For SMS and subjects."""
    return " ".join(text.split())


def paragraphs(text: str) -> str:
    """For e-mails: paragraphs with one blank line between them, and an end of line behind the last one."""
    lines = "\n".join(line.rstrip() for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", lines).strip() + "\n"
