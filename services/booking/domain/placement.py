"""Places sessions in the calendar where somebody wants them; tells every reason at once where that cannot be."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import chain, combinations
from typing import Final

from services.booking.domain.calendar import PATIENT, Claim, is_on_grid, patient_key, start_of
from services.booking.domain.protocol import Phase, Regimen
from services.booking.domain.resource import Resource, ResourceKind
from services.booking.domain.series import Series
from services.booking.domain.session import Session, SessionMove
from services.booking.domain.spacing import Course, Finding, Planned, breaches, notes
from shared.errors import Conflict, Fault, RuleBroken
from shared.localtime import LocalTimeGap, in_gap, resolve, resolve_forward, to_local

SLOT_TAKEN: Final = "series.slot-taken"
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
class Calendar:
    """What the clinic has to give a patient: its resources, in `zone`, and the slots that are taken already.

    `busy` holds the patient's own slots, too. Nothing is placed before `now`.
    """

    zone: str
    now: datetime
    patient_id: str
    resources: tuple[Resource, ...]
    busy: frozenset[str]

    def of_kind(self, kind: str, named: Sequence[str] = ()) -> list[Resource]:
        """The active resources of a kind in the order of their names; only those named, when some of them are."""
        able = [one for one in self.resources if one.is_active and one.kind == kind]
        wanted = [one for one in able if one.id in named]
        return sorted(wanted or able, key=lambda one: (one.name, one.id))

    def is_free(self, claims: Iterable[Claim]) -> bool:
        """Whether nobody has any of this."""
        return all(claim.slots.isdisjoint(self.busy) for claim in claims)

    def is_open(self, resource: Resource, claims: Iterable[Claim]) -> bool:
        """Whether the resource is there whenever it is claimed."""
        return all(resource.is_open(claim.from_at, claim.until_at, self.zone) for claim in claims)

    def local(self, at: datetime) -> datetime:
        """The clinic's wall time."""
        return to_local(at, self.zone)


def claims_of(phase: Phase, starts_at: datetime, kind: str, resource_id: str) -> tuple[Claim, ...]:
    """When a session that starts at `starts_at` takes a resource of one kind."""
    spans = (span for span in phase.spans if span.kind == kind)
    return tuple(Claim(str(kind), resource_id, starts_at + span.begins, starts_at + span.ends) for span in spans)


def pick(
    calendar: Calendar, phase: Phase, starts_at: datetime, kind: ResourceKind, named: Sequence[str] = ()
) -> tuple[Claim, ...]:
    """The claims on the first resource of a kind that is open and free for a session; empty when there is none."""
    for resource in calendar.of_kind(kind, named):
        claims = claims_of(phase, starts_at, kind, resource.id)
        if calendar.is_open(resource, claims) and calendar.is_free(claims):
            return claims
    return ()


def a_session(calendar: Calendar, number: int, phase: Phase, starts_at: datetime, claims: Iterable[Claim]) -> Session:
    """A session of `phase` with all that it takes, the patient first."""
    local = calendar.local(starts_at)
    patient = claims_of(phase, starts_at, PATIENT, patient_key(calendar.patient_id))
    return Session(
        number=number,
        phase=phase.name,
        doses=phase.doses,
        starts_at=starts_at,
        starts_local=local,
        second=resolve_forward(local, calendar.zone) != starts_at,
        ends_at=starts_at + phase.length,
        claims=(*patient, *claims),
    )


def place_series(
    regimen: Regimen, wishes: Sequence[Wish], calendar: Calendar, elsewhere: tuple[date, ...]
) -> tuple[tuple[Session, ...], list[Finding]]:
    """All sessions where they are wanted, with the notes to keep.

    `elsewhere` are the dates of the patient's doses in other series. Raises `RuleBroken` when a rule forbids it and
    `Conflict` when only taken slots are in the way, with every reason.
    """
    planned = tuple(
        Planned(number, regimen.phase_of(number), wish.local.date()) for number, wish in enumerate(wishes, 1)
    )
    course = Course(regimen, planned, elsewhere)
    attempts = [_attempt(calendar, one, wish) for one, wish in zip(planned, wishes, strict=True)]
    sessions = tuple(session for session, _ in attempts)
    _refuse(
        [
            *_wrong_count(regimen, len(wishes)),
            *(_at(session.number, fault) for session, faults in attempts for fault in faults),
            *(_at(later.number, _overlap(earlier, later)) for earlier, later in _overlapping(sessions)),
            *(_at(finding.numbers[-1], _as_fault(finding)) for finding in breaches(course)),
        ]
    )
    return sessions, notes(course)


