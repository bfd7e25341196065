"""What comes in is kept together with the alerts that it raises, in one commit: no answer is kept unheard."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.followup.domain.alert import alert_id, raised
from services.followup.domain.check_in import BY_PATIENT, LOST_AFTER, AllAnswers, CheckIn, Happened, Part
from services.followup.domain.events import RelapseSuspected
from services.followup.domain.hours import Hours
from services.followup.domain.instrument import Help, Instrument
from services.followup.domain.plan import Anchor
from services.followup.domain.relapse import Finding, Reading, findings
from services.followup.domain.scoring import Escalation, pressing
from services.followup.domain.triggers import Rules
from services.followup.operations.alert_rules import rules_of
from services.followup.operations.ports import UnitOfWork
from shared.localtime import local_date

BOOSTER: Final = "relapse"
"""The trigger that a booster is discussed after."""
LOST: Final = "contact-lost"


@dataclass(frozen=True)
class Reason:
    """Something that a person has to see: which trigger it is, why, and what it put before the patient."""

    trigger: str
    because: str
    sees: Help = "none"


def keep_draft(uow: UnitOfWork, check_in: CheckIn) -> CheckIn:
    """Keep partial answers; what puts help before the patient reaches a person at once, whatever follows."""
    raise_pressing(uow, check_in, check_in.all_answers)
    return uow.check_ins.save(check_in)


def keep_answered(
    uow: UnitOfWork, check_in: CheckIn, events: Happened, *, answered_at: datetime | None = None
) -> CheckIn:
    """Keep all answers, and raise what they and the scores so far mean. `answered_at`: when they were given, if that
    was earlier than now.
    """
    rules = rules_of(uow)
    found = tuple(_findings(uow, rules, check_in))
    reasons = [
        *(reason for part in check_in.parts for reason in _reasons(uow, rules, check_in, part)),
        *(Reason(one.trigger, f"{one.rule} {one.instrument} {one.score}") for one in found),
    ]
    _raise(uow, rules, check_in, reasons, answered_at or uow.now)
    suspected = tuple(
        RelapseSuspected(check_in.patient_id, check_in.series_id, one.rule, one.instrument, one.score, uow.now)
        for one in found
        if one.trigger == BOOSTER
    )
    return uow.check_ins.save(check_in, (*events, *suspected))


def raise_pressing(uow: UnitOfWork, check_in: CheckIn, answers: AllAnswers) -> None:
    """Raise what cannot wait in legal `answers` of a patient, also in those that are not taken any more."""
    rules = rules_of(uow)
    reasons = [
        _reason(rules, instrument, each, instrument.help_of(each.item))
        for part in check_in.parts
        for instrument in (uow.instruments.get(part.instrument, part.instrument_version),)
        for each in pressing(instrument, answers.get(part.instrument, {}))
    ]
    _raise(uow, rules, check_in, reasons, uow.now)


def raise_missed(uow: UnitOfWork, check_in: CheckIn, in_a_row: int) -> None:
    """Raise what it means that nobody answered."""
    rules = rules_of(uow)
    reasons = [
        Reason(rules.unanswered[part.instrument], f"{part.instrument} unanswered")
        for part in check_in.parts
        if part.instrument in rules.unanswered
    ]
    if in_a_row == LOST_AFTER:
        reasons.append(Reason(LOST, f"{in_a_row} unanswered in a row"))
    _raise(uow, rules, check_in, reasons, uow.now)


def _reasons(uow: UnitOfWork, rules: Rules, check_in: CheckIn, part: Part) -> Iterator[Reason]:
    """What escalates in all answers to an instrument. Where staff entered them, the patient saw nothing."""
    instrument = uow.instruments.get(part.instrument, part.instrument_version)
    for each in part.score.escalation if part.score else ():
        is_shown = check_in.entered_by == BY_PATIENT and each in pressing(instrument, part.answers)
        yield _reason(rules, instrument, each, instrument.help_of(each.item) if is_shown else "none")


def _reason(rules: Rules, instrument: Instrument, found: Escalation, sees: Help) -> Reason:
    trigger = rules.trigger_of(instrument.id, instrument.help_of(found.item), found.tier)
    if trigger is None:
        raise LookupError(f"{instrument.id}: {found} leads to no alert")  # the default rules are checked at start
    said = "blank" if found.value is None else found.value
    return Reason(trigger, f"{instrument.id}/{found.item} {said}", sees)


def _findings(uow: UnitOfWork, rules: Rules, check_in: CheckIn) -> Iterator[Finding]:
    """What the scores of the series so far mean, with these."""
    others = [one for one in uow.check_ins.of_patient(check_in.patient_id) if one.id != check_in.id]
    zone = uow.clinics.get(uow.clinic_id).zone
    for part in check_in.parts:
        if part.score is not None and part.score.total is not None:
            readings = _readings([*others, check_in], check_in.series_id, part.instrument, zone)
            yield from findings(rules.relapse, part.instrument, readings)


def _readings(check_ins: Iterable[CheckIn], series_id: str, instrument: str, zone: str) -> list[Reading]:
    """Scores of one series, the oldest first; one check-in can be for several series."""
    found = [
        (one.ended_at, Reading(local_date(one.ended_at, zone), part.score.total, one.anchor is Anchor.SERIES))
        for one in check_ins
        if one.series_id == series_id or any(name.startswith(f"{series_id}/") for name in one.covers)
        for part in one.parts
        if part.instrument == instrument and part.score and part.score.total is not None and one.ended_at
    ]
    return [reading for _, reading in sorted(found, key=lambda pair: pair[0])]


def _raise(uow: UnitOfWork, rules: Rules, check_in: CheckIn, reasons: Iterable[Reason], answered_at: datetime) -> None:
    """One alert for each trigger, once for a check-in, but none that another one of the same check-in covers."""
    by_trigger: defaultdict[str, list[Reason]] = defaultdict(list)
    for reason in reasons:
        by_trigger[reason.trigger].append(reason)
    if not by_trigger:
        return
    known = {alert.trigger for alert in uow.alerts.of_check_in(check_in.patient_id, check_in.id)}
    hours = Hours(uow.clinics.get(uow.clinic_id).zone, uow.rotas.of_clinic().openings or rules.hours)
    for name in sorted(rules.without_covered({*by_trigger, *known}) - known):
        covered = [*by_trigger[name], *(one for each in rules.triggers[name].covers for one in by_trigger[each])]
        alert, told = raised(
            alert_id(uow.clinic_id, check_in.id, name),
            check_in,
            name,
            rules.triggers[name],
            because=[reason.because for reason in covered],
            sees=covered[0].sees,
            answered_at=answered_at,
            hours=hours,
            at=uow.now,
        )
        uow.alerts.save(alert, told)
