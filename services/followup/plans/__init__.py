"""The plan that every clinic starts with, as data: `default.yaml`."""

from pathlib import Path
from typing import Final

import yaml

from services.followup.domain.plan import Questions
from services.followup.domain.publishing import faults_of
from shared.converters import from_json

FILE: Final = Path(__file__).parent / "default.yaml"


class PlanFault(SystemExit):
    """The process cannot start; the text names every fault."""


def load_default(instruments: frozenset[str], file: Path = FILE) -> Questions:
    """Read and check the default plan against the instruments there are. Raises `PlanFault`."""
    questions = from_json(Questions, yaml.safe_load(file.read_text()))
    if faults := faults_of(questions, instruments):
        lines = (f"{fault.pointer}: {fault.detail}" for fault in faults)
        raise PlanFault("The default plan cannot be used:\n  " + "\n  ".join(lines))
    return questions