def place_again(
    series: Series, regimen: Regimen, number: int, wish: Wish, *, calendar: Calendar, elsewhere: tuple[date, ...]
) -> tuple[Session, list[Finding]]:
    """Session `number` where it is wanted now, the others as they are, with the notes to keep for the whole series.

    Only what concerns this session forbids it; what a missed session has torn open before, and the move leaves as it
    is, does not. Raises as `place_series` does, and `Conflict` when the session is past moving.
    """
    placed = series.session(number)
    placed.after(SessionMove.RESCHEDULE)
    others = [session for session in series.sessions if session.is_live and session.number != number]
    wanted = Planned(number, regimen.phase_of(number), wish.local.date())
    kept = [Planned(one.number, regimen.phase_of(one.number), one.on) for one in others]
    course, so_far = (
        Course(regimen, tuple(sorted([*kept, one], key=lambda planned: planned.number)), elsewhere)
        for one in (wanted, replace(wanted, on=placed.on))
    )
    torn = breaches(so_far)
    session, faults = _attempt(calendar, wanted, wish)
    _refuse(
        [
            *faults,
            *(_overlap(other, session) for other in others if not other.slots.isdisjoint(session.slots)),
            *(_as_fault(one) for one in breaches(course) if number in one.numbers and one not in torn),
        ]
    )
    return session, notes(course)


def _attempt(calendar: Calendar, planned: Planned, wish: Wish) -> tuple[Session, list[Fault]]:
    """The session as wanted, and all that is in its way but the other sessions."""
    phase, named = planned.phase, wish.resource_ids
    starts_at = _instant(wish, calendar.zone)
    found = {kind: pick(calendar, phase, starts_at, kind, named) for kind in phase.kinds}
    missing = [kind for kind, claims in found.items() if not claims]
    session = a_session(calendar, planned.number, phase, starts_at, chain(*found.values()))
    faults = [
        *_wrong_time(calendar, wish, starts_at),
        *_wrong_names(calendar, phase, named),
        *(fault for kind in missing for fault in _why_none(calendar, phase, starts_at, kind, named)),
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


def _why_none(
    calendar: Calendar, phase: Phase, starts_at: datetime, kind: ResourceKind, named: Sequence[str]
) -> Iterator[Fault]:
    """Why no resource of this kind is to be had; never who has it."""
    able = [(one, claims_of(phase, starts_at, kind, one.id)) for one in calendar.of_kind(kind, named)]
    there = [(one, claims) for one, claims in able if calendar.is_open(one, claims)]
    figures = {"kind": str(kind), "local": calendar.local(starts_at).isoformat(timespec="minutes")}
    if not able:
        yield Fault("resource.missing", f"The clinic has no {kind}.", context=figures)
    elif not there:
        yield Fault("resource.closed", f"No {kind} is there for the whole session.", context=figures)
    for resource, claims in there:
        local = _first_clash(calendar, claims)
        context = {**figures, "resource_id": resource.id, "local": local.isoformat(timespec="minutes")}
        yield Fault(SLOT_TAKEN, f"{resource.name} is taken at {local:%Y-%m-%d %H:%M}.", context=context)


def _patient_busy(calendar: Calendar, session: Session) -> Iterator[Fault]:
    claims = [claim for claim in session.claims if claim.kind == PATIENT]
    if not calendar.is_free(claims):
        local = _first_clash(calendar, claims)
        context = {"local": local.isoformat(timespec="minutes")}
        yield Fault(PATIENT_BUSY, f"The patient has another session at {local:%Y-%m-%d %H:%M}.", context=context)


def _first_clash(calendar: Calendar, claims: Iterable[Claim]) -> datetime:
    clashes = (slot for claim in claims for slot in claim.slots & calendar.busy)
    return calendar.local(min(map(start_of, clashes)))


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
