"""A dose order (FHIR: a MedicationRequest): what a clinician has signed to be given at the doses of one series.

Milligrams and kilograms are exact decimals. What is given is never rounded up: `computed_mg` shows the exact value to a
tenth of a milligram, `dose_mg` is the exact value rounded *down* to the protocol's step, and the pump's rate is that of
`dose_mg`, rounded down to a tenth of mg/h. Nothing but another signed order changes a dose.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from services.booking.domain.chart.weight import Weight
from services.booking.domain.protocol.care import Care
from services.booking.domain.protocol.protocol import Modality, Regimen
from shared.errors import Conflict, Fault, Forbidden, RuleBroken

_TENTH: Final = Decimal("0.1")
_MINUTES_PER_HOUR: Final = 60
_IMPLAUSIBLE: Final = "dose-order.implausible"


class Basis(StrEnum):
    """What the amount of an order is counted in."""

    MG_PER_KG = "mg-per-kg"
    MG_PER_KG_HOUR = "mg-per-kg-hour"
    MG = "mg"
    DEVICE = "device"
    """The fixed doses of a spray, in mg."""


_BY_WEIGHT: Final = frozenset({Basis.MG_PER_KG, Basis.MG_PER_KG_HOUR})


class Route(StrEnum):
    """How the medicine gets into the body."""

    INTRAVENOUS = "intravenous"
    NASAL = "nasal"


MOST: Final[Mapping[Basis, Decimal]] = MappingProxyType(
    {
        Basis.MG_PER_KG: Decimal(2),
        Basis.MG_PER_KG_HOUR: Decimal(1),
        Basis.MG: Decimal(500),
        Basis.DEVICE: Decimal(84),
    }
)
"""No order asks for more, whoever signs: it catches a slipped decimal point. 84 mg is the label's; clinic defaults."""
DEVICE_MG: Final = (Decimal(28), Decimal(56), Decimal(84))
"""The doses of the esketamine label."""
KILOGRAMS: Final = (Decimal(25), Decimal(350))
CENTIMETRES: Final = (Decimal(120), Decimal(230))
MINUTES: Final = (10, 480)
"""What an adult weighs and measures, and how long an infusion lasts; beyond it somebody mistyped. Clinic defaults."""


@dataclass(frozen=True)
class Signature:
    """The word of the holder of access key `by`."""

    by: str
    at: datetime


@dataclass(frozen=True)
class Wanted:
    """What a clinician orders: `amount` in the unit of `basis`, over `minutes`. `reason` says why it changes."""

    basis: Basis
    amount: Decimal
    minutes: int
    weight: Weight | None = None
    reason: str | None = None

    @property
    def exact_mg(self) -> Decimal:
        """Milligrams in all, not rounded."""
        kilograms = self.weight.dosing_kg if self.weight else Decimal()
        if self.basis is Basis.MG_PER_KG:
            return self.amount * kilograms
        if self.basis is Basis.MG_PER_KG_HOUR:
            return self.amount * kilograms * self.minutes / _MINUTES_PER_HOUR
        return self.amount

    def dose_mg(self, care: Care) -> Decimal:
        """Milligrams to be given: rounded down, so that rounding never raises a dose."""
        return (self.exact_mg / care.dose_step).to_integral_value(ROUND_DOWN) * care.dose_step


@dataclass(frozen=True)
class History:
    """What is known of the patient's doses. `is_first`: there is none; `last_mg` is what the last one here gave.

    An aborted dose counts as it was given: to give the whole again is a change that a second clinician looks at.
    """

    is_first: bool
    last_mg: Decimal | None = None


@dataclass(frozen=True)
class DoseOrder:
    """Order `number` of a series, the highest of which is in force. Signed by a clinician, and never changed.

    `dose_mg` is a multiple of `step` mg. `most_mg_per_kg` is what the protocol lets one clinician sign, `needs_second`
    why another one's signature was needed when it was signed.
    """

    id: str
    patient_id: str
    series_id: str
    number: int
    wanted: Wanted
    computed_mg: Decimal
    dose_mg: Decimal
    step: Decimal
    most_mg_per_kg: Decimal | None
    signed: Signature
    needs_second: tuple[str, ...] = ()
    second: Signature | None = None
    supersedes: str | None = None
    superseded_by: str | None = None
    version: int = 0

    @property
    def route(self) -> Route:
        """How it is given."""
        return Route.NASAL if self.wanted.basis is Basis.DEVICE else Route.INTRAVENOUS

    @property
    def rate(self) -> Decimal | None:
        """What the pump is set to, mg/h; None for a device."""
        return None if self.route is Route.NASAL else rate_of(self.dose_mg, self.wanted.minutes)

    def countersigned(self, signature: Signature) -> "DoseOrder":
        """Another clinician has looked at it. Raises `Forbidden` for the one who signed it, and `Conflict`."""
        if self.superseded_by is not None:
            raise Conflict("dose-order.superseded", "Another order has taken the place of this one.")
        if self.second is not None:
            raise Conflict("dose-order.countersigned", "This order has its second signature already.")
        if signature.by == self.signed.by:
            raise Forbidden("dose-order.same-signer", "The second signature is another clinician's.")
        return replace(self, second=signature)


def rate_of(mg: Decimal, minutes: int) -> Decimal:
    """What a pump is set to, mg/h, so that it gives no more than `mg` in `minutes`."""
    return (mg * _MINUTES_PER_HOUR / minutes).quantize(_TENTH, ROUND_DOWN)


