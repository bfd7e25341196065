"""When a patient is asked what. Hours are elapsed time: a day on which the clocks change makes no difference."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final


@dataclass(frozen=True)
class Ask:
    """One row of a plan: `kind` names it within a session, `open_for` is how long the link can be used."""

    kind: str
    after: timedelta
    instrument: str
    open_for: timedelta


AFTER_DISCHARGE: Final = (Ask(kind="24h", after=timedelta(hours=24), instrument="phq-9", open_for=timedelta(days=7)),)
"""Asked after each session, counted from discharge. Platform defaults; trials of the treatment measure at 24 h."""
