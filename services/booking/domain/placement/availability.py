"""What a clinic has to give at a time: which of its resources are there and free, and what a session takes of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Final

from services.booking.domain.calendar.resource import Resource, ResourceKind
from services.booking.domain.calendar.slots import (
    PATIENT,
    Claim,
    first_run,
    patient_key,
    slot_key,
    slot_numbers,
    slot_start,
)
from services.booking.domain.protocol.protocol import Phase
from services.booking.domain.series.session import Session
from shared.errors import Fault
from shared.localtime import local_date, resolve_forward, to_local

SLOT_TAKEN: Final = "series.slot-taken"


@dataclass(frozen=True)
class Calendar:
    """What the clinic has to give a patient: its resources, in `zone`, and the slots that are taken already.

    `busy` holds the patient's own slots, too. Nothing is placed before `now`, nor on the local dates of `holidays`.
    """

    zone: str
    now: datetime
    patient_id: str
    resources: tuple[Resource, ...]
    busy: frozenset[str]
    holidays: frozenset[date] = frozenset()

    def of_kind(self, kind: str, named: Sequence[str] = ()) -> list[Resource]:
        """The active resources of a kind in the order of their names; only those named, when some of them are."""
        able = [one for one in self.resources if one.is_active and one.kind == kind]
        wanted = [one for one in able if one.id in named]
        return sorted(wanted or able, key=lambda one: (one.name, one.id))

    def is_free(self, claims: Iterable[Claim]) -> bool:
        """Whether nobody has any of this."""
        return all(claim.slots.isdisjoint(self.busy) for claim in claims)

    def is_open(self, resource: Resource, claims: Iterable[Claim]) -> bool:
        """Whether the clinic is open and the resource there whenever it is claimed."""
        return all(
            self.local_date(claim.from_at) not in self.holidays
            and resource.is_open(claim.from_at, claim.until_at, self.zone)
            for claim in claims
        )

    def is_skilled(self, resource: Resource, claims: Iterable[Claim]) -> bool:
        """Whether the resource holds on each day what it must hold."""
        return all(resource.has_skills(claim.skills, self.local_date(claim.from_at)) for claim in claims)

    def free_places(self, resource: Resource, number: int) -> tuple[int, ...]:
        """Which places of a resource are free in slot `number`, lowest first."""
        return tuple(
            place for place in range(resource.capacity) if slot_key(resource.id, number, place) not in self.busy
        )

    def local(self, at: datetime) -> datetime:
        """The clinic's wall time."""
        return to_local(at, self.zone)

    def generated(self, local: datetime) -> datetime:
        """A wall time that nobody has typed: one that the clock jumps over moves forward by the gap."""
        return self.local(resolve_forward(local, self.zone))

    def interval(self, from_at: datetime, until_at: datetime) -> dict[str, str]:
        """Two instants as figures of a fault, on the clinic's wall."""
        local = {"from_local": self.local(from_at), "until_local": self.local(until_at)}
        return {name: at.isoformat(timespec="minutes") for name, at in local.items()}

    def local_date(self, at: datetime) -> date:
        """The clinic's date."""
        return local_date(at, self.zone)


def claims_of(phase: Phase, starts_at: datetime, kind: str, resource_id: str) -> tuple[Claim, ...]:
    """When a session that starts at `starts_at` takes a resource of one kind, whichever its places."""
    skills = phase.skills_of(kind)
    spans = (span for span in phase.spans if span.kind == kind)
    return tuple(
        Claim(str(kind), resource_id, starts_at + span.begins, starts_at + span.ends, skills=skills) for span in spans
    )


def pick(
    calendar: Calendar, phase: Phase, starts_at: datetime, kind: ResourceKind, named: Sequence[str] = ()
) -> tuple[Claim, ...]:
    """The claims on the first resource of a kind that is there and free for a session; empty when there is none."""
    for resource in calendar.of_kind(kind, named):
        wanted = claims_of(phase, starts_at, kind, resource.id)
        is_there = calendar.is_skilled(resource, wanted) and calendar.is_open(resource, wanted)
        if is_there and (claims := claims_on(calendar, phase, starts_at, resource)):
            return claims
    return ()


def why_none(
    calendar: Calendar, phase: Phase, starts_at: datetime, kind: ResourceKind, named: Sequence[str] = ()
) -> Iterator[Fault]:
    """Why `pick` finds nothing on a day that is no holiday; never who has what is taken."""
    able = [(one, claims_of(phase, starts_at, kind, one.id)) for one in calendar.of_kind(kind, named)]
    skilled = [(one, claims) for one, claims in able if calendar.is_skilled(one, claims)]
    there = [one for one, claims in skilled if calendar.is_open(one, claims)]
    figures = {"kind": str(kind), "local": calendar.local(starts_at).isoformat(timespec="minutes")}
    if not able:
        yield Fault("resource.missing", f"The clinic has no {kind}.", context=figures)
    elif not skilled:
        skills = phase.skills_of(kind)
        detail = f"No {kind} holds all of this on that day: {', '.join(skills)}."
        yield Fault("resource.unskilled", detail, context={**figures, "skills": list(skills)})
    elif not there and calendar.local_date(starts_at) not in calendar.holidays:
        yield Fault("resource.closed", f"No {kind} is there for the whole session.", context=figures)
    for resource in there:
        if clash := first_clash(calendar, phase, starts_at, resource):
            context = {"kind": str(kind), "resource_id": resource.id, **calendar.interval(*clash)}
            detail = f"{resource.name} is taken from {context['from_local']} until {context['until_local']}."
            yield Fault(SLOT_TAKEN, detail, context=context)


def claims_on(calendar: Calendar, phase: Phase, starts_at: datetime, resource: Resource) -> tuple[Claim, ...]:
    """What a session takes of a resource; empty when too few of its places are free at any time.

    The lowest free places are chosen for each five minutes alone, so places never run out before their number does.
    """
    needed = _places_needed(phase, starts_at, resource)
    chosen = {number: calendar.free_places(resource, number)[:count] for number, count in needed.items()}
    if any(len(chosen[number]) < count for number, count in needed.items()):
        return ()
    return tuple(_joined(resource, phase.skills_of(resource.kind), chosen))


def first_clash(
    calendar: Calendar, phase: Phase, starts_at: datetime, resource: Resource
) -> tuple[datetime, datetime] | None:
    """From when until when a resource has, for the first time in a session, too few free places for it."""
    needed = _places_needed(phase, starts_at, resource)
    short = (number for number, count in needed.items() if len(calendar.free_places(resource, number)) < count)
    return first_run(map(slot_start, short))


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
        placed_at=calendar.now,
    )


def _places_needed(phase: Phase, starts_at: datetime, resource: Resource) -> dict[int, int]:
    """How many places of a resource a session takes, by the number of the slot, in the order of time."""
    needed: dict[int, int] = {}
    for span in phase.spans:
        if span.kind == resource.kind:
            for number in slot_numbers(starts_at + span.begins, starts_at + span.ends):
                needed[number] = max(needed.get(number, 0), resource.places_for(span.per))
    return needed


def _joined(resource: Resource, skills: tuple[str, ...], chosen: Mapping[int, tuple[int, ...]]) -> Iterator[Claim]:
    """One claim for each run of slots in which the places are the same."""
    runs = groupby(enumerate(chosen.items()), key=lambda item: (item[1][0] - item[0], item[1][1]))
    for (_, places), run in runs:
        numbers = [number for _, (number, _) in run]
        begin, end = slot_start(numbers[0]), slot_start(numbers[-1] + 1)
        yield Claim(str(resource.kind), resource.id, begin, end, places, skills)
