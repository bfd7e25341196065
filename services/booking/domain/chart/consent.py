"""Consents (FHIR: a Consent) and other documents that a patient signs: what holds for how long, and who asks for it.

Expiry counts in months on local dates of the clinic: what was signed on 31 March for 12 months holds until the end of
31 March. Consents to messages are no documents: notify keeps them, for each phone number and address.
"""

from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from services.booking.domain.protocol.protocol import Condition, Modality, Regimen
from services.booking.domain.series.session import CONSENT_WITHDRAWN
from shared.errors import Conflict, Fault, RuleBroken
from shared.localtime import local_date, resolve_forward

MONTHS: Final = 12
"""How long most of them hold. Clinic default."""
WARN_DAYS: Final = (30, 7)
"""How many days before the last valid one somebody is told. Clinic default."""
_MONTHS_PER_YEAR: Final = 12


class ConsentKind(StrEnum):
    """What is signed."""

    TREATMENT = "treatment"
    INVESTIGATIONAL = "investigational"
    KAP = "kap"
    ESCORT = "escort-and-no-driving"
    CONTROLLED_SUBSTANCE = "controlled-substance"
    PRIVACY_NOTICE = "privacy-notice"
    RELEASE = "release-of-information"
    REMS = "rems-enrolment"
    FINANCIAL = "financial-policy"


class Scope(StrEnum):
    """What one signature is good for: one course, everything of the patient, or one recipient."""

    SERIES = "series"
    PATIENT = "patient"
    RECIPIENT = "recipient"


class Gate(StrEnum):
    """When a signature is asked for: at booking, at the check-in for a dose, when a dose begins, when data go out."""

    BOOKING = "booking"
    FIRST_VISIT = "first-visit"
    DOSING = "dosing"
    SHARING = "sharing"


class Manner(StrEnum):
    """How the patient signed."""

    IN_PERSON = "in-person"
    AUTHENTICATED = "authenticated"


@dataclass(frozen=True)
class Rule:
    """How long a kind holds (`months` None: until its course ends or it is withdrawn), and at which gates it is asked.

    A course asks for it when it is given in one of `modalities` and, if `of_investigations`, treats what is
    investigational.
    """

    scope: Scope
    months: int | None
    gates: frozenset[Gate]
    modalities: frozenset[Modality] = frozenset(Modality)
    of_investigations: bool = False

    def is_asked(self, regimen: Regimen, condition: Condition) -> bool:
        """Whether a course asks for it."""
        is_meant = regimen.investigates(condition) or not self.of_investigations
        return is_meant and regimen.modality in self.modalities


_DOSING: Final = frozenset({Gate.DOSING})
_BOOKING: Final = frozenset({Gate.BOOKING})
_VISIT: Final = frozenset({Gate.FIRST_VISIT})
_ONLY_KAP: Final = frozenset({Modality.KAP})
_ONLY_ESKETAMINE: Final = frozenset({Modality.ESKETAMINE})
KINDS: Final[Mapping[ConsentKind, Rule]] = MappingProxyType(
    {
        ConsentKind.TREATMENT: Rule(Scope.SERIES, MONTHS, _DOSING),
        ConsentKind.INVESTIGATIONAL: Rule(Scope.SERIES, None, _BOOKING | _DOSING, of_investigations=True),
        ConsentKind.KAP: Rule(Scope.SERIES, MONTHS, _DOSING, modalities=_ONLY_KAP),
        ConsentKind.ESCORT: Rule(Scope.SERIES, None, _DOSING),
        ConsentKind.CONTROLLED_SUBSTANCE: Rule(Scope.PATIENT, MONTHS, _BOOKING | _DOSING),
        ConsentKind.PRIVACY_NOTICE: Rule(Scope.PATIENT, None, _VISIT | _DOSING),
        ConsentKind.RELEASE: Rule(Scope.RECIPIENT, MONTHS, frozenset({Gate.SHARING})),
        ConsentKind.REMS: Rule(Scope.PATIENT, None, _BOOKING | _DOSING, modalities=_ONLY_ESKETAMINE),
        ConsentKind.FINANCIAL: Rule(Scope.PATIENT, MONTHS, _BOOKING),
    }
)
"""Clinic defaults but for the enrolment, which the esketamine label's REMS programme asks of every patient.

What concerns the treatment is asked again when each dose begins, since it may have run out or been withdrawn meanwhile;
the financial policy is a matter of booking. The pregnancy attestation is no document: it is given anew for each dose.
"""


