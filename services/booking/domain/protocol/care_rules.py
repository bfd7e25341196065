"""What must hold for the figures of a dose's day before a protocol may be published; pointers go into the `Care`."""

from collections.abc import Callable, Iterator
from itertools import combinations
from re import fullmatch
from typing import Final

from services.booking.domain.calendar.resource import SKILL_CODE
from services.booking.domain.protocol.care import (
    FIGURES,
    HIGH,
    LONGEST_WAIT,
    LOW,
    PLAUSIBLE,
    REQUIRED,
    Care,
    Limit,
    Stage,
)
from shared.errors import Fault


def faults_of_care(care: Care) -> Iterator[Fault]:
    """Everything that is wrong with it."""
    for rule in _RULES:
        yield from rule(care)


def _figures(care: Care) -> Iterator[Fault]:
    for name, (least, most) in FIGURES.items():
        value = getattr(care, name)
        if value is not None and not least <= value <= most:
            yield Fault("protocol.figure-impossible", f"{name} lies between {least} and {most}.", f"/{name}")


def _order(care: Care) -> Iterator[Fault]:
    if care.observe_floor > care.observe:
        detail = "The least observation is no longer than the ordinary one."
        yield Fault("protocol.observation-backward", detail, "/observe_floor")
    if care.first_weight_days > care.weight_days:
        detail = "The weight for a first dose is no older than for the others."
        yield Fault("protocol.weights-backward", detail, "/first_weight_days")
    if care.fluids_minutes > care.solids_hours * 60:
        yield Fault("protocol.fasting-backward", "Fluids are allowed as long as food, or longer.", "/fluids_minutes")
    if care.most_dissociation > care.dissociation_scale.most:
        detail = f"{care.dissociation_scale} counts to {care.dissociation_scale.most}."
        yield Fault("protocol.dissociation-off-scale", detail, "/most_dissociation")
    if care.infusion_grace >= care.infusion_every:
        yield Fault("protocol.grace-too-long", "A look is overdue before the next one is due.", "/infusion_grace")
    if care.recovery_grace >= care.recovery_every:
        yield Fault("protocol.grace-too-long", "A look is overdue before the next one is due.", "/recovery_grace")


def _skills(care: Care) -> Iterator[Fault]:
    codes = care.supervisor_skills
    if len(codes) > len(set(codes)) or not all(fullmatch(SKILL_CODE, code) for code in codes):
        detail = "Skills are lower-case words joined by hyphens, each said once."
        yield Fault("protocol.skills-unclear", detail, "/supervisor_skills")


def _limits(care: Care) -> Iterator[Fault]:
    for place, limit in enumerate(care.limits):
        least, most = PLAUSIBLE[limit.vital]
        if not least <= limit.value <= most:
            detail = f"{limit.vital} lies between {least} and {most}."
            yield Fault("protocol.limit-implausible", detail, f"/limits/{place}/value")
        if limit.for_seconds and not (limit.stage is Stage.STOP and 0 < limit.for_seconds <= LONGEST_WAIT):
            detail = f"Only a limit to stop waits, {LONGEST_WAIT} seconds at most."
            yield Fault("protocol.limit-cannot-wait", detail, f"/limits/{place}/for_seconds")


def _missing_limits(care: Care) -> Iterator[Fault]:
    there = {(limit.vital, limit.stage, limit.is_low) for limit in care.limits}
    for vital in REQUIRED:
        for side, vitals in (("low", LOW), ("high", HIGH)):
            for stage in (Stage.REFUSE, Stage.STOP):
                if vital in vitals and (vital, stage, side == "low") not in there:
                    detail = f"Too {side} a {vital} has a limit to {stage}."
                    yield Fault(
                        "protocol.limit-missing", detail, "/limits", {"vital": vital, "stage": stage, "side": side}
                    )


def _limits_against_each_other(care: Care) -> Iterator[Fault]:
    for (_, one), (place, other) in combinations(enumerate(care.limits), 2):
        if one.vital is other.vital and (fault := _clash(one, other)):
            yield Fault(*fault, f"/limits/{place}")


def _clash(one: Limit, other: Limit) -> tuple[str, str] | None:
    """What is wrong with two limits of one vital."""
    if one.is_low is not other.is_low:
        low, high = (one, other) if one.is_low else (other, one)
        detail = f"{low} and {high}: nothing is left between them."
        return ("protocol.limits-crossed", detail) if low.value >= high.value else None
    if (one.stage, one.for_seconds) == (other.stage, other.for_seconds):
        return "protocol.limit-twice", f"{other.vital} has one limit to {other.stage} on this side."
    mild, grave = sorted((one, other), key=lambda limit: limit.stage.gravity)
    is_backward = grave.value > mild.value if mild.is_low else grave.value < mild.value
    if mild.stage is not grave.stage and is_backward:
        return "protocol.limits-backward", f"{grave} ({grave.stage}) comes before {mild} ({mild.stage})."
    return None


_RULES: Final[tuple[Callable[[Care], Iterator[Fault]], ...]] = (
    _figures,
    _order,
    _skills,
    _limits,
    _missing_limits,
    _limits_against_each_other,
)