def sign(
    wanted: Wanted,
    regimen: Regimen,
    history: History,
    *,
    patient_id: str,
    series_id: str,
    before: DoseOrder | None,
    today: date,
    dose_on: date,
    signature: Signature,
) -> DoseOrder:
    """The next order of a series whose next dose is on `dose_on`. Raises `RuleBroken` with every reason why not."""
    care = regimen.care
    faults = [
        *_unsuitable(wanted, regimen),
        *_implausible(wanted),
        *_implausible_weight(wanted, care, today),
        *_weight_faults(wanted.weight, care, dose_on, history),
        *_unexplained(wanted, before),
    ]
    if faults := faults or [*_below_one_step(wanted, care)]:
        raise RuleBroken("dose-order.refused", "This dose cannot be ordered.", faults)
    number, dose_mg = (before.number if before else 0) + 1, wanted.dose_mg(care)
    return DoseOrder(
        id=f"{series_id}.{number}",
        patient_id=patient_id,
        series_id=series_id,
        number=number,
        wanted=wanted,
        computed_mg=wanted.exact_mg.quantize(_TENTH, ROUND_HALF_EVEN),
        dose_mg=dose_mg,
        step=care.dose_step,
        most_mg_per_kg=care.most_mg_per_kg,
        signed=signature,
        needs_second=tuple(second_wanted(dose_mg, wanted.weight, care, history)),
        supersedes=before.id if before else None,
    )


def order_faults(order: DoseOrder | None, care: Care, on: date, history: History) -> list[Fault]:
    """Why a dose of local date `on` is not given by this order, the one in force."""
    if order is None:
        return [Fault("dose-order.missing", "No clinician has signed a dose order for this series.")]
    faults = [*_weight_faults(order.wanted.weight, care, on, history)]
    wanted = [*second_wanted(order.dose_mg, order.wanted.weight, care, history)]
    if wanted and order.second is None:
        detail = "The dose order needs the signature of a second clinician."
        faults.append(Fault("dose-order.second-signature", detail, context={"reasons": wanted}))
    return faults


def second_wanted(dose_mg: Decimal, weight: Weight | None, care: Care, history: History) -> Iterator[str]:
    """Why one signature is not enough: above the most per kilogram, or far from the dose given last."""
    if care.most_mg_per_kg is not None and weight is not None and dose_mg > care.most_mg_per_kg * weight.cautious_kg:
        yield "above-most-mg-per-kg"
    last = history.last_mg
    if last is not None and abs(dose_mg - last) * 100 > care.change_percent * last:
        yield "change-from-last-dose"


def _unsuitable(wanted: Wanted, regimen: Regimen) -> Iterator[Fault]:
    if (wanted.basis is Basis.DEVICE) != (regimen.modality is Modality.ESKETAMINE):
        detail = "A spray is ordered by the device, an infusion never is."
        yield Fault("dose-order.basis-unsuitable", detail, "/basis")


def _implausible(wanted: Wanted) -> Iterator[Fault]:
    if not 0 < wanted.amount <= MOST[wanted.basis]:
        yield Fault(_IMPLAUSIBLE, f"More than 0 and at most {MOST[wanted.basis]} {wanted.basis}.", "/amount")
    elif wanted.basis is Basis.DEVICE and wanted.amount not in DEVICE_MG:
        yield Fault(_IMPLAUSIBLE, "A device gives 28, 56 or 84 mg.", "/amount")
    if not MINUTES[0] <= wanted.minutes <= MINUTES[1]:
        yield Fault(_IMPLAUSIBLE, f"It lasts {MINUTES[0]} to {MINUTES[1]} minutes.", "/minutes")


def _implausible_weight(wanted: Wanted, care: Care, today: date) -> Iterator[Fault]:
    weight = wanted.weight
    if weight is None:
        if wanted.basis in _BY_WEIGHT or care.most_mg_per_kg is not None:
            yield Fault("dose-order.weight-missing", "Say what the patient weighs.", "/weight")
        return
    if not KILOGRAMS[0] <= weight.kg <= KILOGRAMS[1]:
        yield Fault(_IMPLAUSIBLE, f"A weight is {KILOGRAMS[0]} to {KILOGRAMS[1]} kg.", "/weight/kg")
    if weight.height_cm is not None and not CENTIMETRES[0] <= weight.height_cm <= CENTIMETRES[1]:
        yield Fault(_IMPLAUSIBLE, f"A height is {CENTIMETRES[0]} to {CENTIMETRES[1]} cm.", "/weight/height_cm")
    if not weight.is_known:
        detail = "Give height and sex, or say that the measured weight counts."
        yield Fault("dose-order.height-missing", detail, "/weight/height_cm")
    if weight.measured_on > today:
        yield Fault("dose-order.weight-in-future", f"{weight.measured_on} has not come yet.", "/weight/measured_on")


def _below_one_step(wanted: Wanted, care: Care) -> Iterator[Fault]:
    if wanted.dose_mg(care) <= 0:
        yield Fault(_IMPLAUSIBLE, f"That is less than one step of {care.dose_step} mg.", "/amount")


def _weight_faults(weight: Weight | None, care: Care, on: date, history: History) -> Iterator[Fault]:
    if weight is None:
        return
    days, most = (on - weight.measured_on).days, care.first_weight_days if history.is_first else care.weight_days
    if days > most:
        detail = f"The weight is {days} days old on {on}; at most {most} days count."
        context = {"measured_on": weight.measured_on.isoformat(), "most_days": most}
        yield Fault("dose-order.weight-too-old", detail, "/weight/measured_on", context)


def _unexplained(wanted: Wanted, before: DoseOrder | None) -> Iterator[Fault]:
    if before is not None and wanted.reason is None:
        yield Fault("dose-order.reason-missing", "Say why the order before is not good any more.", "/reason")
