"""Why no plan exists: each rule that alone is in the way, with the smallest change of it that makes a plan possible.

Nothing is guessed: each change is searched for, the smallest first. Where no single change helps, several are tried
together, and what is in the way in any case is told.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

from services.booking.domain.planning.plan import Plan, Planner, Wanted
from services.booking.domain.planning.wishes import Wishes, WishKind
from services.booking.domain.protocol.spacing import LATE_BUT_ACCEPTED
from shared.errors import RuleBroken

LATER_BY: Final = 28
EARLIER_BY: Final = 14
"""How many days the window is widened by at most. Clinic defaults."""
_A_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Relaxation:
    """A change of what is asked for, `days` of it where it is counted in days, and the first plan that it leads to."""

    change: str
    detail: str
    plan: Plan
    days: int | None = None


@dataclass(frozen=True)
class Reason:
    """A rule that is in the way; `relaxation` is the nearest change that helps, None where none was found."""

    code: str
    detail: str
    relaxation: Relaxation | None = None


def outlook(wanted: Wanted, today: date) -> tuple[date, date]:
    """The first and the last date that have to be known to say why nothing fits."""
    gentle = replace(wanted, until_date=wanted.until_date + LATER_BY * _A_DAY, accepted_gap=LATE_BUT_ACCEPTED)
    return max(today, wanted.from_date - EARLIER_BY * _A_DAY), gentle.last_date


def reasons(planner: Planner, wanted: Wanted, today: date) -> list[Reason]:
    """Why nothing fits, the changes that cost the patient least first. Nothing is looked for before `today`."""
    if missing := list(dict.fromkeys(_missing(planner, wanted))):
        return missing
    single = [reason for rule in SINGLE for reason in rule(planner, wanted, today)]
    return [*_unfitting(planner, wanted), *(single or [*_together(planner, wanted), *in_any_case(planner, wanted)])]


def in_any_case(planner: Planner, wanted: Wanted) -> list[Reason]:
    """What is in the way whatever is changed about the request."""
    if missing := list(dict.fromkeys(_missing(planner, wanted))):
        return missing
    empty = Planner(replace(planner.free_time, busy={}), planner.rates)
    if _first(empty, replace(wanted, elsewhere=())):
        return [Reason("series.calendar-full", "It would fit into an empty calendar; this one is too full.")]
    detail = "It would not fit into an empty calendar either: opening hours and closed days are in the way."
    return [Reason("series.hours-too-short", detail)]


def _missing(planner: Planner, wanted: Wanted) -> Iterator[Reason]:
    for phase in wanted.regimen.phases:
        for kind in phase.kinds:
            able, skills = planner.free_time.of_kind(kind), phase.skills_of(kind)
            if not able:
                yield Reason("resource.missing", f"The clinic has no {kind}.")
            elif not any(one.has_skills(skills, wanted.from_date) for one in able):
                yield Reason("resource.unskilled", f"No {kind} holds all of this: {', '.join(skills)}.")


def _unfitting(planner: Planner, wanted: Wanted) -> Iterator[Reason]:
    """Fixed sessions that do not fit where they are."""
    for number, wish in wanted.fixed:
        if planner.place(wanted, number) is None:
            detail = f"Session {number} does not fit at {wish.local:%Y-%m-%d %H:%M}: closed, taken, or past."
            yield Reason("plan.fixed-does-not-fit", detail)


def _wishes(planner: Planner, wanted: Wanted, _: date) -> Iterator[Reason]:
    for kind in (WishKind.TIMES, WishKind.RESOURCES, WishKind.WEEKDAYS):
        if wanted.wishes.binds(kind) and (plan := _first(planner, replace(wanted, wishes=wanted.wishes.without(kind)))):
            detail = f"With the wish for {_SAID[kind]} dropped the first plan starts on {plan.starts_on}."
            yield Reason(
                f"plan.wish-{kind.value.replace('_', '-')}",
                f"No plan keeps the wish for {_SAID[kind]}.",
                Relaxation(f"drop-{kind.value.replace('_', '-')}", detail, plan),
            )


def _later(planner: Planner, wanted: Wanted, _: date) -> Iterator[Reason]:
    until = wanted.until_date + LATER_BY * _A_DAY
    if plan := _first(planner, replace(wanted, from_date=wanted.until_date + _A_DAY, until_date=until)):
        days = (plan.starts_on - wanted.until_date).days
        detail = f"With until_date {_days(days)} later the first plan starts on {plan.starts_on}."
        yield Reason(
            "plan.window-too-early",
            f"No plan starts by {wanted.until_date}.",
            Relaxation("later-until-date", detail, plan, days),
        )


def _earlier(planner: Planner, wanted: Wanted, today: date) -> Iterator[Reason]:
    first = max(today, planner.free_time.grid.first, wanted.from_date - EARLIER_BY * _A_DAY)
    if first == wanted.from_date:
        return
    if plan := _found(planner.last, replace(wanted, from_date=first, until_date=wanted.from_date - _A_DAY)):
        days = (wanted.from_date - plan.starts_on).days
        detail = f"With from_date {_days(days)} earlier a plan starts on {plan.starts_on}."
        relaxation = Relaxation("earlier-from-date", detail, plan, days)
        yield Reason("plan.window-too-late", f"No plan starts from {wanted.from_date} on.", relaxation)


def _gaps(planner: Planner, wanted: Wanted, _: date) -> Iterator[Reason]:
    shortest = min((phase.max_days or LATE_BUT_ACCEPTED for phase in wanted.regimen.phases), default=LATE_BUT_ACCEPTED)
    for days in range(shortest + 1, LATE_BUT_ACCEPTED + 1):
        if plan := _first(planner, replace(wanted, accepted_gap=days)):
            detail = f"With gaps of up to {_days(days)} accepted the first plan starts on {plan.starts_on}."
            yield Reason(
                "spacing.too-late",
                "No plan keeps the longest gap that the protocol foresees.",
                Relaxation("longer-gap", detail, plan, days),
            )
            return


def _fixed(planner: Planner, wanted: Wanted, _: date) -> Iterator[Reason]:
    for number, _wish in wanted.fixed:
        left = tuple(one for one in wanted.fixed if one[0] != number)
        if plan := _first(planner, replace(wanted, fixed=left)):
            detail = f"With session {number} free to move the first plan starts on {plan.starts_on}."
            yield Reason(
                "plan.fixed-session",
                f"No plan has session {number} where it is fixed.",
                Relaxation("free-fixed-session", detail, plan),
            )


def _caps(planner: Planner, wanted: Wanted, _: date) -> Iterator[Reason]:
    for window in wanted.regimen.caps_for(wanted.condition).refusing:
        if plan := _first(planner, replace(wanted, set_aside=wanted.set_aside | {window.code})):
            detail = f"With {window.code} overridden by a clinician the first plan starts on {plan.starts_on}."
            yield Reason(
                window.code,
                f"No plan keeps to {window.most} doses in {window.days} days, the person's other doses counted.",
                Relaxation("override", detail, plan),
            )


def _together(planner: Planner, wanted: Wanted) -> Iterator[Reason]:
    """Several changes at once: all wishes, the window, and the gaps; the fewest first."""
    free = replace(wanted, wishes=Wishes(as_soon_as_possible=wanted.wishes.as_soon_as_possible))
    later = replace(free, until_date=wanted.until_date + LATER_BY * _A_DAY)
    ways: list[tuple[str, str, Wanted]] = [
        ("drop-all-wishes", "all wishes dropped", free),
        ("drop-all-wishes-later-until-date", "all wishes dropped and a later until_date", later),
        (
            "drop-all-wishes-later-until-date-longer-gap",
            f"all wishes dropped, a later until_date and gaps of up to {_days(LATE_BUT_ACCEPTED)}",
            replace(later, accepted_gap=LATE_BUT_ACCEPTED),
        ),
    ]
    for change, said, way in ways:
        if plan := _first(planner, way):
            days = max(0, (plan.starts_on - wanted.until_date).days) or None
            detail = f"With {said} the first plan starts on {plan.starts_on}."
            yield Reason("plan.several-rules", "No single change helps.", Relaxation(change, detail, plan, days))
            return


def _first(planner: Planner, wanted: Wanted) -> Plan | None:
    """The plan that starts first."""
    return _found(planner.first, wanted)


def _found(search: Callable[[Wanted], Plan | None], wanted: Wanted) -> Plan | None:
    """What a search finds; nothing, too, where there are too many possibilities to say."""
    try:
        return search(wanted)
    except RuleBroken:
        return None


def _days(days: int) -> str:
    return f"{days} day" if days == 1 else f"{days} days"


_SAID: Final = MappingProxyType(
    {
        WishKind.TIMES: "times of day",
        WishKind.RESOURCES: "named resources",
        WishKind.WEEKDAYS: "weekdays",
    }
)
SINGLE: Final[tuple[Callable[[Planner, Wanted, date], Iterator[Reason]], ...]] = (
    _wishes,
    _later,
    _earlier,
    _gaps,
    _fixed,
    _caps,
)
"""The changes that are tried alone, in the order in which their reasons are told."""
