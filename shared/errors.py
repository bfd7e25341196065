"""The three meanings of failure; each door of a service decides once what they lead to.

Exception
├── Refused            a rule said no; final; told to the caller with a stable code
│   ├── Invalid        the input is malformed (every fault listed)
│   ├── Unauthenticated · Forbidden · NotFound
│   ├── Stale          somebody else changed it first
│   ├── Conflict       the world is taken: a slot, a name, a key
│   └── RuleBroken     well-formed, but a rule of the house forbids it
├── TransientFailure   the same call may succeed later
│   └── Contended      another writer was faster; decide again on what is there now
└── PoisonMessage      can never be read or applied; set aside for a person
Anything else is a bug.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong. `pointer` is a JSON pointer into the request, `context` holds figures for programs."""

    code: str
    detail: str
    pointer: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)


class Refused(Exception):
    """A rule said no. `code` is stable (`series.too-soon`), `faults` lists every reason at once."""

    def __init__(self, code: str, detail: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.faults = tuple(faults)


class Invalid(Refused):
    """The input is malformed."""


class Unauthenticated(Refused):
    """No valid credential."""


class Forbidden(Refused):
    """The credential does not reach this far."""


class NotFound(Refused):
    """Not there, or not this caller's: the two are never told apart."""

    def __init__(self, what: str) -> None:
        super().__init__("not-found", f"There is no such {what}.")


class Stale(Refused):
    """The caller's version is no longer the current one."""

    def __init__(self) -> None:
        super().__init__("stale", "It was changed since you read it. Read it again and repeat the change.")


class PreconditionRequired(Refused):
    """A change without saying which version it is meant for."""

    def __init__(self) -> None:
        super().__init__("if-match-required", "Send If-Match with the ETag of the version you are changing.")


class Conflict(Refused):
    """What the caller wants is taken."""


def illegal_move(what: str, status: str, cannot: str, *, code: str = "") -> Conflict:
    """The refusal of what a thing's status does not allow; `cannot` completes "This <what> is <status>: …"."""
    code, detail = code or f"{what}.illegal-move", f"This {what} is {status}: {cannot}."
    return Conflict(code, detail, [Fault(code, detail, context={"status": str(status)})])


class RuleBroken(Refused):
    """Well-formed, but a rule forbids it."""


class TransientFailure(Exception):
    """The same call may succeed later."""


class Contended(TransientFailure):
    """Another writer was faster; the decision must be taken again."""


class PoisonMessage(Exception):
    """A heard event that can never be read or applied."""
