"""What an SMS costs: its alphabet, and how many parts it takes (3GPP TS 23.038 and 23.040).

160 septets of GSM 7 bit fit one part, 153 each of several; of UCS-2 it is 70 and 67. One letter outside of GSM 7 bit
turns the whole text to UCS-2. The ten characters of the extension table count two septets, those beyond the basic plane
two units, and neither is cut in two by the end of a part.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import smsutil

_UNIT_BYTES: Final = {"gsm0338": 1, "utf_16_be": 2}


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
    if not text:
        return Size(Encoding.GSM_7, 0, 1)
    split = smsutil.split(text)
    encoding = Encoding.GSM_7 if split.encoding == "gsm0338" else Encoding.UCS_2
    return Size(encoding, split.total_bytes // _UNIT_BYTES[split.encoding], len(split.parts))
