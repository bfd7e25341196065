"""The weight that a dose is counted by: kilograms and centimetres, exact decimals."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final

from services.booking.domain.chart.answers import Sex

OBESE_FROM: Final = Decimal(30)
"""Body mass index (WHO) from which the ideal weight counts, since ketamine spreads little into fat. Clinic default."""
_CM_PER_INCH: Final = Decimal("2.54")
_INCHES: Final = 60
_KG_PER_INCH: Final = Decimal("2.3")
_PART_OF_EXCESS: Final = Decimal("0.4")


_AT_SIXTY_INCHES: Final = {Sex.FEMALE: Decimal("45.5"), Sex.MALE: Decimal(50)}


class WeightType(StrEnum):
    """Which weight counts: what the scales said, the ideal one, or that with two fifths of what exceeds it."""

    ACTUAL = "actual"
    IDEAL = "ideal"
    ADJUSTED = "adjusted"


@dataclass(frozen=True)
class Weight:
    """`kg` is what was measured on the local date `measured_on`; `chosen` is which weight the clinician counts by.

    Left open, the ideal weight counts from a body mass index of 30 on, else the measured one.
    """

    kg: Decimal
    measured_on: date
    height_cm: Decimal | None = None
    sex: Sex | None = None
    chosen: WeightType | None = None

    @property
    def bmi(self) -> Decimal | None:
        """Body mass index, kg/m²; None without the height."""
        return None if self.height_cm is None else self.kg * 10000 / (self.height_cm * self.height_cm)

    @property
    def ideal_kg(self) -> Decimal | None:
        """Devine 1974: 45.5 kg (women) or 50 kg (men) at 60 inches and 2.3 kg for each inch; None while it is unknown.

        Below 60 inches the same line goes on downwards, to the cautious side.
        """
        if self.height_cm is None or self.sex is None:
            return None
        return _AT_SIXTY_INCHES[self.sex] + _KG_PER_INCH * (self.height_cm / _CM_PER_INCH - _INCHES)

    @property
    def type(self) -> WeightType:
        """Which weight counts."""
        return self.chosen or self._by_rule

    @property
    def is_known(self) -> bool:
        """Whether all is there that the weight which counts is made of; without height nobody knows which should."""
        return self.chosen is WeightType.ACTUAL or self.ideal_kg is not None

    @property
    def dosing_kg(self) -> Decimal:
        """The kilograms that count, never more than were measured."""
        return min(self.kg, self._of(self.type))

    @property
    def cautious_kg(self) -> Decimal:
        """What the most per kilogram is counted by: no choice makes it more than the rule does."""
        return min(self.dosing_kg, self._of(self._by_rule))

    @property
    def _by_rule(self) -> WeightType:
        is_obese = self.bmi is not None and self.bmi >= OBESE_FROM
        return WeightType.IDEAL if is_obese else WeightType.ACTUAL

    def _of(self, type: WeightType) -> Decimal:
        if type is WeightType.ACTUAL or self.ideal_kg is None:
            return self.kg
        if type is WeightType.IDEAL:
            return self.ideal_kg
        return self.ideal_kg + _PART_OF_EXCESS * (self.kg - self.ideal_kg)
