"""What a protocol asks of the day on which the medicine is given: when to look, what to refuse, when to let go home.

Every figure is a default that a licensed clinician of the clinic approves or changes by publishing an edition; a series
keeps the edition that it was booked with. Minutes and hours are elapsed time.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Vital(StrEnum):
    """What is measured, under the names of its LOINC codes (`LOINC`)."""

    SYSTOLIC = "systolic"
    DIASTOLIC = "diastolic"
    HEART_RATE = "heart-rate"
    RESPIRATORY_RATE = "respiratory-rate"
    SPO2 = "spo2"
    TEMPERATURE = "temperature"


LOINC: Final[Mapping[Vital, str]] = MappingProxyType(
    {
        Vital.SYSTOLIC: "8480-6",
        Vital.DIASTOLIC: "8462-4",
        Vital.HEART_RATE: "8867-4",
        Vital.RESPIRATORY_RATE: "9279-1",
        Vital.SPO2: "59408-5",
        Vital.TEMPERATURE: "8310-5",
    }
)
"""Codes of LOINC's vital-signs panel; mmHg, per minute, per cent, degrees Celsius."""
BLOOD_PRESSURE: Final = (Vital.SYSTOLIC, Vital.DIASTOLIC)
"""Two values of one measurement."""
REQUIRED: Final = (*BLOOD_PRESSURE, Vital.HEART_RATE, Vital.SPO2)
"""What is measured before every start and at every look. Clinic default."""
LOW: Final = (Vital.SYSTOLIC, Vital.HEART_RATE, Vital.SPO2)
HIGH: Final = (*BLOOD_PRESSURE, Vital.HEART_RATE)
"""Of what is too low, or too high, no protocol goes without limits to refuse a start and to stop."""


def _range(least: str, most: str) -> tuple[Decimal, Decimal]:
    return Decimal(least), Decimal(most)


PLAUSIBLE: Final[Mapping[Vital, tuple[Decimal, Decimal]]] = MappingProxyType(
    {
        Vital.SYSTOLIC: _range("40", "300"),
        Vital.DIASTOLIC: _range("20", "200"),
        Vital.HEART_RATE: _range("20", "300"),
        Vital.RESPIRATORY_RATE: _range("2", "80"),
        Vital.SPO2: _range("50", "100"),
        Vital.TEMPERATURE: _range("30", "45"),
    }
)
"""The least and the most of each that is not taken for a slip of the hand. Clinic defaults."""


class Stage(StrEnum):
    """What a limit leads to once a reading passes it, the gravest last."""

    REVIEW = "review"
    REFUSE = "refuse"
    STOP = "stop"

    @property
    def gravity(self) -> int:
        """How far down the list it stands."""
        return list(Stage).index(self)


class Side(StrEnum):
    """On which side of its value a limit is passed."""

    AT_LEAST = "at-least"
    OVER = "over"
    UNDER = "under"


@dataclass(frozen=True)
class Limit:
    """`vital` passes it when it lies on `side` of `value`. Before the start it asks a clinician or refuses; during the
    session it advises to stop. `for_seconds`: only when it stays there for so long.
    """

    vital: Vital
    stage: Stage
    side: Side
    value: Decimal
    for_seconds: int = 0

    @property
    def is_low(self) -> bool:
        """Whether it is passed from above, by too little."""
        return self.side is Side.UNDER

    def is_passed_by(self, value: Decimal) -> bool:
        """Whether `value` lies on its side."""
        return _LIES[self.side](value, self.value)

    def __str__(self) -> str:
        return f"{self.vital} {self.side.replace('-', ' ')} {self.value}"


_LIES: Final[Mapping[Side, Callable[[Decimal, Decimal], bool]]] = MappingProxyType(
    {Side.AT_LEAST: operator.ge, Side.OVER: operator.gt, Side.UNDER: operator.lt}
)


def _limits(vital: Vital, side: Side, **values: str) -> tuple[Limit, ...]:
    return tuple(Limit(vital, Stage(stage), side, Decimal(value)) for stage, value in values.items())


LIMITS: Final[tuple[Limit, ...]] = (
    *_limits(Vital.SYSTOLIC, Side.AT_LEAST, review="140", refuse="160", stop="180"),
    *_limits(Vital.DIASTOLIC, Side.AT_LEAST, review="90", refuse="100", stop="110"),
    *_limits(Vital.SYSTOLIC, Side.UNDER, refuse="90", stop="90"),
    *_limits(Vital.HEART_RATE, Side.OVER, review="100", refuse="120", stop="130"),
    *_limits(Vital.HEART_RATE, Side.UNDER, refuse="50", stop="50"),
    *_limits(Vital.RESPIRATORY_RATE, Side.UNDER, refuse="10", stop="10"),
    *_limits(Vital.RESPIRATORY_RATE, Side.OVER, refuse="30", stop="30"),
    *_limits(Vital.SPO2, Side.UNDER, review="95", refuse="92"),
    Limit(Vital.SPO2, Stage.STOP, Side.UNDER, Decimal(92), for_seconds=60),
    *_limits(Vital.TEMPERATURE, Side.AT_LEAST, review="37.8", refuse="38.5"),
)
"""140/90 before the start is the esketamine label's; above 180, below 90, a heart rate below 50, a respiratory rate
outside 10 to 30 are exclusions of emergency department protocols for ketamine. The others are clinic defaults.
"""