@dataclass(frozen=True)
class ConsentTexts:
    """Which text of each kind a clinic has signed now; `id` is the clinic's. Versions are `major` or `major.minor`.

    Another major number is another promise, and what was signed before is void; a minor one only mends the wording.
    """

    id: str
    versions: Mapping[ConsentKind, str] = field(default_factory=dict)
    version: int = 0

    def publish(self, versions: Mapping[ConsentKind, str]) -> "ConsentTexts":
        """The texts with these in the place of former ones. Raises `RuleBroken` for one that is older than those."""
        faults = [
            Fault("consent-text.older", f"Text {self.versions[kind]} of {kind} is newer.", f"/texts/{kind}")
            for kind, text in versions.items()
            if kind in self.versions and _numbers(text) < _numbers(self.versions[kind])
        ]
        if faults:
            raise RuleBroken("consent-text.refused", "A text never goes back to an older one.", faults)
        return replace(self, versions={**self.versions, **versions})

    def has_signed_now(self, kind: ConsentKind, text_version: str) -> bool:
        """Whether this version is as good as the present one; any is while none was published."""
        return _numbers(self.versions.get(kind, text_version))[0] == _numbers(text_version)[0]


def _numbers(text_version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text_version.split("."))


@dataclass(frozen=True)
class Withdrawal:
    """The patient does not agree any more, as access key `by` noted."""

    reason: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Consent:
    """One signature. `witness` is the access key of who saw it; `zone` the clinic's, in which its days are counted.

    `series_id` is the course that it is for (None: for the next one that is booked), `recipient` who may be told.
    `expires_on` is the last local day on which it holds. `warnings` counts those of `WARN_DAYS` that are behind it.
    """

    id: str
    patient_id: str
    kind: ConsentKind
    text_version: str
    signed_at: datetime
    zone: str
    how: Manner
    witness: str
    series_id: str | None = None
    recipient: str | None = None
    expires_on: date | None = None
    withdrawal: Withdrawal | None = None
    warnings: int = 0
    version: int = 0

    @property
    def signed_on(self) -> date:
        """The local date of the signature."""
        return local_date(self.signed_at, self.zone)

    @property
    def rule(self) -> Rule:
        """What holds for its kind."""
        return KINDS[self.kind]

    @property
    def key(self) -> tuple[str, ...]:
        """What it is good for: of several with the same the latest counts."""
        return self.kind, self.series_id or "", spelled(self.recipient or "")

    @property
    def next_at(self) -> datetime | None:
        """When somebody is to be told that it runs out: as the local day begins."""
        if self.expires_on is None or self.withdrawal or self.warnings >= len(WARN_DAYS):
            return None
        return start_of(self.expires_on - timedelta(days=WARN_DAYS[self.warnings]), self.zone)

    def linked(self, series_id: str) -> "Consent":
        """Good for this course, and no other one."""
        return replace(self, series_id=series_id)

    def warned(self, on: date) -> "Consent":
        """Every warning that is due by this date is behind it."""
        last = self.expires_on or date.max
        return replace(self, warnings=sum(last - timedelta(days=days) <= on for days in WARN_DAYS))

    def withdrawn(self, withdrawal: Withdrawal) -> "Consent":
        """The patient does not agree any more. Raises `Conflict` when that was noted before."""
        if self.withdrawal:
            raise Conflict("consent.withdrawn-already", "This consent was withdrawn already.")
        return replace(self, withdrawal=withdrawal)


class ConsentState(StrEnum):
    """What a signature is worth."""

    VALID = "valid"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    REPLACED = "replaced"
    """A later one counts."""
    TEXT_REPLACED = "text-replaced"
    SERIES_OVER = "series-over"


