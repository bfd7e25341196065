"""An alert: something of a patient that has to be seen by a person, and who was paged for it until somebody took it on.

Taking it on and reaching the patient are separate facts, in either order. Pages go on by the clock until somebody has
taken it on; neither a corrected answer nor a lower tier takes a page back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID, uuid5

from services.followup.domain.check_in import CheckIn
from services.followup.domain.events import AlertAcknowledged, AlertRaised, PageWanted
from services.followup.domain.hours import Hours
from services.followup.domain.instrument import Help
from services.followup.domain.rota import Contact
from services.followup.domain.triggers import Role, Trigger
from shared.errors import Fault, RuleBroken, illegal_move

_NAMESPACE: Final = UUID("7d0b6a52-1f0e-5c3b-9a64-2c8e4f71d3ab")


class AlertStatus(StrEnum):
    """Where an alert stands. Whether the patient was reached is another question."""

    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"


OPEN: Final = frozenset({AlertStatus.RAISED, AlertStatus.ACKNOWLEDGED})


class Move(StrEnum):
    """What can be done with an alert, as it reads when it cannot."""

    PAGE = "paged for"
    ACKNOWLEDGE = "acknowledged"
    CONTACT = "noted as contacted"
    REGRADE = "regraded"
    CLOSE = "closed"


MOVES: Final[Mapping[tuple[AlertStatus, Move], AlertStatus]] = MappingProxyType(
    {
        (AlertStatus.RAISED, Move.PAGE): AlertStatus.RAISED,
        (AlertStatus.RAISED, Move.CONTACT): AlertStatus.RAISED,
        (AlertStatus.RAISED, Move.REGRADE): AlertStatus.RAISED,
        (AlertStatus.RAISED, Move.ACKNOWLEDGE): AlertStatus.ACKNOWLEDGED,
        (AlertStatus.ACKNOWLEDGED, Move.CONTACT): AlertStatus.ACKNOWLEDGED,
        (AlertStatus.ACKNOWLEDGED, Move.REGRADE): AlertStatus.ACKNOWLEDGED,
        (AlertStatus.ACKNOWLEDGED, Move.CLOSE): AlertStatus.CLOSED,
    }
)
"""Every legal move: from which status, to which."""


@dataclass(frozen=True)
class Step:
    """Who is paged at which instant, if nobody has taken it on by then."""

    role: Role
    at: datetime


@dataclass(frozen=True)
class Paged:
    """A step that was taken; without `contact_id` whoever the clinic has named."""

    step: int
    role: Role
    contact_id: str
    at: datetime


@dataclass(frozen=True)
class Regrade:
    """Somebody found it less urgent than the `tier` that it had."""

    tier: int
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Alert:
    """`because` says what in the response led to it, `sees` what it put before the patient at once.

    `answered_at` is when the answer was given, `raised_at` when it was received: the clock runs from then. `by` of a
    fact is `staff/<contact id>` through the link of a page, `key/<access key id>` through the API.
    """

    id: str
    version: int = 0
    patient_id: str
    series_id: str
    session_number: int
    check_in_id: str
    trigger: str
    tier: int
    holds_treatment: bool
    because: tuple[str, ...]
    sees: Help
    answered_at: datetime
    raised_at: datetime
    ladder: tuple[Step, ...] = ()
    next_step_at: datetime | None = None
    paged: tuple[Paged, ...] = ()
    status: AlertStatus = AlertStatus.RAISED
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    contacted_at: datetime | None = None
    contacted_by: str = ""
    contact_note: str = ""
    regraded: tuple[Regrade, ...] = ()
    closed_at: datetime | None = None
    closed_by: str = ""
    close_reason: str = ""

    def is_due(self, at: datetime) -> bool:
        """Whether the next one is to be paged."""
        return self.status is AlertStatus.RAISED and self.next_step_at is not None and self.next_step_at <= at

    @property
    def next_role(self) -> Role:
        """Who is to be paged next; to be asked only of one that has a next step."""
        return self.ladder[len(self.paged)].role

    def page(self, contact: Contact | None, at: datetime) -> tuple["Alert", tuple[PageWanted, ...]]:
        """The next one is paged: `contact`, or whoever the clinic has named. Nothing happens when none is due."""
        if not self.is_due(at):
            return self, ()
        who = contact or Contact("", "")
        paged = Paged(len(self.paged), self.next_role, who.id, at)
        wanted = PageWanted(
            self.patient_id,
            self.id,
            paged.step,
            self.tier,
            self.trigger,
            paged.role.value,
            who.id,
            who.name or None,
            who.phone,
            who.email,
            self.raised_at,
        )
        after = self.ladder[paged.step + 1 : paged.step + 2]
        changed = self._move(Move.PAGE, paged=(*self.paged, paged), next_step_at=after[0].at if after else None)
        return changed, (wanted,)

    def acknowledge(self, by: str, at: datetime) -> tuple["Alert", tuple[AlertAcknowledged, ...]]:
        """Somebody takes it on: nobody is paged any more. Whoever comes later changes nothing."""
        if self.acknowledged_at is not None:
            return self, ()
        taken = self._move(Move.ACKNOWLEDGE, next_step_at=None, acknowledged_at=at, acknowledged_by=by)
        return taken, (AlertAcknowledged(self.patient_id, self.trigger, by, at),)

    def contact(self, by: str, note: str, at: datetime) -> "Alert":
        """The patient was reached; once more changes nothing. Raises `Conflict` when it is closed."""
        if self.contacted_at is not None:
            return self
        return self._move(Move.CONTACT, contacted_at=at, contacted_by=by, contact_note=note)

    def regrade(self, tier: int, by: str, reason: str, at: datetime) -> "Alert":
        """A person finds it less urgent; its clock stays as it is. Raises `RuleBroken` for a tier that is not lower,
        `Conflict` when it is closed.
        """
        if tier <= self.tier:
            detail = f"An alert of tier {self.tier} can only be given a less urgent one, a higher number."
            raise RuleBroken("alert.tier-not-lower", detail, [Fault("alert.tier-not-lower", detail, "/tier")])
        return self._move(Move.REGRADE, tier=tier, regraded=(*self.regraded, Regrade(self.tier, by, reason, at)))

    def close(self, by: str, reason: str, at: datetime) -> "Alert":
        """Nothing is left to do. Raises `Conflict` when nobody has taken it on, or when it is closed."""
        return self._move(Move.CLOSE, closed_at=at, closed_by=by, close_reason=reason)

    def _move(self, move: Move, **changes: Any) -> "Alert":
        if (self.status, move) not in MOVES:
            raise illegal_move("alert", self.status, f"it cannot be {move}", code="alert.wrong-status")
        return replace(self, status=MOVES[self.status, move], **changes)


def alert_id(clinic_id: str, check_in_id: str, trigger: str) -> str:
    """One check-in raises one alert of each trigger, however often its answers are received."""
    return str(uuid5(_NAMESPACE, f"{clinic_id}\n{check_in_id}\n{trigger}"))


def raised(
    id: str,
    check_in: CheckIn,
    name: str,
    trigger: Trigger,
    *,
    because: Sequence[str],
    sees: Help,
    answered_at: datetime,
    hours: Hours,
    at: datetime,
) -> tuple[Alert, tuple[AlertRaised, ...]]:
    """A new alert, of which nobody knows yet."""
    ladder = tuple(Step(role, due_at) for role, due_at in trigger.ladder(at, hours))
    alert = Alert(
        id=id,
        patient_id=check_in.patient_id,
        series_id=check_in.series_id,
        session_number=check_in.session_number,
        check_in_id=check_in.id,
        trigger=name,
        tier=trigger.tier,
        holds_treatment=trigger.holds,
        because=tuple(because),
        sees=sees,
        answered_at=answered_at,
        raised_at=at,
        ladder=ladder,
        next_step_at=ladder[0].at if ladder else None,
    )
    told = AlertRaised(
        check_in.patient_id,
        check_in.series_id or None,
        check_in.session_number or None,
        check_in.id,
        name,
        trigger.tier,
        trigger.holds,
        at,
    )
    return alert, (told,)
