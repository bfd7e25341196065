"""Moves a session and all that follow by the same step. The times are made by a rule, nobody has typed them."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from itertools import pairwise

from services.booking.domain.calendar.slots import weekday_of
from services.booking.domain.placement.nearby import kept_place
from services.booking.domain.placement.placement import Wish
from services.booking.domain.planning.replan import Question
from services.booking.domain.protocol.spacing import Planned
from services.booking.domain.series.series import Series
from services.booking.domain.series.session import Session, SessionStatus


def by_time(question: Question, from_number: int, *, days: int | None, local: datetime | None) -> Mapping[int, Wish]:
    """Session `from_number` and every booked one behind it, by whole days, or by as much as that one moves to `local`.

    Session `from_number` itself may have lost its place.
    """
    shifted = _from(question.series, from_number)
    step = timedelta(days=days or 0) if local is None else local - shifted[0].starts_local
    return {one.number: _wish(question, one, one.starts_local + step) for one in shifted}


def by_one_place(question: Question, from_number: int) -> Mapping[int, Wish]:
    """Each takes the date and time of the next one; the last goes on in the rhythm of the weekdays of the series."""
    shifted = _from(question.series, from_number)
    places = [later.starts_local for _, later in pairwise(shifted)]
    last = shifted[-1]
    places.append(datetime.combine(_next_date(question, last), last.starts_local.time()))
    return {one.number: _wish(question, one, local) for one, local in zip(shifted, places, strict=True)}


def _from(series: Series, from_number: int) -> list[Session]:
    behind = (one for one in series.sessions if one.number > from_number and one.status is SessionStatus.BOOKED)
    return [series.session(from_number), *behind]


def _next_date(question: Question, last: Session) -> date:
    usual = {weekday_of(session.on) for session in question.series.sessions if session.doses == last.doses}
    least = question.regimen.phase_of(last.number).min_days
    return next(day for day in _days_behind(last.on, least) if weekday_of(day) in usual)


def _days_behind(day: date, least: int) -> Iterator[date]:
    return (day + timedelta(days=days) for days in range(max(1, least), least + 8))


def _wish(question: Question, session: Session, local: datetime) -> Wish:
    """With the same chair, nurse and so on where they are free, else with any; as wanted where nothing is."""
    local = question.calendar.generated(local)
    planned = Planned(session.number, question.regimen.phase_of(session.number), local.date())
    placed = kept_place(question.calendar, planned, session, local)
    return Wish(local, resource_ids=placed.resource_ids if placed else ())
