"""From what there should be and what there is to what has to change. What was answered stays as it is."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from services.followup.domain.agenda import Asked, Planned, planned
from services.followup.domain.check_in import BY_STAFF, CancelReason, CheckIn, Happened, Part, Status
from services.followup.domain.known import Known
from services.followup.domain.occasion import Occasion, occasions
from services.followup.domain.plan import Questions
from shared.localtime import local_date

_WAITING = frozenset({Status.SCHEDULED, Status.UNPLANNED})


def reconcile(
    known: Known,
    existing: Sequence[CheckIn],
    *,
    plans: Mapping[int, Questions],
    zone: str | None,
    versions: Mapping[str, int],
    intervals: Mapping[str, int],
    clinic_id: str,
    now: datetime,
) -> list[tuple[CheckIn, Happened]]:
    """The check-ins of a patient that have to be written, with what is told of them.

    `existing` are all that there are; `versions` and `intervals` (local days) are of the newest instruments.
    """
    due = occasions(known, plans, zone)
    void = _void(existing, due)
    kept = [check_in for check_in in existing if check_in not in void]
    wanted = planned(
        due,
        asked=_asked(kept, zone, {course.id: course.zone for course in known.courses}),
        settled=_settled(kept, due),
        intervals=intervals,
        now=now,
    )
    cancelled = [check_in.cancel(CancelReason.NOT_NEEDED, now) for check_in in void]
    return [*cancelled, *((check_in, ()) for check_in in _placed(wanted, existing, known.id, versions, clinic_id))]


def _void(existing: Iterable[CheckIn], due: Iterable[Occasion]) -> list[CheckIn]:
    """Those that the patient can answer although nothing that they are for stands any more."""
    standing = {one.cover for one in due}
    return [one for one in existing if one.status is Status.OPEN and standing.isdisjoint(one.covers)]


def _asked(kept: Iterable[CheckIn], zone: str | None, zones: Mapping[str, str]) -> Iterator[Asked]:
    """What is no use to ask again too soon; a check-in that was missed or cancelled asked nothing."""
    for one in kept:
        if one.status in {Status.OPEN, Status.ANSWERED}:
            on = local_date(one.due_at, zone or zones.get(one.series_id) or "UTC")
            yield from (Asked(part.instrument, on) for part in one.parts)


def _settled(kept: Iterable[CheckIn], due: Iterable[Occasion]) -> set[str]:
    """Covers that need nothing any more; what staff cancelled is not asked on another date either."""
    settled = set()
    declined = set()
    for one in kept:
        if one.status is Status.CANCELLED and one.reason in BY_STAFF:
            declined |= {cover.rpartition("@")[0] for cover in one.covers}
        elif one.status not in _WAITING and one.reason is not CancelReason.NOT_NEEDED:
            settled |= set(one.covers)
    return settled | {one.cover for one in due if one.name in declined}


def _placed(
    wanted: Iterable[Planned],
    existing: Sequence[CheckIn],
    patient_id: str,
    versions: Mapping[str, int],
    clinic_id: str,
) -> Iterator[CheckIn]:
    """Those that are planned anew or otherwise than before, and those that no longer are."""
    waiting = {one.name: one for one in existing if one.status in _WAITING}
    used = [one.name for one in existing if one.status not in _WAITING]
    for plan in wanted:
        before = waiting.pop(plan.name, None)
        if before is None:
            yield _new(plan, used.count(plan.name), patient_id, versions, clinic_id)
            continue
        after = before.replanned(**_facts(plan, versions))
        if after != before:
            yield after
    yield from (one.unplanned() for one in waiting.values() if one.status is Status.SCHEDULED)


def _new(plan: Planned, round: int, patient_id: str, versions: Mapping[str, int], clinic_id: str) -> CheckIn:
    """Its id follows from what it is for, so that planning it twice plans one."""
    about = "\n".join([clinic_id, patient_id, plan.name, str(round)])
    id = sha256(about.encode()).hexdigest()[:32]
    return CheckIn(id=id, patient_id=patient_id, name=plan.name, round=round, **_facts(plan, versions))


def _facts(plan: Planned, versions: Mapping[str, int]) -> dict[str, Any]:
    return {
        "series_id": plan.series_id,
        "session_number": plan.session_number,
        "kind": plan.kind,
        "anchor": plan.anchor,
        "covers": plan.covers,
        "parts": tuple(Part(instrument, versions[instrument]) for instrument in plan.instruments),
        "due_at": plan.due_at,
        "open_for": plan.open_for,
    }


def missed_in_a_row(check_in: CheckIn, others: Iterable[CheckIn]) -> int:
    """How many check-ins of the same anchor and series were missed up to this one, it included."""
    ended = [
        one
        for one in others
        if (one.series_id, one.anchor) == (check_in.series_id, check_in.anchor)
        and one.id != check_in.id
        and one.status in {Status.ANSWERED, Status.MISSED}
        and one.due_at <= check_in.due_at
    ]
    count = 1
    for one in sorted(ended, key=lambda each: (each.due_at, each.id), reverse=True):
        if one.status is Status.ANSWERED:
            break
        count += 1
    return count
