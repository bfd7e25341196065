"""What must hold for a protocol before it may be published."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from types import MappingProxyType
from typing import Final

from services.booking.domain.calendar.resource import PEOPLE, SKILL_CODE
from services.booking.domain.calendar.slots import LONGEST_SESSION, SLOT
from services.booking.domain.protocol.caps import Caps
from services.booking.domain.protocol.care_rules import faults_of_care
from services.booking.domain.protocol.protocol import Block, Modality, Phase, Protocol, Regimen, an_edition
from services.booking.domain.protocol.spacing import earliest_course, notes
from shared.errors import Fault, RuleBroken

MOST_SESSIONS: Final = 60
"""A longer course is several protocols."""
_ANY_MONDAY: Final = date(2026, 1, 5)
_INTRAVENOUS: Final = MappingProxyType({"solids_hours": 4, "fluids_minutes": 120})
FLOORS: Final[Mapping[Modality, Mapping[str, int]]] = MappingProxyType(
    {
        Modality.INFUSION: _INTRAVENOUS,
        Modality.KAP: _INTRAVENOUS,
        Modality.ESKETAMINE: MappingProxyType({"observe_floor": 120}),
    }
)
"""What no protocol of a kind goes below: four hours without food is the shortest of published clinics, two without
clear fluids the ASA's; two hours of observation are the esketamine label's.
"""
_NO_CAPS: Final = Caps(per_7=MOST_SESSIONS, per_30=MOST_SESSIONS)


def publish(slug: str, latest: Protocol | None, regimen: Regimen) -> Protocol:
    """The next edition; series that run keep theirs. Raises `RuleBroken` with every reason why it makes no sense."""
    if faults := [replace(fault, pointer=f"/regimen{fault.pointer}") for fault in faults_of(regimen)]:
        raise RuleBroken("protocol.rules-broken", "This protocol cannot be followed.", faults)
    return an_edition(slug, 1 if latest is None else latest.edition + 1, regimen)


def faults_of(regimen: Regimen) -> list[Fault]:
    """Everything that is wrong with a regimen; pointers go into it."""
    faults = [fault for rule in _RULES for fault in rule(regimen)]
    # Dates can be tried only when the numbers make sense.
    return faults or list(_unschedulable(regimen))


def _wrong_amount(regimen: Regimen) -> Iterator[Fault]:
    if regimen.sessions < 1:
        yield Fault("protocol.no-sessions", "A protocol has at least one session.", "/phases")
    if regimen.sessions > MOST_SESSIONS:
        yield Fault("protocol.too-many-sessions", f"A protocol has at most {MOST_SESSIONS} sessions.", "/phases")
    if not regimen.conditions:
        yield Fault("protocol.no-condition", "A protocol treats at least one condition.", "/conditions")


def _broken_phases(regimen: Regimen) -> Iterator[Fault]:
    for place, phase in enumerate(regimen.phases):
        for code, detail in _faults_of_phase(phase, follows=place > 0):
            yield Fault(code, detail, f"/phases/{place}")
        for at, block in enumerate(phase.blocks):
            for code, detail in _faults_of_needs(block):
                yield Fault(code, detail, f"/phases/{place}/blocks/{at}/needs")


def _open_before_the_end(regimen: Regimen) -> Iterator[Fault]:
    for place, phase in enumerate(regimen.phases[:-1]):
        if phase.sessions is None:
            yield Fault("protocol.open-end-too-early", "Only the last phase may be open-ended.", f"/phases/{place}")


def _unknown_sessions(regimen: Regimen) -> Iterator[Fault]:
    for place, number in enumerate(regimen.re_evaluate_after):
        if not 1 <= number <= regimen.sessions:
            detail = f"There is no session {number}."
            yield Fault("protocol.no-such-session", detail, f"/re_evaluate_after/{place}")


def _preferred_not_allowed(regimen: Regimen) -> Iterator[Fault]:
    for place, pattern in enumerate(regimen.preferred):
        if regimen.allowed_weekdays and not set(pattern) <= set(regimen.allowed_weekdays):
            yield Fault("protocol.preferred-not-allowed", "A weekday of it is not allowed.", f"/preferred/{place}")


def _window_backward(regimen: Regimen) -> Iterator[Fault]:
    if regimen.window_days is not None and (regimen.tolerance_days or 0) < regimen.window_days:
        yield Fault("protocol.tolerance-too-small", "The tolerance includes the window.", "/tolerance_days")


def _caps_backward(regimen: Regimen) -> Iterator[Fault]:
    if regimen.caps is None:
        return
    caps = regimen.caps
    by_length = [most for most in (caps.per_7, caps.per_30, caps.per_90, caps.per_365) if most is not None]
    if by_length[0] < 1 or any(longer < shorter for shorter, longer in pairwise(by_length)):
        yield Fault("protocol.caps-backward", "1 <= per_7 <= per_30 <= per_90 <= per_365.", "/caps")


def _careless(regimen: Regimen) -> Iterator[Fault]:
    for fault in faults_of_care(regimen.care):
        yield replace(fault, pointer=f"/care{fault.pointer}")


def _below_floor(regimen: Regimen) -> Iterator[Fault]:
    for name, least in FLOORS[regimen.modality].items():
        if getattr(regimen.care, name) < least:
            detail = f"Given like this {name} is {least} at least."
            yield Fault("protocol.below-floor", detail, f"/care/{name}")


def _faults_of_phase(phase: Phase, *, follows: bool) -> Iterator[tuple[str, str]]:
    if phase.sessions is not None and phase.sessions < 1:
        yield "protocol.no-sessions", "A phase has at least one session."
    if phase.min_days < 1 or (phase.max_days is not None and phase.max_days < phase.min_days):
        yield "protocol.spacing-backward", "1 <= min_days <= max_days."
    if phase.max_days is None and (follows or phase.sessions != 1):
        yield "protocol.max-days-missing", "Sessions that follow another one need max_days."
    if phase.doses and not 1 <= phase.per_seven_days <= 1 + 6 // max(phase.min_days, 1):
        yield "protocol.cap-inconsistent", "per_seven_days cannot be reached with these min_days."
    if not phase.kinds:
        yield "protocol.needs-nothing", "A session needs at least one resource."
    if any(block.minutes <= 0 or timedelta(minutes=block.minutes) % SLOT for block in phase.blocks):
        yield "protocol.block-off-grid", "Blocks take a multiple of five minutes."
    if phase.kinds and not timedelta() < phase.length <= LONGEST_SESSION:
        yield "protocol.length-impossible", "The patient is there after the start, for a day at most."


def _faults_of_needs(block: Block) -> Iterator[tuple[str, str]]:
    kinds = [need.kind for need in block.needs]
    if len(kinds) > len(set(kinds)):
        yield "protocol.need-twice", "A block needs each kind of resource once."
    if any(need.per < 1 or (need.per > 1 and need.kind not in PEOPLE) for need in block.needs):
        yield "protocol.ratio-impossible", "A person attends to one patient or more; a thing serves one."
    codes = [(need.kind, code) for need in block.needs for code in need.skills]
    if len(codes) > len(set(codes)) or not all(re.fullmatch(SKILL_CODE, code) for _, code in codes):
        yield "protocol.skills-unclear", "Skills are lower-case words joined by hyphens, each said once."


def _unschedulable(regimen: Regimen) -> Iterator[Fault]:
    if _can_be_kept(regimen):
        return
    if _can_be_kept(replace(regimen, caps=_NO_CAPS)):
        detail = "Its own schedule gives more doses in a row of days than its caps allow one person."
        yield Fault("protocol.breaks-caps", detail, "/caps")
    else:
        detail = "Even in a calendar that is always open these rules cannot all be kept."
        yield Fault("protocol.unschedulable", detail, "/phases")


def _can_be_kept(regimen: Regimen) -> bool:
    """Whether the rules leave room for a course with nothing to remark on its spacing."""
    week = (_ANY_MONDAY + timedelta(days=days) for days in range(7))
    course = earliest_course(regimen, next(filter(regimen.allows_dose_on, week)))
    return course is not None and not any(note.code.startswith("spacing.") for note in notes(course))


_RULES: Final[tuple[Callable[[Regimen], Iterator[Fault]], ...]] = (
    _wrong_amount,
    _broken_phases,
    _open_before_the_end,
    _unknown_sessions,
    _preferred_not_allowed,
    _window_backward,
    _caps_backward,
    _careless,
    _below_floor,
)
