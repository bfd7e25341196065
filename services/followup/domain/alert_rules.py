"""A clinic's own rules for alerts, and what must hold for them before they may be published."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Final

from services.followup.domain.edition import name_of
from services.followup.domain.instrument import Instrument
from services.followup.domain.rota import Rota
from services.followup.domain.triggers import PRESSING, Rules, Rung, Trigger
from shared.errors import Fault, RuleBroken

KIND: Final = "alert-rules"


@dataclass(frozen=True)
class AlertRules:
    """One published edition; 0: the clinic has published none, and the platform's defaults hold."""

    id: str
    edition: int
    rules: Rules
    published_at: datetime | None = None
    published_by: str = ""
    version: int = 0

    def next(self, rules: Rules, faults: Iterable[Fault], *, by: str, at: datetime) -> "AlertRules":
        """The edition after this one. Raises `RuleBroken` with all `faults`, if there are any."""
        if found := list(faults):
            raise RuleBroken("alert-rules.refused", f"The rules have {len(found)} faults.", found)
        edition = self.edition + 1
        return AlertRules(name_of(KIND, edition), edition, rules, published_at=at, published_by=by)


def unpublished(default: Rules) -> AlertRules:
    """What holds for a clinic that has published nothing."""
    return AlertRules(name_of(KIND, 0), 0, default)


def rule_faults(rules: Rules, instruments: Iterable[Instrument]) -> list[Fault]:
    """Everything because of which rules cannot be followed, or would let somebody wait too long."""
    known = {instrument.id: instrument for instrument in instruments}
    return [
        *(_unknown("trigger", name, where) for where, name in _named(rules) if name not in rules.triggers),
        *(_unknown("instrument", id, where) for where, id in _asked(rules) if id not in known),
        *_hours(rules),
        *(fault for name, one in rules.triggers.items() if one.tier <= PRESSING for fault in _pressing(name, one)),
        *_less_urgent(rules),
        *(fault for name, one in rules.triggers.items() for fault in _covering(rules, name, one)),
        *_unbound(rules),
        *(fault for instrument in known.values() for fault in _unheard(rules, instrument)),
    ]


def clinic_faults(rules: Rules, default: Rules, rota: Rota) -> list[Fault]:
    """What a clinic's own rules leave out: triggers that the platform raises, silence that means something to it, and
    times of those who must be on call. Without a rota whoever the clinic has named for its pages is paged.
    """
    dropped = sorted(default.triggers.keys() - rules.triggers.keys())
    ignored = sorted(default.unanswered.keys() - rules.unanswered.keys())
    gaps = rota.gaps(rules.on_call) if rota.version else []
    return [
        *(Fault("alert-rules.dropped", f"The trigger {name} is needed.", "/triggers") for name in dropped),
        *(Fault("alert-rules.unheard", f"{id} without answers leads to no alert.", "/unanswered") for id in ignored),
        *(replace(gap, pointer="/triggers") for gap in gaps),
    ]


def _unknown(what: str, name: str, where: str) -> Fault:
    return Fault(f"alert-rules.no-such-{what}", f"There is no {what} {name}.", where)


def _named(rules: Rules) -> Iterator[tuple[str, str]]:
    """Where which trigger is named."""
    for place, row in enumerate(rules.answers):
        yield f"/answers/{place}/trigger", row.trigger
    for id, name in rules.unanswered.items():
        yield f"/unanswered/{id}", name
    for place, rule in enumerate(rules.relapse):
        yield f"/relapse/{place}/trigger", rule.trigger
    for name, trigger in rules.triggers.items():
        for place, covered in enumerate(trigger.covers):
            yield f"/triggers/{name}/covers/{place}", covered


def _asked(rules: Rules) -> Iterator[tuple[str, str]]:
    """Where which instrument is named."""
    for place, row in enumerate(rules.answers):
        if row.instrument:
            yield f"/answers/{place}/instrument", row.instrument
    for id in rules.unanswered:
        yield f"/unanswered/{id}", id
    for place, rule in enumerate(rules.relapse):
        for number, id in enumerate(rule.instruments):
            yield f"/relapse/{place}/instruments/{number}", id


