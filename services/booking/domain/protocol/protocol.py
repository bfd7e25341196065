"""A protocol: how many sessions, how far apart, and what each of them needs.

`Regimen` is what a clinician writes; `Protocol` is one published edition of it. A running series keeps its edition.

One convention of time everywhere: a session *starts* when the patient takes the chair (begin of the first block that
needs a resource) and *ends* with the last block that needs the patient. Check-in lies before the start, turnover
behind the end.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from itertools import takewhile
from types import MappingProxyType
from typing import Final

from services.booking.domain.calendar.resource import ResourceKind
from services.booking.domain.calendar.slots import PATIENT, Weekday, weekday_of
from services.booking.domain.protocol.caps import Caps, strictest
from services.booking.domain.protocol.care import ORDINARY, Care
from shared.errors import Fault, RuleBroken


class Condition(StrEnum):
    """What is treated."""

    DEPRESSION = "depression"
    ANXIETY = "anxiety"
    PTSD = "ptsd"
    OCD = "ocd"
    BIPOLAR = "bipolar"
    BPD = "bpd"
    CHRONIC_PAIN = "chronic-pain"


INVESTIGATIONAL: Final = frozenset({Condition.BIPOLAR, Condition.OCD, Condition.BPD})
"""What ketamine is not established for, not even off-label: it takes an agreement of its own. Clinic default."""


class Modality(StrEnum):
    """How the medicine is given, which decides what has to be signed and who has to be there."""

    INFUSION = "infusion"
    KAP = "kap"
    """Ketamine-assisted psychotherapy: talks before and behind the doses, a therapist with the patient throughout."""
    ESKETAMINE = "esketamine"


@dataclass(frozen=True)
class Need:
    """One resource of a kind, which holds each of the `skills` on the day.

    One person may attend to `per` patients at that time, as far as their capacity goes; 1 means nobody else.
    """

    kind: ResourceKind
    per: int = 1
    skills: tuple[str, ...] = ()


_MOOD_CAPS = Caps(per_7=3, per_30=8, per_90=16, per_365=36, weekly_after_month=1, repeat_after_days=60)
_MANIA_CAPS = Caps(per_7=2, per_30=6, per_90=12, per_365=24, weekly_after_month=1, repeat_after_days=90)
_PAIN_CAPS = Caps(per_7=5, per_30=10, per_90=20, per_365=36, repeat_after_days=30)
CAPS: Final[Mapping[Condition, Caps]] = MappingProxyType(
    {
        Condition.DEPRESSION: _MOOD_CAPS,
        Condition.ANXIETY: _MOOD_CAPS,
        Condition.PTSD: _MOOD_CAPS,
        Condition.OCD: _MOOD_CAPS,
        Condition.BIPOLAR: _MANIA_CAPS,
        Condition.BPD: _MANIA_CAPS,
        Condition.CHRONIC_PAIN: _PAIN_CAPS,
    }
)
"""What holds where a protocol sets nothing of its own. Clinic defaults, for a licensed clinician to approve."""


MOST_MG_PER_KG: Final[Mapping[Condition, Decimal]] = MappingProxyType(
    {Condition.BIPOLAR: Decimal("0.75"), Condition.BPD: Decimal("0.75")}
)
"""What one clinician signs at most, whatever the protocol says, where mania or instability is to be feared. Clinic
default, for a licensed clinician to approve.
"""


@dataclass(frozen=True)
class Block:
    """A part of a session, in minutes: what it needs, each kind once, and whether the patient is there."""

    name: str
    minutes: int
    needs: tuple[Need, ...] = ()
    with_patient: bool = True


@dataclass(frozen=True)
class Span:
    """From when until when one kind of resource (or the patient) is needed, counted from the session's start.

    `per` and `skills` as in `Need`.
    """

    kind: str
    begins: timedelta
    ends: timedelta
    per: int = 1
    skills: tuple[str, ...] = ()


@dataclass(frozen=True)
class Phase:
    """A run of like sessions.

    `min_days` and `max_days` are local dates between a session and the one it is counted from: doses from the dose
    before, talks from the session before. `per_seven_days` is the most doses on any seven dates in a row.
    `sessions` is None for an open end; `max_days` is None where no session follows another. `doses` says whether the
    medicine is given.
    """

    name: str
    sessions: int | None
    blocks: tuple[Block, ...]
    min_days: int = 1
    max_days: int | None = None
    per_seven_days: int = 1
    doses: bool = True

    @cached_property
    def kinds(self) -> tuple[ResourceKind, ...]:
        """What its sessions need, each kind once, in the order of need."""
        return tuple(dict.fromkeys(need.kind for block in self.blocks for need in block.needs))

    @property
    def arrival(self) -> timedelta:
        """How long before the start the patient arrives."""
        before = takewhile(lambda block: not block.needs, self.blocks)
        return timedelta(minutes=sum(block.minutes for block in before))

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """When each kind is needed, the patient first; blocks that touch and need the same are one span."""
        return tuple(span for kind in (PATIENT, *self.kinds) for span in self._spans_of(kind))

    @property
    def length(self) -> timedelta:
        """From the start to the end as the patient sees it."""
        return max((span.ends for span in self.spans if span.kind == PATIENT), default=timedelta())

    def skills_of(self, kind: str) -> tuple[str, ...]:
        """What the one resource of a kind must hold that serves throughout."""
        return tuple(sorted({skill for span in self.spans if span.kind == kind for skill in span.skills}))

    def _spans_of(self, kind: str) -> list[Span]:
        spans: list[Span] = []
        for block, begins, ends in self._timeline():
            for span in _spans_in(block, kind, begins, ends):
                if spans and spans[-1] == replace(span, begins=spans[-1].begins, ends=begins):
                    spans[-1] = replace(span, begins=spans[-1].begins)
                else:
                    spans.append(span)
        return spans

    def _timeline(self) -> Iterator[tuple[Block, timedelta, timedelta]]:
        clock = -self.arrival
        for block in self.blocks:
            yield block, clock, clock + timedelta(minutes=block.minutes)
            clock += timedelta(minutes=block.minutes)


def _spans_in(block: Block, kind: str, begins: timedelta, ends: timedelta) -> Iterator[Span]:
    if kind == PATIENT:
        if block.with_patient:
            yield Span(kind, begins, ends)
        return
    for need in block.needs:
        if need.kind == kind:
            yield Span(kind, begins, ends, need.per, need.skills)


@dataclass(frozen=True)
class Regimen:
    """The content of a protocol. All numbers are defaults that a licensed clinician approves or changes.

    `window_days` is the planned time from the first dose to the last, `tolerance_days` the longest one that still
    counts as this course. `rest_days` must lie between the last dose of an earlier series and the first of this
    one. `allowed_weekdays` are those of doses (none listed: any); `preferred` lists patterns of them, best first.
    `re_evaluate_after` names the sessions after which the course is reviewed; `dose_basis` is a label for people,
    never computed with. `caps` replace those that hold for what is treated. Who comes more than
    `missed_after_minutes` after the start has missed the session. `care` is what the day of a dose asks for.
    """

    name: str
    conditions: tuple[Condition, ...]
    phases: tuple[Phase, ...]
    dose_basis: str
    window_days: int | None = None
    tolerance_days: int | None = None
    rest_days: int = 0
    allowed_weekdays: tuple[Weekday, ...] = ()
    preferred: tuple[tuple[Weekday, ...], ...] = ()
    re_evaluate_after: tuple[int, ...] = ()
    is_investigational: bool = False
    missed_after_minutes: int = 30
    caps: Caps | None = None
    modality: Modality = Modality.INFUSION
    care: Care = ORDINARY

    def caps_for(self, condition: Condition | None = None) -> Caps:
        """How many doses a person may be given; of all that it treats the strictest while nobody says which."""
        return self.caps or strictest(CAPS[one] for one in ([condition] if condition else self.conditions))

    def care_for(self, condition: Condition) -> Care:
        """What the day of a dose asks for where this is treated."""
        most, protocols_own = MOST_MG_PER_KG.get(condition), self.care.most_mg_per_kg
        if most is None or protocols_own is None:
            return self.care
        return replace(self.care, most_mg_per_kg=min(most, protocols_own))

    def investigates(self, condition: Condition) -> bool:
        """Whether treating this is investigational, by the protocol's own word or whatever it says."""
        return self.is_investigational or condition in INVESTIGATIONAL

    @property
    def sessions(self) -> int:
        """How many sessions are planned; those of an open end come on top."""
        return sum(phase.sessions or 0 for phase in self.phases)

    def allows_dose_on(self, day: date) -> bool:
        """Whether a dose may be given on the weekday of this date."""
        return not self.allowed_weekdays or weekday_of(day) in self.allowed_weekdays

    @property
    def is_open_ended(self) -> bool:
        """Whether a series may have more sessions than planned."""
        return any(phase.sessions is None for phase in self.phases)

    def phase_of(self, number: int) -> Phase:
        """The phase of session `number`, counted from 1; beyond the planned ones the last phase."""
        left = number
        for phase in self.phases:
            if phase.sessions is None or left <= phase.sessions:
                return phase
            left -= phase.sessions
        return self.phases[-1]


@dataclass(frozen=True)
class Protocol:
    """Edition `edition` of the protocol called `slug`; never changed once it is published."""

    id: str
    slug: str
    edition: int
    regimen: Regimen
    version: int = 0


def an_edition(slug: str, edition: int, regimen: Regimen) -> Protocol:
    """The protocol as it is published."""
    return Protocol(protocol_id(slug, edition), slug, edition, regimen)


def protocol_id(slug: str, edition: int) -> str:
    """The name of an edition, unique within the clinic."""
    return f"{slug}@{edition}"


def condition_of(regimen: Regimen, wanted: Condition | None) -> Condition:
    """What is treated: it need not be said where there is only one. Raises `RuleBroken` for anything else."""
    if wanted is None and len(regimen.conditions) == 1:
        return regimen.conditions[0]
    if wanted in regimen.conditions:
        return wanted
    code, detail = "series.condition-not-treated", f"Say which condition is treated: {', '.join(regimen.conditions)}."
    raise RuleBroken(code, detail, [Fault(code, detail, "/condition")])
