"""What screening says of one finding, and the word of the one who may decide about it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Outcome(StrEnum):
    """What a finding leads to, the gravest first."""

    BLOCK = "block"
    """No dose is booked."""
    HOLD = "hold"
    """A dose is booked, and not started."""
    REVIEW = "review"
    """A decision with a reason is on record first."""
    INFO = "info"


class Decider(StrEnum):
    """Who may set a finding aside: a scope, or nobody."""

    CLINICIAN = "clinician"
    PSYCHIATRIST = "psychiatrist"
    NOBODY = "nobody"


@dataclass(frozen=True)
class Decision:
    """Finding `code` was accepted or not by the holder of access key `by`.

    It counts for as long as the finding rests on `basis`, such as the result of one examination.
    """

    code: str
    basis: str
    accepted: bool
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Result:
    """A finding. `source` is where its rule comes from, `basis` what it rests on, `decided` the last decision."""

    code: str
    outcome: Outcome
    decider: Decider
    detail: str
    source: str
    basis: str
    decided: Decision | None = None

    @property
    def stands(self) -> bool:
        """Whether it keeps the patient from treatment."""
        return self.outcome is not Outcome.INFO and not (self.decided and self.decided.accepted)
