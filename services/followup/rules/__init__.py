"""What reaches a person, and how fast, as data: `default.yaml`."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import yaml

from services.followup.domain.alert_rules import rule_faults
from services.followup.domain.instrument import Instrument
from services.followup.domain.triggers import Rules
from shared.converters import from_json

FILE: Final = Path(__file__).parent / "default.yaml"


class RuleFault(SystemExit):
    """The process cannot start; the text names every fault."""


def load_rules(instruments: Iterable[Instrument], file: Path = FILE) -> Rules:
    """Read the rules and check them against the instruments there are. Raises `RuleFault`."""
    rules = from_json(Rules, yaml.safe_load(file.read_text()))
    if faults := rule_faults(rules, instruments):
        lines = (f"{fault.pointer}: {fault.detail}" for fault in faults)
        raise RuleFault("The rules for alerts cannot be used:\n  " + "\n  ".join(lines))
    return rules