class DissociationScale(StrEnum):
    """How dissociation is scored; the questions themselves are the clinic's to bring."""

    CADSS_6 = "cadss-6"
    """Six questions of the Clinician-Administered Dissociative States Scale, 0 to 4 points each."""
    NUMERIC = "numeric"
    """One number from 0 to 10."""

    @property
    def most(self) -> int:
        """The most points."""
        return {DissociationScale.CADSS_6: 24, DissociationScale.NUMERIC: 10}[self]


@dataclass(frozen=True)
class Care:
    """The clinical figures of a dose's day.

    Readings are due every `infusion_every` minutes of the infusion and `recovery_every` of the recovery, and are
    overdue `…_grace` minutes later. Before the start a vital may be measured again `most_repeats` times, each
    `repeat_after` minutes after the time before; what was measured counts for `reading_minutes`. The patient stays
    `observe` minutes after the end of the infusion; a
    clinician may let them go earlier, never before `observe_floor`. `asks_pain`: a pain score is due before, hourly and
    at the end. Nobody goes home with more than `most_dissociation` points on `dissociation_scale`.

    Who comes up to `late_minutes` after the start is treated as planned, who comes later if the staff say so. A weight
    counts for `weight_days`, for a first dose `first_weight_days`. A dose is rounded down to a multiple of `dose_step`
    mg; above `most_mg_per_kg` (None: the order alone decides) or `change_percent` away from the dose given last it
    needs a second signature. `near_percent`: how near the blood pressure and the heart rate must be to those before
    the start, for going home. `no_driving_hours` count from the discharge; `solids_hours`, `fluids_minutes` and
    `substance_hours` are free of food, of clear fluids, of alcohol and other substances before the start. A course asks
    for `least_trials` that failed before, for `severe_from` points of severity (None: for no severity), and for an
    assessment of the last `assessment_days`. Who supervises a dose holds each of `supervisor_skills` on that date (the
    American Psychiatric Association's consensus of 2017 asks for advanced cardiac life support).
    """

    infusion_minutes: int = 40
    infusion_every: int = 10
    infusion_grace: int = 3
    recovery_every: int = 15
    recovery_grace: int = 5
    repeat_after: int = 15
    most_repeats: int = 3
    reading_minutes: int = 60
    observe: int = 60
    observe_floor: int = 30
    asks_pain: bool = False
    dissociation_scale: DissociationScale = DissociationScale.CADSS_6
    most_dissociation: int = 4
    near_percent: int = 20
    late_minutes: int = 15
    solids_hours: int = 6
    fluids_minutes: int = 120
    substance_hours: int = 24
    no_driving_hours: int = 24
    weight_days: int = 30
    first_weight_days: int = 7
    dose_step: Decimal = Decimal("0.5")
    most_mg_per_kg: Decimal | None = Decimal("1.0")
    change_percent: int = 25
    least_trials: int = 0
    severe_from: int | None = None
    assessment_days: int = 180
    supervisor_skills: tuple[str, ...] = ("acls",)
    limits: tuple[Limit, ...] = LIMITS


ORDINARY: Final = Care()
"""What holds where a protocol sets nothing of its own."""
_DAY: Final = Decimal(24 * 60)
FIGURES: Final[Mapping[str, tuple[Decimal, Decimal]]] = MappingProxyType(
    {
        "infusion_minutes": _range("1", "720"),
        "infusion_every": _range("1", "30"),
        "infusion_grace": _range("0", "60"),
        "recovery_every": _range("1", "60"),
        "recovery_grace": _range("0", "60"),
        "repeat_after": _range("0", "120"),
        "most_repeats": _range("0", "10"),
        "reading_minutes": _range("15", "120"),
        "observe": (Decimal(30), _DAY),
        "observe_floor": (Decimal(30), _DAY),
        "most_dissociation": _range("0", "24"),
        "near_percent": _range("0", "100"),
        "late_minutes": (Decimal(0), _DAY),
        "solids_hours": _range("2", "24"),
        "fluids_minutes": (Decimal(30), _DAY),
        "substance_hours": _range("12", "168"),
        "no_driving_hours": _range("24", "168"),
        "weight_days": _range("1", "366"),
        "first_weight_days": _range("1", "366"),
        "dose_step": _range("0.01", "10"),
        "most_mg_per_kg": _range("0.01", "10"),
        "change_percent": _range("0", "100"),
        "least_trials": _range("0", "10"),
        "severe_from": _range("0", "100"),
        "assessment_days": _range("1", "366"),
    }
)
"""The least and the most that a protocol may set: wide enough for any clinic, too narrow for slips of the hand.

Nobody goes home before half an hour, drives before the day after, or is looked at less than every half hour while the
medicine is given: the least that published clinics do. Fasting of the esketamine label is the shortest there is.
"""
LONGEST_WAIT: Final = 3600
"""For how many seconds a value may lie beyond a limit, at most, before that counts."""
