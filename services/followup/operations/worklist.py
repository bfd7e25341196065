"""What waits for somebody at the clinic, the most urgent first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from services.followup.domain.alert import Alert
from services.followup.domain.check_in import CheckIn
from services.followup.operations.ports import UnitOfWork
from shared.paging import Page, page_from

OVERDUE_AFTER: Final = timedelta(hours=24)
"""How long a check-in may be open without answers before it is on the list. Platform default."""
_BEHIND_ALERTS: Final = 5


@dataclass(frozen=True)
class ListWork:
    """A page of the list."""

    limit: int
    after: str | None


@dataclass(frozen=True)
class Work:
    """One line. `what` is the trigger of an alert, the kind of a check-in, or what is wrong with the rota; `due_at`:
    when the next one is paged, or the check-in closes.
    """

    kind: Literal["rota", "alert", "check-in"]
    id: str
    patient_id: str
    what: str
    tier: int | None
    status: str
    since: datetime
    due_at: datetime

    @property
    def place(self) -> str:
        """Where it stands: alerts by tier, then by what is due."""
        order = 0 if self.kind == "rota" else self.tier or _BEHIND_ALERTS
        # That of the rota must not depend on the time at which it is asked for.
        return f"{order} {self.due_at.isoformat() if order else ''} {self.id}"


def list_work(uow: UnitOfWork, query: ListWork) -> Page[Work]:
    """Alerts that are not closed, check-ins that are overdue, and whether there is a rota at all."""
    lines = [
        *_no_rota(uow),
        *(_alert(alert) for alert in uow.alerts.open()),
        *(_check_in(check_in) for check_in in uow.check_ins.overdue(uow.now - OVERDUE_AFTER)),
    ]
    return page_from(lines, after=query.after, limit=query.limit, place=lambda line: line.place)


def _no_rota(uow: UnitOfWork) -> Iterator[Work]:
    if not uow.rotas.of_clinic().version:
        yield Work("rota", uow.clinic_id, "", "no-rota", None, "missing", uow.now, uow.now)


def _alert(alert: Alert) -> Work:
    due_at = alert.next_step_at or alert.raised_at
    return Work("alert", alert.id, alert.patient_id, alert.trigger, alert.tier, alert.status, alert.raised_at, due_at)


def _check_in(check_in: CheckIn) -> Work:
    since, until = check_in.opened_at or check_in.due_at, check_in.expires_at or check_in.due_at
    return Work("check-in", check_in.id, check_in.patient_id, check_in.kind, None, check_in.status, since, until)
