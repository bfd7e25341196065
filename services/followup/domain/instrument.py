"""What an instrument asks and how it is scored. Both are data: a new instrument is a file, not code."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from shared.errors import Fault, Invalid

Answers = Mapping[str, int]
"""Item id to the value of the chosen option."""

SCORE: Final = "score"
"""What stands in place of an item where the score itself is meant; no item has this id."""

FOR_THE_PATIENT: Final = 3
"""Up to this tier an answer puts help before the patient at once; a tier above is for staff alone."""

Help = Literal["crisis", "emergency", "none"]


@dataclass(frozen=True)
class Condition:
    """Holds when at least `count` of `items` were answered with `value` or more."""

    items: tuple[str, ...]
    value: int
    count: int = 1

    def holds(self, answers: Answers) -> bool:
        """An item without an answer does not count."""
        return sum(id in answers and answers[id] >= self.value for id in self.items) >= self.count


@dataclass(frozen=True)
class Item:
    """One question; `code` is its LOINC code, if it has one.

    `reversed`: a higher value gives fewer points. `optional`: it may stay blank and is in no scale. `asked_if`: the
    branch that leads to it, decided by earlier items.
    """

    id: str
    lowest: int
    highest: int
    code: str = ""
    reversed: bool = False
    optional: bool = False
    asked_if: Condition | None = None

    def takes(self, value: int) -> bool:
        """Whether `value` can be an answer."""
        return self.lowest <= value <= self.highest

    def points(self, value: int) -> int:
        """What an answer adds to a scale."""
        return self.lowest + self.highest - value if self.reversed else value


@dataclass(frozen=True)
class Band:
    """A range of points with a name, both ends included."""

    name: str
    lowest: int
    highest: int


@dataclass(frozen=True)
class Scale:
    """Points over some items. A mean is kept as its sum, and shown with `decimals`; bands speak of the sum.

    `may_lack` blank items are made up for by the mean of the others, but never those `never_imputed`.
    """

    id: str
    items: tuple[str, ...]
    method: Literal["sum", "mean"] = "sum"
    decimals: int = 0
    may_lack: int = 0
    never_imputed: tuple[str, ...] = ()
    bands: tuple[Band, ...] = ()


@dataclass(frozen=True)
class Level:
    """A result that answers lead to when all conditions hold; `when` is empty for the one that is left."""

    name: str
    when: tuple[Condition, ...] = ()

    def holds(self, answers: Answers) -> bool:
        """Whether these answers lead here."""
        return all(condition.holds(answers) for condition in self.when)


@dataclass(frozen=True)
class CutOff:
    """From how many points of the total on a screen is positive; some languages and sexes have points of their own."""

    name: str
    at_least: int
    by_language: Mapping[str, int] = field(default_factory=dict)
    by_sex: Mapping[str, int] = field(default_factory=dict)

    def points(self, locale: str = "", sex: str = "") -> int:
        """The points for a locale (BCP 47) and a sex; unknown ones take `at_least`."""
        return self.by_sex.get(sex, self.by_language.get(language_of(locale), self.at_least))


@dataclass(frozen=True)
class ChangeRules:
    """When a change counts, where a lower score is better. Points are of the total's sum; None: there is no such rule.

    `end_state_at_most`: in the range of people without the disorder. `noticed_points`: the smallest change that
    patients notice.
    """

    response_percent: int | None = None
    partial_percent: int | None = None
    remission_at_most: int | None = None
    end_state_at_most: int | None = None
    reliable_points: int | None = None
    noticed_points: int | None = None


@dataclass(frozen=True)
class Watched:
    """An item, or the `SCORE`, that must reach a person: from which value on in which tier (1 is the most urgent).

    `blank_tier` is the tier when it was left blank; None: that is nothing to worry about. `help`: what the patient sees
    at once up to tier `FOR_THE_PATIENT`: crisis lines, the emergency number, or nothing.
    """

    item: str
    tiers: Mapping[int, int]
    blank_tier: int | None = None
    help: Help = "crisis"

    def tier(self, value: int | None) -> int | None:
        """The tier of an answer; None: it need not reach anybody."""
        if value is None:
            return self.blank_tier
        reached = [least for least in self.tiers if least <= value]
        return self.tiers[max(reached)] if reached else None


@dataclass(frozen=True)
class Codes:
    """LOINC codes of the instrument and of its score; empty where none was verified: then local codes stand."""

    panel: str = ""
    score: str = ""


@dataclass(frozen=True)
class Licence:
    """Whether the wording may be part of this installation, and who says so."""

    may_ship: bool
    text: str


@dataclass(frozen=True)
class Instrument:
    """How an instrument is scored. A check-in keeps the version it was made with.

    It has a `total`, or `levels` (the first that holds; the score is then its rank from below), or both: then the
    level names the result; with neither, answers are kept and counted nowhere. `findings` are results of their own,
    each of which holds or not.
    """

    id: str
    version: int
    name: str
    recall_days: int
    min_interval_days: int
    items: tuple[Item, ...]
    licence: Licence
    sources: tuple[str, ...]
    codes: Codes = field(default_factory=Codes)
    rated_by: Literal["patient", "clinician"] = "patient"
    needs_crisis_line: bool = False
    total: Scale | None = None
    subscales: tuple[Scale, ...] = ()
    levels: tuple[Level, ...] = ()
    findings: tuple[Level, ...] = ()
    cut_offs: tuple[CutOff, ...] = ()
    change: ChangeRules = field(default_factory=ChangeRules)
    escalating: tuple[Watched, ...] = ()

    @property
    def scales(self) -> tuple[Scale, ...]:
        """The total, if there is one, and the subscales."""
        return (*([self.total] if self.total else []), *self.subscales)

    @property
    def reach(self) -> range:
        """The totals that can be, or the ranks of the levels; empty where nothing is counted."""
        if self.total is None:
            return range(len(self.levels))
        items = [item for item in self.items if item.id in self.total.items]
        return range(sum(item.lowest for item in items), sum(item.highest for item in items) + 1)

    @property
    def branches(self) -> bool:
        """Whether an answer decides what is asked next."""
        return any(item.asked_if for item in self.items)

    def help_of(self, item: str) -> Help:
        """What an answer to `item` that escalates puts before the patient."""
        return next((watched.help for watched in self.escalating if watched.item == item), "none")

    def asked(self, answers: Answers) -> tuple[Item, ...]:
        """The items that these answers lead to, in order; what stands on a branch not taken does not count."""
        given: dict[str, int] = {}
        asked = []
        for item in self.items:
            if item.asked_if is None or item.asked_if.holds(given):
                asked.append(item)
                given.update({item.id: answers[item.id]} if item.id in answers else {})
        return tuple(asked)

    def on_path(self, answers: Answers) -> dict[str, int]:
        """The answers without those to questions that they no longer lead to."""
        return {item.id: answers[item.id] for item in self.asked(answers) if item.id in answers}

    def legal(self, answers: Answers) -> dict[str, int]:
        """The answers without unknown items and values out of range."""
        known = {item.id: item for item in self.items}
        return {id: value for id, value in answers.items() if id in known and known[id].takes(value)}

    def blank(self, answers: Answers) -> tuple[str, ...]:
        """Ids of the items that still need an answer: asked, and neither optional nor made up for by others."""
        open_items = [item.id for item in self.asked(answers) if item.id not in answers and not item.optional]
        spare = self._spare(frozenset(open_items))
        return tuple(id for id in open_items if id not in spare)

    def refuse_illegal(self, answers: Answers) -> None:
        """Raises `Invalid` that names every unknown item and every value out of range."""
        _refuse([*self._illegal(answers)])

    def refuse_incomplete(self, answers: Answers) -> None:
        """Raises `Invalid` that names everything illegal, every answer on a branch not taken and every blank item."""
        path = {item.id for item in self.asked(answers)}
        strays = [item.id for item in self.items if item.id in answers and item.id not in path]
        _refuse([*self._illegal(answers), *map(_stray, strays), *map(_missing, self.blank(answers))])

    def _spare(self, blank: frozenset[str]) -> set[str]:
        spare = {id for scale in self.scales for id in scale.items if scale.may_lack and id in blank}
        for scale in self.scales:
            lacking = blank & set(scale.items)
            spare -= lacking if len(lacking) > scale.may_lack else lacking & set(scale.never_imputed)
        return spare

    def _illegal(self, answers: Answers) -> Iterator[Fault]:
        known = {item.id: item for item in self.items}
        for id, value in answers.items():
            if id not in known:
                yield Fault("answer.unknown-item", f"{self.name} has no item {id}.", _pointer(id))
            elif not known[id].takes(value):
                yield _out_of_range(known[id])


def language_of(locale: str) -> str:
    """The language of a locale (BCP 47), in lower case."""
    return locale.partition("-")[0].lower()


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise Invalid("answers.invalid", f"{len(faults)} of the answers cannot be taken.", faults)


def _missing(id: str) -> Fault:
    return Fault("answer.missing", f"Item {id} has no answer.", _pointer(id))


def _stray(id: str) -> Fault:
    return Fault("answer.not-asked", f"Item {id} is not asked after the other answers.", _pointer(id))


def _pointer(id: str) -> str:
    """RFC 6901."""
    return f"/answers/{id.replace('~', '~0').replace('/', '~1')}"


def _out_of_range(item: Item) -> Fault:
    return Fault(
        "answer.out-of-range",
        f"Item {item.id} takes {item.lowest} to {item.highest}.",
        _pointer(item.id),
        {"lowest": item.lowest, "highest": item.highest},
    )
