"""What can be done with the places of sessions: move one, some or all that follow, rest and go on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.booking.domain.placement.placement import Wish
from services.booking.domain.planning.replan import Question, Replan
from services.booking.domain.planning.shift import by_one_place, by_time
from services.booking.domain.protocol.spacing import Finding
from services.booking.domain.series.override import Asked
from services.booking.domain.series.series import Series, SeriesMove
from services.booking.domain.series.session import CancelReason, Session, SessionMove
from services.booking.domain.series.standing import TOO_OFTEN, let_down_in_a_row
from services.booking.operations.audit import audited, sets_rules_aside
from services.booking.operations.placing import as_wish, best_replan, question_of, remarks_on, replaced
from services.booking.operations.ports import UnitOfWork
from shared.errors import Conflict, Fault, Invalid, RuleBroken


@dataclass(frozen=True)
class MoveSession:
    """One session to another wall time; `second` and `resource_ids` as in `Wish`."""

    series_id: str
    number: int
    version: int
    local: datetime
    second: bool = False
    resource_ids: tuple[str, ...] = ()
    overrides: tuple[Asked, ...] = ()


@dataclass(frozen=True)
class RebookSession:
    """A cancelled, missed or paused session at another wall time; `second` and `resource_ids` as in `Wish`."""

    series_id: str
    number: int
    local: datetime
    second: bool = False
    resource_ids: tuple[str, ...] = ()
    overrides: tuple[Asked, ...] = ()


@dataclass(frozen=True)
class Moved(Wish):
    """Where session `number` is wanted."""

    number: int = 0


@dataclass(frozen=True)
class MoveSessions:
    """Several sessions at once, booked ones and those that have lost their place."""

    series_id: str
    sessions: tuple[Moved, ...]
    overrides: tuple[Asked, ...] = ()


@dataclass(frozen=True)
class ShiftSeries:
    """Session `from_number` and all that follow: by whole days, so that it starts at `local`, or by one place.

    Exactly one of the three is given. By one place: each takes the date and time of the next, the last a new one.
    """

    series_id: str
    from_number: int
    days: int | None = None
    local: datetime | None = None
    by_one_place: bool = False
    overrides: tuple[Asked, ...] = ()


@dataclass(frozen=True)
class PauseSeries:
    """Let the treatment rest; what is booked loses its place."""

    series_id: str
    reason: CancelReason


@dataclass(frozen=True)
class ResumeSeries:
    """Go on with every session that rests: at these times, or as near to their former ones as can be."""

    series_id: str
    sessions: tuple[Moved, ...] = ()
    overrides: tuple[Asked, ...] = ()


@dataclass(frozen=True)
class ReplanSession:
    """Ask how a cancelled or missed session could be fitted in."""

    series_id: str
    number: int


@dataclass(frozen=True)
class Proposal:
    """The smallest re-plan: the sessions in their new places, and by how many days they move in all.

    `overrides` are the codes of the rules that a clinician has to set aside for it.
    """

    sessions: tuple[Session, ...]
    days: int
    notes: tuple[Finding, ...]
    overrides: tuple[str, ...]


@audited("rule.set-aside", when=sets_rules_aside)
def move_session(uow: UnitOfWork, command: MoveSession) -> Series:
    """Move one session; the others stay.

    Raises `NotFound`, `Stale`, `Forbidden` for overrides without the scope, `RuleBroken` when a rule forbids it (with
    the smallest re-plan, if there is one), and `Conflict` when somebody has the time (with other times) or the session
    is past moving; each with every reason.
    """
    series = uow.series.get(command.series_id, command.version)
    series.session(command.number).after(SessionMove.RESCHEDULE)
    wish = Wish(command.local, command.second, command.resource_ids)
    return _placed(uow, series, {command.number: wish}, command.overrides)


@audited("rule.set-aside", when=sets_rules_aside)
def rebook_session(uow: UnitOfWork, command: RebookSession) -> Series:
    """Give a session that has lost its place another one; it keeps its number. Raises as `move_session` does."""
    series = uow.series.get(command.series_id)
    series.session(command.number).after(SessionMove.REBOOK)
    wish = Wish(command.local, command.second, command.resource_ids)
    return _placed(uow, series, {command.number: wish}, command.overrides)


@audited("rule.set-aside", when=sets_rules_aside)
def move_sessions(uow: UnitOfWork, command: MoveSessions) -> Series:
    """Move several sessions or none; the rules look at the series as it will be. Raises as `move_session` does."""
    series = uow.series.get(command.series_id)
    return _placed(uow, series, _by_number(command.sessions), command.overrides)


@audited("rule.set-aside", when=sets_rules_aside)
def shift_series(uow: UnitOfWork, command: ShiftSeries) -> Series:
    """Move a session and all that follow by the same step. Raises as `move_session` does."""
    series = uow.series.get(command.series_id)
    question = question_of(uow, series)
    if command.by_one_place:
        wishes = by_one_place(question, command.from_number)
    else:
        wishes = by_time(question, command.from_number, days=command.days, local=command.local)
    return _placed(uow, series, wishes, command.overrides)


@audited("series.pause")
def pause_series(uow: UnitOfWork, command: PauseSeries) -> Series:
    """Let the treatment rest. Raises `NotFound`, and `Conflict` when the series is not active or nothing is booked."""
    series = uow.series.get(command.series_id)
    return uow.series.save(*series.pause(reason=command.reason, at=uow.now))


@audited("rule.set-aside", when=sets_rules_aside)
def resume_series(uow: UnitOfWork, command: ResumeSeries) -> Series:
    """Go on with all sessions that rest.

    Raises `NotFound`; `Conflict` when the series does not rest, a time is taken or nothing fits; `RuleBroken` when a
    rule forbids it, such as after so long a rest that a clinician has to decide; `Forbidden` for overrides without the
    scope.
    """
    series = uow.series.get(command.series_id)
    series.after(SeriesMove.RESUME)
    wishes = _by_number(command.sessions) or _nearest(uow, series)
    placed, overrides = replaced(uow, series, wishes, command.overrides)
    return uow.series.save(*series.resume(placed.sessions, placed.notes, overrides, at=uow.now))


def replan_session(uow: UnitOfWork, command: ReplanSession) -> Proposal:
    """The smallest re-plan that gives a lost session a place; nothing is changed.

    Raises `NotFound`; `Conflict` when the session has not lost its place, or nothing fits; `RuleBroken` when two
    attempts in a row have failed on the patient's side: then somebody talks to them first.
    """
    series = uow.series.get(command.series_id)
    series.after(SeriesMove.KEEP)
    series.session(command.number).after(SessionMove.REBOOK)
    if let_down_in_a_row(series.sessions) >= TOO_OFTEN:
        detail = "Two sessions in a row were missed or called off at short notice: talk to the patient first."
        raise RuleBroken("series.coordinate-first", detail, [Fault("series.coordinate-first", detail)])
    question, found = _search(uow, series, [command.number])
    noted, broken = remarks_on(found, question)
    return Proposal(found.sessions, found.days, noted, tuple(dict.fromkeys(finding.code for finding in broken)))


def _placed(uow: UnitOfWork, series: Series, wishes: Mapping[int, Wish], asked: Sequence[Asked]) -> Series:
    series.after(SeriesMove.KEEP)
    placed, overrides = replaced(uow, series, wishes, asked)
    return uow.series.save(*series.place(placed.sessions, placed.notes, overrides))


def _by_number(sessions: Sequence[Moved]) -> Mapping[int, Wish]:
    """Raises `Invalid` when a session is wanted twice."""
    wishes = {one.number: Wish(one.local, one.second, one.resource_ids) for one in sessions}
    if len(wishes) < len(sessions):
        detail = "A session has one place: name each number once."
        raise Invalid("series.number-twice", detail, [Fault("series.number-twice", detail, "/sessions")])
    return wishes


def _nearest(uow: UnitOfWork, series: Series) -> Mapping[int, Wish]:
    resting = [session.number for session in series.sessions if session.waits_for_a_place]
    if not resting:
        raise Conflict("series.nothing-rests", "No session waits for a place.")
    _, found = _search(uow, series, resting)
    return {session.number: as_wish(session) for session in found.sessions}


def _search(uow: UnitOfWork, series: Series, homeless: Sequence[int]) -> tuple[Question, Replan]:
    question = question_of(uow, series, homeless=homeless)
    found = best_replan(question)
    if found is None:
        detail = "Nothing fits: no free time within the spacing of the protocol."
        raise Conflict("series.no-fit", detail, [Fault("series.no-fit", detail)])
    return question, found
