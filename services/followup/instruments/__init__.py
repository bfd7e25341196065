"""The instruments of this installation, as data: `<id>.scoring.yaml` says how to score, `<id>.text.<language>.yaml`
what is asked. They are apart because most wordings may not be shipped, while the way to score them may.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

import yaml

from services.followup.domain.instrument import Instrument
from services.followup.domain.library import Library
from services.followup.domain.wording import InstrumentText
from services.followup.instruments.checks import instrument_faults, text_faults, unknown_fields
from shared.converters import from_json, to_json

FOLDER: Final = Path(__file__).parent
T = TypeVar("T")


class InstrumentsFault(SystemExit):
    """The process cannot start; the text names every fault of every file."""


def load_library(folder: Path = FOLDER) -> Library:
    """Read and check all instruments of `folder`. Raises `InstrumentsFault`."""
    faults: list[str] = []
    instruments = tuple(_read(Instrument, folder.glob("*.scoring.yaml"), faults))
    texts = tuple(_read(InstrumentText, folder.glob("*.text.*.yaml"), faults))
    for instrument in instruments:
        faults += instrument_faults(instrument)
    faults += text_faults(instruments, texts)
    if faults:
        raise InstrumentsFault("The instruments cannot be used:\n  " + "\n  ".join(faults))
    return Library(instruments, texts)


def _read(kind: type[T], files: Iterator[Path], faults: list[str]) -> Iterator[T]:
    for file in sorted(files):
        try:
            content = _mapping(file)
            understood = from_json(kind, content)
            faults += [f"{file.name}: {fault}" for fault in unknown_fields(content, to_json(understood))]
            yield understood
        except (yaml.YAMLError, TypeError) as error:
            faults.append(f"{file.name}: {error}")
        except ExceptionGroup as unreadable:
            faults += [f"{file.name}: {fault}" for fault in _leaves(unreadable)]


def _mapping(file: Path) -> dict[str, Any]:
    content = yaml.safe_load(file.read_text())
    if not isinstance(content, dict):
        raise TypeError("is no mapping")
    return content


def _leaves(error: Exception, where: str = "") -> Iterator[str]:
    """Every single fault of a group of groups, with where it was found."""
    where = " ".join([where, *getattr(error, "__notes__", [])]).strip()
    if isinstance(error, ExceptionGroup):
        for part in error.exceptions:
            yield from _leaves(part, where)
    else:
        yield f"{where}: {error!r}"
