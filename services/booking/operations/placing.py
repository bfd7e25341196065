"""Puts sessions of a series somewhere else; what is refused comes with a way out, where there is one."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from services.booking.domain.placement.alternatives import DAYS, TAKEN, with_alternatives
from services.booking.domain.placement.placement import Placed, Wish, course_with, place_again
from services.booking.domain.planning.replan import FARTHEST, Question, Replan, smallest_replan
from services.booking.domain.protocol.spacing import Finding, breaches, notes
from services.booking.domain.series.override import OVERRIDABLE, Asked, Override, allowed_codes, overrides_of
from services.booking.domain.series.series import Series
from services.booking.domain.series.session import Session
from services.booking.operations.calendars import calendar_of, calendar_on
from services.booking.operations.ports import UnitOfWork
from services.booking.operations.regimen import elsewhere_of, regimen_of
from shared.errors import Conflict, Fault, RuleBroken
from shared.localtime import local_date

_MANY_DAYS: Final = timedelta(days=366)
"""Nobody re-plans a series for a date behind that."""
_ABOUT_OTHERS: Final = ("spacing.", "cap.", "session.overlap-itself")
"""Codes of faults that may go away when other sessions move."""


def replaced(
    uow: UnitOfWork, series: Series, wishes: Mapping[int, Wish], asked: Sequence[Asked]
) -> tuple[Placed, tuple[Override, ...]]:
    """Sessions where they are wanted, and the record of the rules that are set aside for it.

    Raises `Forbidden` for overrides without the scope; `RuleBroken` when a rule forbids it, then with the smallest
    re-plan that would keep all rules, if there is one; and `Conflict` when a time is taken, then with other times.
    """
    allowed = allowed_codes(asked, uow.actor.scopes)
    days = {wish.local.date() for wish in wishes.values()}
    calendar = calendar_on(uow, series.patient_id, days, but=series.id)
    try:
        placed = place_again(
            series,
            regimen_of(uow, series),
            wishes,
            calendar=calendar,
            elsewhere=elsewhere_of(uow, series),
            allowed=allowed,
        )
    except Conflict as refusal:
        raise _with_other_times(uow, refusal, series, wishes) from refusal
    except RuleBroken as refusal:
        raise _with_replan(uow, refusal, series, wishes) from refusal
    return placed, overrides_of(asked, placed.allowed, by=uow.actor.id, at=uow.now)


def question_of(uow: UnitOfWork, series: Series, **wanted: Any) -> Question:
    """What a search for a re-plan starts from; the calendar reaches as far as it may look."""
    today = local_date(uow.now, series.zone)
    wishes: Mapping[int, Wish] = wanted.get("wishes", {})
    own = [session.on for session in series.sessions]
    wished = (wish.local.date() for wish in wishes.values())
    sensible = (day for day in wished if day <= today + _MANY_DAYS)
    last = max(*own, *sensible, today + (max(own) - min(own))) + 2 * FARTHEST
    calendar = calendar_of(uow, series.patient_id, today, last, but=series.id)
    return Question(series, regimen_of(uow, series), calendar, last, elsewhere_of(uow, series), **wanted)


def best_replan(question: Question) -> Replan | None:
    """The smallest re-plan; only if there is none, one for which rules have to be set aside."""
    return smallest_replan(question) or smallest_replan(replace(question, allowed=frozenset(OVERRIDABLE)))


def remarks_on(found: Replan, question: Question) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """What the rules would note about a series as re-planned, and which of them would have to be set aside."""
    now, then = (
        course_with(question.series, question.regimen, dates, question.elsewhere)
        for dates in ({}, {session.number: session.on for session in found.sessions})
    )
    torn = breaches(now)
    return tuple(notes(then)), tuple(finding for finding in breaches(then) if finding not in torn)


def as_wish(session: Session) -> Wish:
    """The place of a session as somebody would ask for it."""
    return Wish(session.starts_local, session.second, session.resource_ids)


def _with_other_times(uow: UnitOfWork, refusal: Conflict, series: Series, wishes: Mapping[int, Wish]) -> Conflict:
    if not any(fault.code in TAKEN for fault in refusal.faults):
        return refusal
    dates = {number: wish.local.date() for number, wish in wishes.items()}
    longer = calendar_on(uow, series.patient_id, dates.values(), days_behind=DAYS, but=series.id)
    staying = series.slots.difference(*(series.session(number).slots for number in wishes))
    course = course_with(series, regimen_of(uow, series), dates, elsewhere_of(uow, series))
    return with_alternatives(refusal, wishes, course, replace(longer, busy=longer.busy | staying))


def _with_replan(uow: UnitOfWork, refusal: RuleBroken, series: Series, wishes: Mapping[int, Wish]) -> RuleBroken:
    """The refusal and, as one more fault, the smallest re-plan that would keep all rules."""
    of_others = all(fault.code.startswith(_ABOUT_OTHERS) for fault in refusal.faults)
    found = smallest_replan(question_of(uow, series, wishes=wishes)) if of_others else None
    if found is None:
        return refusal
    detail = f"With {len(found.sessions)} sessions moved it could be: send these to the moves of the series."
    context = {"sessions": [as_asked(session) for session in found.sessions], "days": found.days}
    proposal = Fault("series.replan-proposed", detail, context=context)
    return RuleBroken(refusal.code, refusal.detail, [*refusal.faults, proposal])


def as_asked(session: Session) -> dict[str, Any]:
    """The place of a session in the shape in which a request asks for it."""
    return {
        "number": session.number,
        "starts_local": session.starts_local.isoformat(timespec="minutes"),
        "second": session.second,
        "resource_ids": list(session.resource_ids),
    }
