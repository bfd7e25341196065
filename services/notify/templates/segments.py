"""What an SMS costs: its alphabet, and how many parts it takes (3GPP TS 23.038 and 23.040).

160 septets of GSM 7 bit fit one part, 153 each of several; of UCS-2 it is 70 and 67. One letter outside of GSM 7 bit
turns the whole text to UCS-2. The characters of the extension table count two septets, those beyond the basic plane
two units, and neither is cut in two by the end of a part.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION: Final = frozenset("\f^{}\\[~]|€")
_BASIC_PLANE: Final = "\uffff"


class Encoding(StrEnum):
    """The alphabet of a whole text."""

    GSM_7 = "gsm-7"
    UCS_2 = "ucs-2"


@dataclass(frozen=True)
class Size:
    """`units` are septets of GSM 7 bit or 16-bit units of UCS-2."""

    encoding: Encoding
    units: int
    parts: int


def size_of(text: str) -> Size:
    """What the text takes; nothing at all takes one part."""
    if _BASIC.union(_EXTENSION).issuperset(text):
        return _size(Encoding.GSM_7, [1 + (sign in _EXTENSION) for sign in text], alone=160, each=153)
    return _size(Encoding.UCS_2, [1 + (sign > _BASIC_PLANE) for sign in text], alone=70, each=67)


def _size(encoding: Encoding, widths: list[int], *, alone: int, each: int) -> Size:
    units = sum(widths)
    return Size(encoding, units, 1 if units <= alone else _parts(widths, each))


def _parts(widths: Iterable[int], each: int) -> int:
    """Filled one after the other."""
    parts, room = 1, each
    for width in widths:
        if width > room:
            parts, room = parts + 1, each
        room -= width
    return parts
