"""The audit chain of a clinic: who did what to which record, when and why.

Each entry holds the hash of the one before, so that none can be changed, left out, put in or moved without a trace: the
hash of each is SHA-256 over its canonical JSON, the hash before and its number among it. Of people's words their own
hash is in it, of the form in which they are stored, sealed: verifying needs no key and shows nothing, and words can be
erased with a patient while the chain holds; others cannot be put in their place. What the chain cannot show is that all
of it, its head included, was made anew by somebody who writes to the database at will; for that, keep a head elsewhere.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final


@dataclass(frozen=True)
class Act:
    """Something that was done and accepted; what was refused is none.

    `record` is kind and id of what was written, `facts` are what was asked for, as JSON.
    """

    at: datetime
    actor: str
    scopes: tuple[str, ...]
    action: str
    record: str
    patient_id: str | None
    reason: str | None
    facts: str


@dataclass(frozen=True)
class Head:
    """Where a chain ends: number and hash of its newest entry."""

    seq: int
    hash: str


ERASED: Final = "erased:"
BEGIN: Final = Head(0, "")
"""The head of a chain without entries."""


@dataclass(frozen=True)
class Entry:
    """An act in its place in the chain of its clinic, counted from 1."""

    clinic_id: str
    seq: int
    act: Act
    previous: str
    hash: str

    @property
    def id(self) -> str:
        """Its name within the clinic."""
        return str(self.seq)

    @property
    def head(self) -> Head:
        """That of the chain which ends here."""
        return Head(self.seq, self.hash)


class Fracture(StrEnum):
    """What can be wrong with a place of a chain."""

    CHANGED = "changed"
    """The entry is not what its hash was made of."""
    UNLINKED = "unlinked"
    """The entry does not hold the hash of the one before."""
    MISSING = "missing"
    """Another entry stands where this one should."""
    UNREADABLE = "unreadable"
    """Parts of the entry are missing."""
    CUT = "cut"
    """The chain ends before its head."""
    BEYOND = "beyond"
    """The chain goes on behind its head."""
    OTHER_HEAD = "other-head"
    """The newest entry is not the one that the head means."""


@dataclass(frozen=True)
class Break:
    """A place at which a chain does not hold."""

    seq: int
    what: Fracture


@dataclass(frozen=True)
class Stretch:
    """A part of a chain as it is kept, up to number `until`, and the head of the whole chain.

    None is an entry that cannot be read.
    """

    entries: tuple[Entry | None, ...]
    until: int
    head: Head

    @property
    def end(self) -> Head:
        """Where this part ends: at the head, or at its own last entry as there are more."""
        last = self.entries[-1] if self.entries else None
        return self.head if self.until >= self.head.seq else Head(self.until, last.hash if last else "")

    def breaks(self, before: Head) -> list[Break]:
        """Where it does not hold as what comes behind `before`."""
        return verify(self.entries, self.end, before)


def chained(clinic_id: str, head: Head, act: Act) -> Entry:
    """The entry that comes behind `head`."""
    entry = Entry(clinic_id, head.seq + 1, act, head.hash, "")
    return replace(entry, hash=hash_of(entry))


def hash_of(entry: Entry) -> str:
    """SHA-256 in hex of all of an entry but its own hash; of the act's words, their trace."""
    act = replace(entry.act, reason=entry.act.reason and trace_of(entry.act.reason), facts=trace_of(entry.act.facts))
    said = asdict(replace(entry, act=act, hash=""))
    return sha256(json.dumps(said, sort_keys=True, separators=(",", ":"), default=_instant).encode()).hexdigest()


def trace_of(words: str) -> str:
    """What is left of words that are erased: their SHA-256 in hex behind `ERASED`. Erased ones are their own trace."""
    return words if words.startswith(ERASED) else ERASED + sha256(words.encode()).hexdigest()


def verify(entries: Iterable[Entry | None], head: Head, before: Head = BEGIN) -> list[Break]:
    """Where the entries behind `before`, in their order, do not hold as a chain that ends at `head`; empty: they do."""
    breaks: list[Break] = []
    last: Head | None = before
    place = before.seq + 1
    for entry in entries:
        breaks += [Break(place, what) for what in _fractures(entry, place, last)]
        last = None if entry is None else entry.head
        place = (entry.seq if entry else place) + 1
    return [*breaks, *_breaks_at_the_end(place - 1, last, head)]


def _fractures(entry: Entry | None, place: int, before: Head | None) -> Iterable[Fracture]:
    if entry is None:
        yield Fracture.UNREADABLE
        return
    if entry.seq != place:
        yield Fracture.MISSING
    if entry.hash != hash_of(entry):
        yield Fracture.CHANGED
    if before is not None and entry.previous != before.hash:
        yield Fracture.UNLINKED


def _breaks_at_the_end(seq: int, last: Head | None, head: Head) -> list[Break]:
    if seq != head.seq:
        return [Break(min(seq, head.seq) + 1, Fracture.CUT if seq < head.seq else Fracture.BEYOND)]
    return [] if last in {None, head} else [Break(seq, Fracture.OTHER_HEAD)]


def _instant(value: object) -> str:
    if not isinstance(value, datetime):
        raise TypeError(f"{value!r} has no place in an entry")
    return value.astimezone(UTC).isoformat(timespec="milliseconds")
