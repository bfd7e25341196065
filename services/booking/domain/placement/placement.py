"""Places sessions in the calendar where somebody wants them; tells every reason at once where that cannot be."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import chain, combinations
from typing import Final

from services.booking.domain.calendar.slots import PATIENT, first_run, is_on_grid, start_of
from services.booking.domain.placement.availability import SLOT_TAKEN, Calendar, a_session, pick, why_none
from services.booking.domain.protocol.protocol import Condition, Phase, Regimen
from services.booking.domain.protocol.spacing import Course, Finding, Planned, breaches, notes
from services.booking.domain.series.series import Series
from services.booking.domain.series.session import Session
from shared.errors import Conflict, Fault, RuleBroken
from shared.localtime import LocalTimeGap, in_gap, resolve, resolve_forward

PATIENT_BUSY: Final = "series.patient-busy"


@dataclass(frozen=True)
class Wish:
    """A session wanted at a wall time of the clinic; `second` means the later one of two equal wall times.

    `resource_ids` names the chair, the nurse and so on, as far as it matters which.
    """

    local: datetime
    second: bool = False
    resource_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Placed:
    """Sessions in their places, with the notes to keep on the series.

    `allowed` are the findings that would have forbidden it, had they not been allowed.
    """

    sessions: tuple[Session, ...]
    notes: tuple[Finding, ...]
    allowed: tuple[Finding, ...]


def place_series(
    regimen: Regimen,
    wishes: Sequence[Wish],
    calendar: Calendar,
    elsewhere: tuple[date, ...],
    *,
    condition: Condition | None = None,
    allowed: Collection[str] = (),
) -> Placed:
    """All sessions where they are wanted.

    `elsewhere` are the dates of the person's other doses, `condition` is what is treated, `allowed` the codes of
    findings that a clinician takes upon themselves. Raises `RuleBroken` when a rule forbids it and `Conflict` when only
    taken slots are in the way, with every reason; a fault that concerns one session has its number in the context.
    """
    course = course_of(regimen, wishes, elsewhere, condition)
    attempts = [attempt(calendar, one, wish) for one, wish in zip(course.sessions, wishes, strict=True)]
    sessions = tuple(session for session, _ in attempts)
    forbidden, accepted = _parted(breaches(course), allowed)
    _refuse(
        [
            *_wrong_count(regimen, len(wishes)),
            *(_at(session.number, _about(session.number, fault)) for session, faults in attempts for fault in faults),
            *(_at(later.number, _overlap(earlier, later)) for earlier, later in _overlapping(sessions)),
            *(_at(finding.numbers[-1], _as_fault(finding)) for finding in forbidden),
        ]
    )
    return Placed(sessions, (*notes(course), *accepted), accepted)


def place_again(
    series: Series,
    regimen: Regimen,
    wishes: Mapping[int, Wish],
    *,
    calendar: Calendar,
    elsewhere: tuple[date, ...],
    allowed: Collection[str] = (),
) -> Placed:
    """Sessions of a series, by their numbers, where they are wanted now; the others stay as they are.

    Only what concerns these sessions forbids it; what a missed session has torn open before, and the move leaves as it
    is, does not. Raises as `place_series` does, and `Conflict` when a session is past moving.
    """
    for number in wishes:
        series.session(number).after(series.way_to_place(number))
    course = course_with(series, regimen, {number: wish.local.date() for number, wish in wishes.items()}, elsewhere)
    torn = torn_open(series, regimen, elsewhere)
    attempts = [attempt(calendar, one, wishes[one.number]) for one in course.sessions if one.number in wishes]
    sessions = tuple(session for session, _ in attempts)
    others = [session for session in series.live if session.number not in wishes]
    found = [one for one in breaches(course) if one not in torn and not wishes.keys().isdisjoint(one.numbers)]
    forbidden, accepted = _parted(found, allowed)
    _refuse(
        [
            *(_about(session.number, fault) for session, faults in attempts for fault in faults),
            *(_overlap(one, other) for one, other in _overlapping([*others, *sessions]) if other in sessions),
            *(_as_fault(finding) for finding in forbidden),
        ]
    )
    return Placed(sessions, (*notes(course), *accepted), accepted)


def torn_open(series: Series, regimen: Regimen, elsewhere: tuple[date, ...]) -> list[Finding]:
    """What is broken already, and so forbids nothing that leaves it as it is; but where a session is on hold for it."""
    held = {(block.code, session.number) for session in series.sessions for block in session.blocks}
    found = breaches(course_with(series, regimen, {}, elsewhere))
    return [one for one in found if held.isdisjoint((one.code, number) for number in one.numbers)]


def course_of(
    regimen: Regimen, wishes: Sequence[Wish], elsewhere: tuple[date, ...], condition: Condition | None
) -> Course:
    """Sessions 1, 2, 3 … on the dates where they are wanted."""
    dates = enumerate((wish.local.date() for wish in wishes), 1)
    return Course(
        regimen, tuple(Planned(number, regimen.phase_of(number), on) for number, on in dates), elsewhere, condition
    )


def course_with(series: Series, regimen: Regimen, dates: Mapping[int, date], elsewhere: tuple[date, ...]) -> Course:
    """The live sessions of a series, those in `dates` on other dates or live again."""
    on = {**{session.number: session.on for session in series.live}, **dates}
    planned = (Planned(number, regimen.phase_of(number), on[number]) for number in sorted(on))
    return Course(regimen, tuple(planned), elsewhere, series.condition)


def attempt(calendar: Calendar, planned: Planned, wish: Wish) -> tuple[Session, list[Fault]]:
    """The session as wanted, and all that is in its way but the other sessions."""
    phase, named = planned.phase, wish.resource_ids
    starts_at = _instant(wish, calendar.zone)
    found = {kind: pick(calendar, phase, starts_at, kind, named) for kind in phase.kinds}
    missing = [kind for kind, claims in found.items() if not claims]
    session = a_session(calendar, planned.number, phase, starts_at, chain(*found.values()))
    faults = [
        *_wrong_time(calendar, wish, starts_at),
        *_wrong_names(calendar, phase, named),
        *(fault for kind in missing for fault in why_none(calendar, phase, starts_at, kind, named)),
        *_patient_busy(calendar, session),
    ]
    return session, faults


def _instant(wish: Wish, zone: str) -> datetime:
    if in_gap(wish.local, zone):
        return resolve_forward(wish.local, zone)
    return resolve(wish.local, zone, second=wish.second)


def _wrong_time(calendar: Calendar, wish: Wish, starts_at: datetime) -> Iterator[Fault]:
    if in_gap(wish.local, calendar.zone):
        yield from LocalTimeGap(wish.local, calendar.zone).faults
    if not is_on_grid(wish.local):
        yield Fault("session.off-grid", "A session starts on a multiple of five minutes.")
    if starts_at < calendar.now:
        yield Fault("session.in-past", f"{wish.local:%Y-%m-%d %H:%M} has passed.")
    if wish.local.date() in calendar.holidays:
        yield Fault("clinic.closed", f"The clinic is closed on {wish.local.date()}.")


def _wrong_names(calendar: Calendar, phase: Phase, named: Sequence[str]) -> Iterator[Fault]:
    known = {resource.id: resource for resource in calendar.resources}
    for id in named:
        if id not in known:
            yield Fault("resource.unknown", "There is no such resource.", context={"resource_id": id})
        elif not known[id].is_active:
            yield Fault("resource.inactive", f"{known[id].name} is not in use.", context={"resource_id": id})
        elif known[id].kind not in phase.kinds:
            detail = f"A {phase.name} session needs no {known[id].kind}."
            yield Fault("resource.not-needed", detail, context={"resource_id": id})


def _patient_busy(calendar: Calendar, session: Session) -> Iterator[Fault]:
    claims = [claim for claim in session.claims if claim.kind == PATIENT]
    if run := first_run(start_of(slot) for claim in claims for slot in claim.slots & calendar.busy):
        context = calendar.interval(*run)
        yield Fault(PATIENT_BUSY, f"The patient has another session at {context['from_local']}.", context=context)


def _wrong_count(regimen: Regimen, count: int) -> Iterator[Fault]:
    if count < regimen.sessions or (count > regimen.sessions and not regimen.is_open_ended):
        least = "at least " if regimen.is_open_ended else ""
        detail = f"This protocol has {least}{regimen.sessions} sessions, not {count}."
        yield Fault("series.wrong-count", detail, "/sessions", {"sessions": count, "planned": regimen.sessions})


def _overlapping(sessions: Sequence[Session]) -> Iterator[tuple[Session, Session]]:
    held = [(session, session.slots) for session in sessions]
    return ((one, other) for (one, ours), (other, theirs) in combinations(held, 2) if not ours.isdisjoint(theirs))


def _overlap(one: Session, other: Session) -> Fault:
    detail = f"Sessions {one.number} and {other.number} overlap."
    return Fault("session.overlap-itself", detail, context={"numbers": [one.number, other.number]})


def _as_fault(finding: Finding) -> Fault:
    return Fault(finding.code, finding.detail, context={**finding.context, "numbers": list(finding.numbers)})


def _parted(found: Iterable[Finding], allowed: Collection[str]) -> tuple[list[Finding], tuple[Finding, ...]]:
    """What is forbidden, and what is not because it is allowed."""
    every = list(found)
    return [one for one in every if one.code not in allowed], tuple(one for one in every if one.code in allowed)


def _about(number: int, fault: Fault) -> Fault:
    return replace(fault, context={**fault.context, "number": number})


def _at(number: int, fault: Fault) -> Fault:
    return replace(fault, pointer=f"/sessions/{number - 1}")


def _refuse(faults: Sequence[Fault]) -> None:
    codes = {fault.code for fault in faults}
    if not codes:
        return
    if codes <= {SLOT_TAKEN, PATIENT_BUSY}:
        code = SLOT_TAKEN if SLOT_TAKEN in codes else PATIENT_BUSY
        raise Conflict(code, "Somebody has this time already.", faults)
    raise RuleBroken("series.rules-broken", "These sessions cannot be booked like this.", faults)