def spelled(recipient: str) -> str:
    """A recipient's name without the ways in which it may be written."""
    return " ".join(recipient.casefold().split())


def start_of(day: date, zone: str) -> datetime:
    """The instant at which a local day begins."""
    return resolve_forward(datetime.combine(day, time()), zone)


def last_day(kind: ConsentKind, signed_on: date) -> date | None:
    """The last local day on which a signature of this date holds: the same day of a later month, or that month's last.

    29 February 2028 and 12 months give 28 February 2029. None where the kind has no end.
    """
    months = KINDS[kind].months
    if months is None:
        return None
    years, month = divmod(signed_on.month - 1 + months, _MONTHS_PER_YEAR)
    year, month = signed_on.year + years, month + 1
    return date(year, month, min(signed_on.day, monthrange(year, month)[1]))


# --- what speaks against it ------------------------------------------------------------------------------------------


def consent_faults(
    consents: Iterable[Consent],
    gate: Gate,
    regimen: Regimen,
    condition: Condition,
    *,
    series_id: str | None,
    on: date,
    texts: ConsentTexts,
) -> list[Fault]:
    """Why a patient who signed `consents` does not pass this gate on a local date; nothing when they do.

    `series_id` is the course; None: it is being booked, so what was signed for the next one counts.
    """
    asked = [kind for kind, rule in KINDS.items() if gate in rule.gates and rule.is_asked(regimen, condition)]
    signed = list(consents)
    return [fault for kind in asked for fault in _faults(signed, _key(kind, series_id), on, texts)]


def sharing_faults(consents: Iterable[Consent], recipient: str, on: date, texts: ConsentTexts) -> list[Fault]:
    """Why this recipient is not told anything of the patient on a local date."""
    return list(_faults(list(consents), (ConsentKind.RELEASE, "", spelled(recipient)), on, texts))


def state_of(
    consent: Consent, consents: Sequence[Consent], on: date, texts: ConsentTexts, *, is_over: bool
) -> ConsentState:
    """What one of a patient's `consents` is worth on a local date; `is_over`: the course that it is for has ended."""
    latest = standing(consents, consent.key)
    if latest is None:
        return ConsentState.WITHDRAWN
    if latest != consent:
        return ConsentState.WITHDRAWN if consent.withdrawal else ConsentState.REPLACED
    if is_over:
        return ConsentState.SERIES_OVER
    faults = list(_faults(consents, consent.key, on, texts))
    return ConsentState(faults[0].code.removeprefix("consent.")) if faults else ConsentState.VALID


def standing(consents: Iterable[Consent], key: tuple[str, ...]) -> Consent | None:
    """The latest one that counts of those good for the same: a withdrawal ends all that was signed until then."""
    mine = [one for one in consents if one.key == key]
    ends = [one.withdrawal.at for one in mine if one.withdrawal]
    counting = [one for one in mine if not ends or one.signed_at > max(ends)]
    return max(counting, key=lambda one: (one.signed_at, one.id), default=None)


def _key(kind: ConsentKind, series_id: str | None) -> tuple[str, ...]:
    is_of_series = KINDS[kind].scope is Scope.SERIES
    return kind, series_id or "" if is_of_series else "", ""


def _faults(consents: Sequence[Consent], key: tuple[str, ...], on: date, texts: ConsentTexts) -> Iterator[Fault]:
    kind, context = ConsentKind(key[0]), {"kind": key[0]}
    found = standing(consents, key)
    if found is None and any(one.key == key for one in consents):
        yield Fault(CONSENT_WITHDRAWN, f"The patient has withdrawn this consent: {kind}.", context=context)
    elif found is None:
        yield Fault("consent.missing", f"The patient has not signed this: {kind}.", context=context)
    else:
        if not texts.has_signed_now(kind, found.text_version):
            detail = f"There is a newer text to be signed: {kind}."
            yield Fault("consent.text-replaced", detail, context={**context, "signed": found.text_version})
        if found.expires_on is not None and found.expires_on < on:
            detail = f"This was valid through {found.expires_on}: {kind}."
            yield Fault("consent.expired", detail, context={**context, "expires_on": found.expires_on.isoformat()})
