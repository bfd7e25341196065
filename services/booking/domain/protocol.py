"""A protocol: how many sessions, how far apart, and what each of them needs.

`Regimen` is what a clinician writes; `Protocol` is one published edition of it. A running series keeps its edition.

One convention of time everywhere: a session *starts* when the patient takes the chair (begin of the first block that
needs a resource) and *ends* with the last block that needs the patient. Check-in lies before the start, turnover
behind the end.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from itertools import takewhile

from services.booking.domain.calendar import PATIENT, Weekday
from services.booking.domain.resource import ResourceKind


class Condition(StrEnum):
    """What is treated."""

    DEPRESSION = "depression"
    ANXIETY = "anxiety"
    PTSD = "ptsd"
    OCD = "ocd"
    BIPOLAR = "bipolar"
    BPD = "bpd"
    CHRONIC_PAIN = "chronic-pain"


@dataclass(frozen=True)
class Block:
    """A part of a session, in minutes: what it needs, and whether the patient is there."""

    name: str
    minutes: int
    needs: tuple[ResourceKind, ...] = ()
    with_patient: bool = True


@dataclass(frozen=True)
class Span:
    """From when until when one kind of resource (or the patient) is needed, counted from the session's start."""

    kind: str
    begins: timedelta
    ends: timedelta


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
        return tuple(dict.fromkeys(kind for block in self.blocks for kind in block.needs))

    @property
    def arrival(self) -> timedelta:
        """How long before the start the patient arrives."""
        before = takewhile(lambda block: not block.needs, self.blocks)
        return timedelta(minutes=sum(block.minutes for block in before))

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """When each kind is needed, the patient first; blocks that touch are one span."""
        return tuple(span for kind in (PATIENT, *self.kinds) for span in self._spans_of(kind))

    @property
    def length(self) -> timedelta:
        """From the start to the end as the patient sees it."""
        return max((span.ends for span in self.spans if span.kind == PATIENT), default=timedelta())

    def _spans_of(self, kind: str) -> list[Span]:
        spans: list[Span] = []
        for block, begins, ends in self._timeline():
            if not (block.with_patient if kind == PATIENT else kind in block.needs):
                continue
            if spans and spans[-1].ends == begins:
                spans[-1] = replace(spans[-1], ends=ends)
            else:
                spans.append(Span(kind, begins, ends))
        return spans

    def _timeline(self) -> Iterator[tuple[Block, timedelta, timedelta]]:
        clock = -self.arrival
        for block in self.blocks:
            yield block, clock, clock + timedelta(minutes=block.minutes)
            clock += timedelta(minutes=block.minutes)


@dataclass(frozen=True)
class Regimen:
    """The content of a protocol. All numbers are defaults that a licensed clinician approves or changes.

    `window_days` is the planned time from the first dose to the last, `tolerance_days` the longest one that still
    counts as this course. `rest_days` must lie between the last dose of an earlier series and the first of this one.
    `preferred` lists weekday patterns for doses, best first. `re_evaluate_after` names the sessions after which the
    course is reviewed; `dose_basis` is a label for people, never computed with.
    """

    name: str
    conditions: tuple[Condition, ...]
    phases: tuple[Phase, ...]
    dose_basis: str
    window_days: int | None = None
    tolerance_days: int | None = None
    rest_days: int = 0
    preferred: tuple[tuple[Weekday, ...], ...] = ()
    re_evaluate_after: tuple[int, ...] = ()
    is_investigational: bool = False

    @property
    def sessions(self) -> int:
        """How many sessions are planned; those of an open end come on top."""
        return sum(phase.sessions or 0 for phase in self.phases)

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
    """The protocol as it is published; its id is unique within the clinic."""
    return Protocol(f"{slug}@{edition}", slug, edition, regimen)