def _hours(rules: Rules) -> Iterator[Fault]:
    if not rules.hours:
        yield Fault("alert-rules.never-open", "A clinic is open at some time.", "/hours")
    for place, opening in enumerate(rules.hours):
        if opening.opens >= opening.closes:
            yield Fault("alert-rules.closes-too-early", "It closes before it opens.", f"/hours/{place}/closes")


def _pressing(name: str, trigger: Trigger) -> Iterator[Fault]:
    if not trigger.steps:
        yield Fault("alert-rules.pages-nobody", f"{name} pages somebody.", f"/triggers/{name}/steps")
    for part, rungs in (("steps", trigger.steps), ("out_of_hours", trigger.out_of_hours)):
        if not _goes_on(rungs):
            detail = f"In tier {trigger.tier} the first is paged at once, the others later and later, at any hour."
            yield Fault("alert-rules.waits", detail, f"/triggers/{name}/{part}")


def _goes_on(rungs: tuple[Rung, ...]) -> bool:
    """Whether the first is paged at once and each later one after a longer time, whatever the clinic's hours."""
    return (
        all(rung.minutes == 0 for rung in rungs[:1])
        and all(before.minutes < after.minutes for before, after in pairwise(rungs))
        and all(rung.hours == "any" and rung.business_days is None for rung in rungs)
    )


def _less_urgent(rules: Rules) -> Iterator[Fault]:
    """An instrument says how urgent an answer is at least."""
    for place, row in enumerate(rules.answers):
        if row.trigger in rules.triggers and rules.triggers[row.trigger].tier > row.tier:
            detail = f"{row.trigger} is less urgent than tier {row.tier}."
            yield Fault("alert-rules.less-urgent", detail, f"/answers/{place}/trigger")


def _covering(rules: Rules, name: str, trigger: Trigger) -> Iterator[Fault]:
    """In a circle of covers nothing would be left to be raised."""
    if name in _covered(rules, trigger):
        yield Fault("alert-rules.covers-itself", f"{name} covers itself.", f"/triggers/{name}/covers")
    for place, covered in enumerate(trigger.covers):
        other = rules.triggers.get(covered, trigger)
        if other.tier < trigger.tier or (other.holds and not trigger.holds):
            detail = f"{covered} does more than {name}."
            yield Fault("alert-rules.covers-more", detail, f"/triggers/{name}/covers/{place}")


def _covered(rules: Rules, trigger: Trigger) -> set[str]:
    """What it covers, and what that covers, and so on."""
    found: set[str] = set()
    ahead = list(trigger.covers)
    while ahead:
        name = ahead.pop()
        if name in rules.triggers and name not in found:
            found.add(name)
            ahead += rules.triggers[name].covers
    return found


def _unbound(rules: Rules) -> Iterator[Fault]:
    for place, rule in enumerate(rules.relapse):
        if not rule.limits:
            yield Fault("alert-rules.always", f"{rule.rule} would hold for any score.", f"/relapse/{place}")
        if rule.twice_apart is not None and (rule.relief_below is None or rule.twice_apart[0] > rule.twice_apart[1]):
            detail = "Twice below a relief, from fewer to more days apart."
            yield Fault("alert-rules.never", detail, f"/relapse/{place}/twice_apart")


def _unheard(rules: Rules, instrument: Instrument) -> Iterator[Fault]:
    """Answers that escalate and lead to no alert."""
    for watched in instrument.escalating:
        for tier in sorted({*watched.tiers.values(), *([watched.blank_tier] if watched.blank_tier else [])}):
            if rules.trigger_of(instrument.id, watched.help, tier) is None:
                detail = f"{instrument.id}: item {watched.item} in tier {tier} leads to no alert."
                yield Fault("alert-rules.unheard", detail, "/answers")
