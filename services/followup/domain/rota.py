"""Who is on call in which role: shifts of the week on the clinic's wall clock, and stand-ins for single times.

A shift that is to be on call at any time is without a gap when the wall clock of a week is: every instant has a wall
time, also in the nights when clocks change.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final

from services.followup.domain.hours import Opening
from services.followup.domain.triggers import Role
from shared.errors import Fault, RuleBroken
from shared.localtime import local_date, resolve_forward, to_local

_DAY: Final = 24 * 60
_WEEK: Final = 7 * _DAY
_NAMES: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class Contact:
    """Somebody who can be paged; `phone` is E.164. All but the id is personal."""

    id: str
    name: str
    phone: str | None = None
    email: str | None = None


@dataclass(frozen=True)
class Shift:
    """Every week, beginning on these `days` (ISO: 1 is Monday); it ends on the next day unless `ends` is later."""

    role: Role
    contact_id: str
    days: tuple[int, ...]
    begins: time
    ends: time

    def minutes(self) -> Iterator[tuple[int, int]]:
        """Wall minutes of a week that begins on Monday; what runs over its end is split."""
        begins, ends = _minute(self.begins), _minute(self.ends)
        for day in self.days:
            first = (day - 1) * _DAY + begins
            last = first + (ends - begins if ends > begins else ends - begins + _DAY)
            yield first, min(last, _WEEK)
            if last > _WEEK:
                yield 0, last - _WEEK

    def runs(self, at: datetime, zone: str) -> bool:
        """Whether the shift that began on this local date or the one before still runs."""
        today = local_date(at, zone)
        return any(self._runs_from(day, at, zone) for day in (today - timedelta(days=1), today))

    def shows(self, at: datetime, zone: str) -> bool:
        """Whether the wall clock shows one of its times."""
        local = to_local(at, zone)
        minute = (local.isoweekday() - 1) * _DAY + _minute(local.time())
        return any(first <= minute < last for first, last in self.minutes())

    def _runs_from(self, day: date, at: datetime, zone: str) -> bool:
        if day.isoweekday() not in self.days:
            return False
        over = timedelta(days=0 if self.ends > self.begins else 1)
        begins_at = resolve_forward(datetime.combine(day, self.begins), zone)
        return begins_at <= at < resolve_forward(datetime.combine(day + over, self.ends), zone)


@dataclass(frozen=True)
class StandIn:
    """Once, in place of whoever has the shift."""

    role: Role
    contact_id: str
    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Rota:
    """`id` is the clinic's; version 0: none was ever published. `openings`: when the clinic is open; none: the usual
    hours. Of several who are on call in one role the first is paged.
    """

    id: str
    contacts: tuple[Contact, ...] = ()
    shifts: tuple[Shift, ...] = ()
    stand_ins: tuple[StandIn, ...] = ()
    openings: tuple[Opening, ...] = ()
    version: int = 0

    def who(self, role: Role, at: datetime, zone: str) -> Contact | None:
        """Who is on call at an instant; None where the rota names nobody."""
        mine = [shift for shift in self.shifts if shift.role is role]
        on_call = [
            *(one.contact_id for one in self.stand_ins if one.role is role and one.begins_at <= at < one.ends_at),
            *(shift.contact_id for shift in mine if shift.runs(at, zone)),
            # Only where clocks jump over the time at which one takes over from the other.
            *(shift.contact_id for shift in mine if shift.shows(at, zone)),
        ]
        return next((contact for id in on_call for contact in self.contacts if contact.id == id), None)

    def published(self, rota: "Rota", on_call: Iterable[Role]) -> "Rota":
        """With what `rota` says instead. Raises `RuleBroken` with everything that is wrong with it, among it every time
        at which nobody is on call in one of the roles that must be filled.
        """
        gaps = rota.gaps(on_call)
        if faults := [*_contact_faults(rota), *_shift_faults(rota), *_opening_faults(rota.openings), *gaps]:
            raise RuleBroken("rota.refused", f"The rota has {len(faults)} faults.", faults)
        return replace(rota, id=self.id, version=self.version)

    def gaps(self, on_call: Iterable[Role]) -> list[Fault]:
        """Every time of the week at which nobody is on call in one of these roles."""
        return [fault for role in sorted(on_call) for fault in _gaps(role, self.shifts)]


def _gaps(role: Role, shifts: Iterable[Shift]) -> Iterator[Fault]:
    taken = sorted(span for shift in shifts if shift.role is role for span in shift.minutes())
    until = 0
    for first, last in (*taken, (_WEEK, _WEEK)):
        if first > until:
            span = {"role": role.value, "from": _wall(until), "until": _wall(first)}
            yield Fault("rota.gap", f"Nobody is {role} from {span['from']} until {span['until']}.", "/shifts", span)
        until = max(until, last)


def _contact_faults(rota: Rota) -> Iterator[Fault]:
    ids = [contact.id for contact in rota.contacts]
    for place, contact in enumerate(rota.contacts):
        if not (contact.phone or contact.email):
            yield Fault("rota.unreachable", "Give a phone number or an e-mail address.", f"/contacts/{place}")
        if contact.id in ids[:place]:
            yield Fault("rota.contact-twice", "This contact is in the list twice.", f"/contacts/{place}/id")


def _shift_faults(rota: Rota) -> Iterator[Fault]:
    ids = {contact.id for contact in rota.contacts}
    entries: list[tuple[str, Shift | StandIn]] = [
        *((f"/shifts/{place}", shift) for place, shift in enumerate(rota.shifts)),
        *((f"/stand_ins/{place}", stand_in) for place, stand_in in enumerate(rota.stand_ins)),
    ]
    for place, entry in entries:
        if entry.contact_id not in ids:
            yield Fault("rota.unknown-contact", "There is no such contact.", f"{place}/contact_id")
        if isinstance(entry, StandIn) and entry.begins_at >= entry.ends_at:
            yield Fault("rota.ends-too-early", "It ends before it begins.", f"{place}/ends_at")


def _opening_faults(openings: Iterable[Opening]) -> Iterator[Fault]:
    for place, opening in enumerate(openings):
        if opening.opens >= opening.closes:
            yield Fault("rota.closes-too-early", "It closes before it opens.", f"/openings/{place}/closes")


def _minute(wall: time) -> int:
    return wall.hour * 60 + wall.minute


def _wall(minute: int) -> str:
    day, rest = divmod(minute % _WEEK, _DAY)
    return f"{_NAMES[day]} {rest // 60:02d}:{rest % 60:02d}"
