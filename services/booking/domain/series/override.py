"""What a clinician may allow against the rules, and the record that is kept of it.

Never allowed: two doses on one day, less than the least spacing, sessions out of order, a place that somebody has.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from services.booking.domain.protocol.spacing import Finding
from shared.errors import Fault, Forbidden, RuleBroken

CLINICIAN: Final = "clinician"
"""The scope that allows."""
OVERRIDABLE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "spacing.weekday": "a dose on a weekday on which the protocol gives none",
        "spacing.too-late": "a gap of 8 to 14 days, after the clinician's review of the course",
        "spacing.suspended": "a gap of more than 14 days, after another assessment",
        "spacing.rolling-seven-days": "more doses in seven days than the protocol foresees",
        "spacing.window": "a course that takes longer than is tolerated",
        "cap.per-7-days": "more doses in seven days than one person may have, in all clinics together",
        "cap.per-30-days": "more doses in thirty days than one person may have, in all clinics together",
    }
)
"""The rules that give way to a clinician's word, and what that word means."""


@dataclass(frozen=True)
class Asked:
    """Somebody asks to set rule `code` aside for a stated reason."""

    code: str
    reason: str


@dataclass(frozen=True)
class Override:
    """Rule `code` was set aside for sessions `numbers`, by the holder of access key `by`, for a stated reason."""

    code: str
    reason: str
    by: str
    at: datetime
    numbers: tuple[int, ...]


def allowed_codes(asked: Sequence[Asked], scopes: Iterable[str]) -> frozenset[str]:
    """The codes that are set aside.

    Raises `Forbidden` without the scope, and `RuleBroken` for rules that never give way.
    """
    if asked and CLINICIAN not in scopes:
        raise Forbidden("scope-missing", f"Only the scope {CLINICIAN} sets a rule aside.")
    if faults := list(_impossible(asked)):
        raise RuleBroken("override.not-possible", "These rules cannot be set aside.", faults)
    return frozenset(one.code for one in asked)


def overrides_of(asked: Sequence[Asked], found: Sequence[Finding], *, by: str, at: datetime) -> tuple[Override, ...]:
    """The record of what was set aside. Raises `RuleBroken` for what was asked for without need."""
    numbers = {one.code: _numbers(one.code, found) for one in asked}
    unused = [(place, one) for place, one in enumerate(asked) if not numbers[one.code]]
    if unused:
        detail = "No rule of this code is broken: it needs no override."
        faults = [Fault("override.not-needed", detail, f"/overrides/{place}/code") for place, _ in unused]
        raise RuleBroken("override.not-needed", detail, faults)
    return tuple(Override(one.code, one.reason, by, at, numbers[one.code]) for one in asked)


def _numbers(code: str, found: Sequence[Finding]) -> tuple[int, ...]:
    return tuple(sorted({number for one in found if one.code == code for number in one.numbers}))


def _impossible(asked: Sequence[Asked]) -> Iterator[Fault]:
    for place, one in enumerate(asked):
        if one.code not in OVERRIDABLE:
            detail = f"Not a rule that gives way; these do: {', '.join(OVERRIDABLE)}."
            yield Fault("override.not-possible", detail, f"/overrides/{place}/code")
