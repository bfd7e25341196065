"""Readings: what was measured on a patient at one moment, what of it forbids a start, what advises to stop.

What is measured together is judged together: both values of a blood pressure are one measurement. Every reading is
kept. Pressures are in mmHg, rates per minute, oxygen in per cent on room air, temperatures in degrees Celsius.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import IntEnum
from types import MappingProxyType
from typing import Final

from services.booking.domain.protocol.care import BLOOD_PRESSURE, PLAUSIBLE, REQUIRED, Care, Limit, Stage, Vital
from shared.errors import Fault, RuleBroken

Values = Mapping[Vital, Decimal]
MEASUREMENTS: Final = (BLOOD_PRESSURE, *((vital,) for vital in Vital if vital not in BLOOD_PRESSURE))
"""What is measured in one go."""
MOST_PAIN: Final = 10
"""Of a numeric rating scale, from 0: no pain."""
REVIEW: Final = "vitals.review"
"""The code of what a clinician may let pass before a start."""
REFUSED: Final = "vitals.refused"
MISSING: Final = "vitals.missing"
TOO_OLD: Final = "vitals.too-old"


class Sedation(IntEnum):
    """How awake somebody is: a plain order of this platform, no published scale."""

    AWAKE = 0
    DROWSY = 1
    ROUSED_BY_VOICE = 2
    ROUSED_BY_TOUCH = 3
    NOT_ROUSED = 4


@dataclass(frozen=True)
class Reading:
    """What access key `by` measured at `at`; None is what was not measured. `pain` counts from 0 to `MOST_PAIN`."""

    id: str
    at: datetime
    by: str
    systolic: int | None = None
    diastolic: int | None = None
    heart_rate: int | None = None
    respiratory_rate: int | None = None
    spo2: int | None = None
    temperature: Decimal | None = None
    sedation: Sedation | None = None
    pain: int | None = None

    @property
    def values(self) -> dict[Vital, Decimal]:
        """The vitals that were measured."""
        found = {vital: getattr(self, field_of(vital)) for vital in Vital}
        return {vital: Decimal(value) for vital, value in found.items() if value is not None}

    @property
    def is_empty(self) -> bool:
        """Whether nothing was measured at all."""
        return not self.values and self.sedation is None and self.pain is None


def field_of(vital: Vital) -> str:
    """Where a reading keeps it."""
    return vital.replace("-", "_")


def require_plausible(reading: Reading) -> None:
    """Raises `RuleBroken` with everything that nobody can have measured, each with a pointer into the reading."""
    if faults := list(_implausible(reading)):
        raise RuleBroken("vitals.implausible", "Nobody can have measured this.", faults)


def _implausible(reading: Reading) -> Iterator[Fault]:
    if reading.is_empty:
        yield _slip("A reading says at least one thing.")
    values = reading.values
    for vital, value in values.items():
        least, most = PLAUSIBLE[vital]
        if not least <= value <= most:
            yield _slip(f"{vital} lies between {least} and {most}.", field_of(vital))
    pressure = [vital for vital in BLOOD_PRESSURE if vital in values]
    if len(pressure) == 1:
        yield _slip("A blood pressure has two values.", field_of(pressure[0]))
    if len(pressure) > 1 and values[Vital.DIASTOLIC] >= values[Vital.SYSTOLIC]:
        yield _slip("The diastolic pressure lies below the systolic one.", field_of(Vital.DIASTOLIC))
    if reading.pain is not None and not 0 <= reading.pain <= MOST_PAIN:
        yield _slip(f"Pain counts from 0 to {MOST_PAIN}.", "pain")


def _slip(detail: str, field: str = "") -> Fault:
    return Fault("vitals.implausible", detail, f"/{field}" if field else "")


# --- before the start -----------------------------------------------------------------------------------------------


def require_repeatable(earlier: Sequence[Reading], reading: Reading, care: Care) -> None:
    """Whether what `reading` finds better than the time before may be measured once more before the start.

    Raises `RuleBroken`: `vitals.too-many` after `care.most_repeats` repeats of what passes a limit, `vitals.too-soon`
    less than `care.repeat_after` minutes after the time before. Measuring again until it suits is no measuring; what
    has not got better is kept at any time, and what was measured beside something that got worse with it.
    """
    change = {what: _change(what, earlier, reading, care) for what in MEASUREMENTS}
    if any(graver > 0 for graver in change.values()):
        return
    better = [what for what in MEASUREMENTS if change[what] < 0]
    if faults := [fault for what in better for fault in _unrepeatable(what, earlier, reading, care)]:
        raise RuleBroken(faults[0].code, "Before the start nothing is measured too often.", faults)


def _change(what: Sequence[Vital], earlier: Sequence[Reading], reading: Reading, care: Care) -> int:
    """By how many stages it is graver than the time before (below 0: better); nothing when it was not measured now."""
    now, before = _only(what, reading), _newest(what, earlier)
    if not now:
        return 0
    return _gravity(now, care.limits) - _gravity(_only(what, before) if before else {}, care.limits)


def _unrepeatable(what: Sequence[Vital], earlier: Sequence[Reading], reading: Reading, care: Care) -> Iterator[Fault]:
    before = [one.at for one in earlier if _gravity(_only(what, one), care.limits) >= 0]
    pointer = f"/{field_of(what[0])}"
    if len(before) > care.most_repeats:
        yield Fault("vitals.too-many", f"{what[0]} is measured again {care.most_repeats} times at most.", pointer)
    elif reading.at < (earliest := max(before) + timedelta(minutes=care.repeat_after)):
        detail = f"{what[0]} is measured again {care.repeat_after} minutes after the time before."
        yield Fault("vitals.too-soon", detail, pointer, {"earliest_at": earliest.isoformat()})


@dataclass(frozen=True)
class Verdict:
    """What the readings before a start lead to: nothing, a clinician's decision, or no start; and why."""

    stage: Stage | None
    faults: tuple[Fault, ...]


