"""What may be asked of a plan search: windows and names that make sense, within bounds."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final

from services.booking.domain.calendar.resource import Resource
from services.booking.domain.calendar.slots import is_on_grid
from services.booking.domain.planning.plan import Wanted
from shared.errors import Fault, RuleBroken
from shared.localtime import LocalTimeGap, in_gap

LONGEST_WINDOW: Final = timedelta(days=120)
"""How far apart the first and the last possible date of a first session may lie. Clinic default."""


def checked(wanted: Wanted, resources: Sequence[Resource], zone: str, today: date) -> Wanted:
    """The request, when it can be looked for. Raises `RuleBroken` with every reason why it cannot."""
    faults = [
        *_wrong_window(wanted, today),
        *_wrong_times(wanted),
        *_wrong_resources(wanted, resources),
        *_wrong_fixed(wanted, zone),
    ]
    if faults:
        raise RuleBroken("plan.refused", "Such plans cannot be looked for.", faults)
    return wanted


def _wrong_window(wanted: Wanted, today: date) -> Iterator[Fault]:
    if wanted.until_date < wanted.from_date:
        yield Fault("plan.window-backward", "until_date lies before from_date.", "/until_date")
    elif wanted.until_date < today:
        yield Fault("plan.window-past", f"{wanted.until_date} has passed.", "/until_date")
    if wanted.until_date - wanted.from_date > LONGEST_WINDOW:
        detail = f"The first session is looked for within {LONGEST_WINDOW.days} days at most."
        yield Fault("plan.window-too-long", detail, "/until_date", {"most_days": LONGEST_WINDOW.days})


def _wrong_times(wanted: Wanted) -> Iterator[Fault]:
    for place, one in enumerate(wanted.wishes.times):
        if one.until_time is not None and one.until_time <= one.from_time:
            detail = "A time of day ends after it begins; without until_time it ends at midnight."
            yield Fault("plan.times-backward", detail, f"/wishes/times/{place}/until_time")


def _wrong_resources(wanted: Wanted, resources: Sequence[Resource]) -> Iterator[Fault]:
    needed = {kind for phase in wanted.regimen.phases for kind in phase.kinds}
    known = {one.id: one for one in resources}
    named = [(f"/wishes/resource_ids/{place}", id) for place, id in enumerate(wanted.wishes.resource_ids)]
    for at, (_, wish) in enumerate(wanted.fixed):
        named += [(f"/fixed/{at}/resource_ids/{place}", id) for place, id in enumerate(wish.resource_ids)]
    for pointer, id in named:
        if id not in known:
            yield Fault("resource.unknown", "There is no such resource.", pointer, {"resource_id": id})
        elif not known[id].is_active:
            yield Fault("resource.inactive", f"{known[id].name} is not in use.", pointer, {"resource_id": id})
        elif known[id].kind not in needed:
            detail = f"This protocol needs no {known[id].kind}."
            yield Fault("resource.not-needed", detail, pointer, {"resource_id": id})


def _wrong_fixed(wanted: Wanted, zone: str) -> Iterator[Fault]:
    numbers = Counter(number for number, _ in wanted.fixed)
    for place, (number, wish) in enumerate(wanted.fixed):
        pointer = f"/fixed/{place}"
        if number > wanted.regimen.sessions:
            detail = f"This protocol has {wanted.regimen.sessions} sessions."
            yield Fault("plan.no-such-session", detail, f"{pointer}/number")
        if numbers[number] > 1:
            yield Fault("plan.fixed-twice", f"Session {number} is fixed twice.", f"{pointer}/number")
        if in_gap(wish.local, zone):
            detail = LocalTimeGap(wish.local, zone).detail
            yield Fault("time.in-gap", detail, f"{pointer}/starts_local")
        elif not is_on_grid(wish.local):
            yield Fault(
                "session.off-grid", "A session starts on a multiple of five minutes.", f"{pointer}/starts_local"
            )