def verdict(before: Sequence[Reading], care: Care, at: datetime) -> Verdict:
    """Of all readings before a start at an instant the newest measurement of each kind counts, whatever was before.

    Nobody starts while a vital of `REQUIRED` (or pain, where the protocol asks for it) was not measured, or longer ago
    than `care.reading_minutes`; nor beyond a limit at which to stop.
    """
    newest = {what: one for what in MEASUREMENTS if (one := _newest(what, before))}
    values = {vital: value for what, one in newest.items() for vital, value in _only(what, one).items()}
    missing: list[str] = [vital for vital in REQUIRED if vital not in values]
    if care.asks_pain and all(reading.pain is None for reading in before):
        missing.append("pain")
    kept_for = timedelta(minutes=care.reading_minutes)
    old = [vital for what, one in newest.items() if at - one.at > kept_for for vital in what if vital in REQUIRED]
    passed = {vital: limit for vital, value in values.items() if (limit := _gravest(vital, value, care.limits))}
    unknown = [*map(_lacks, missing), *(_outlived(vital, care) for vital in old)]
    faults = [*unknown, *(_forbids(limit, values[vital]) for vital, limit in passed.items())]
    stages = [*(Stage.REFUSE for _ in unknown), *(_before_start(limit.stage) for limit in passed.values())]
    return Verdict(max(stages, key=lambda stage: stage.gravity, default=None), tuple(faults))


def counted(readings: Sequence[Reading], limits: Sequence[Limit]) -> dict[Vital, Decimal]:
    """The best measurement of each kind before the start, the least grave one, then the lowest: what to come back to.

    The lowest, so that nobody goes home with a pressure that is only near to one of the excitement before.
    """
    best: dict[Vital, Decimal] = {}
    for what in MEASUREMENTS:
        measured = [one for reading in readings if set(one := _only(what, reading)) == set(what)]
        if measured:
            lowest = min(measured, key=lambda values: (_gravity(values, limits), *values.values()))
            best |= lowest
    return best


def _newest(what: Sequence[Vital], readings: Iterable[Reading]) -> Reading | None:
    """The last reading that measures it."""
    return max((one for one in readings if _only(what, one)), key=lambda one: one.at, default=None)


def _only(what: Sequence[Vital], reading: Reading) -> dict[Vital, Decimal]:
    return {vital: value for vital, value in reading.values.items() if vital in what}


def _gravity(values: Values, limits: Sequence[Limit]) -> int:
    passed = [limit for vital, value in values.items() if (limit := _gravest(vital, value, limits))]
    return max((_before_start(limit.stage).gravity for limit in passed), default=-1)


def _gravest(vital: Vital, value: Decimal, limits: Sequence[Limit]) -> Limit | None:
    passed = [limit for limit in limits if limit.vital is vital and limit.is_passed_by(value)]
    return max(passed, key=lambda limit: limit.stage.gravity, default=None)


def _before_start(stage: Stage) -> Stage:
    """Where one would stop, one does not start."""
    return min(stage, Stage.REFUSE, key=lambda one: one.gravity)


_CODES: Final = MappingProxyType({Stage.REVIEW: REVIEW, Stage.REFUSE: REFUSED})


def _forbids(limit: Limit, value: Decimal) -> Fault:
    context = {"vital": limit.vital, "value": str(value), "limit": str(limit.value), "side": limit.side}
    return Fault(_CODES[_before_start(limit.stage)], f"{limit.vital} {value}: {limit}.", context=context)


def _lacks(name: str) -> Fault:
    return Fault(MISSING, f"{name} is measured before the start.", context={"vital": name})


def _outlived(vital: Vital, care: Care) -> Fault:
    detail = f"{vital} is measured within {care.reading_minutes} minutes before the start."
    return Fault(TOO_OLD, detail, context={"vital": vital})


# --- during the session -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Passed:
    """`value` passes a limit at which to stop, and every measurement `since` then did."""

    limit: Limit
    value: Decimal
    since: datetime
    at: datetime

    @property
    def lasts(self) -> bool:
        """Whether it stays there for as long as the limit says."""
        return self.at - self.since >= timedelta(seconds=self.limit.for_seconds)


def passed_since(readings: Sequence[Reading], limits: Iterable[Limit]) -> list[Passed]:
    """The limits at which to stop that the newest measurement of their vital passes. Readings since the start."""
    in_time = sorted(readings, key=lambda reading: reading.at)
    runs = [(limit, _run(in_time, limit)) for limit in limits if limit.stage is Stage.STOP]
    return [Passed(limit, run[-1][1], run[0][0], run[-1][0]) for limit, run in runs if run]


def _run(readings: Iterable[Reading], limit: Limit) -> list[tuple[datetime, Decimal]]:
    """The measurements that pass the limit, back from the newest one without a gap."""
    run: list[tuple[datetime, Decimal]] = []
    for reading in readings:
        value = reading.values.get(limit.vital)
        if value is not None:
            run = [*run, (reading.at, value)] if limit.is_passed_by(value) else []
    return run


def stop_advice(readings: Sequence[Reading], limits: Iterable[Limit]) -> tuple[Passed, ...]:
    """What the newest of the readings since the start says against going on. Staff decide what to do about it."""
    newest = max((reading.at for reading in readings), default=None)
    return tuple(one for one in passed_since(readings, limits) if one.at == newest and one.lasts)
