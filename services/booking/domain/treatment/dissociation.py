"""How far away a patient feels, as points of the scale that the protocol names: at the end of the infusion and again
before they go home. Whoever is still away stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.booking.domain.protocol.care import Care
from shared.errors import Fault, RuleBroken


@dataclass(frozen=True)
class Score:
    """`points` that access key `by` noted for `at`."""

    id: str
    at: datetime
    by: str
    points: int


def require_plausible_score(score: Score, care: Care) -> None:
    """Raises `RuleBroken` for points that the protocol's scale does not have."""
    most = care.dissociation_scale.most
    if not 0 <= score.points <= most:
        code, detail = "dissociation.implausible", f"{care.dissociation_scale} counts from 0 to {most}."
        raise RuleBroken(code, detail, [Fault(code, detail, "/points")])


def discharge_faults(scores: Sequence[Score], care: Care, ended_at: datetime) -> list[Fault]:
    """Why nobody goes home yet: no score of the recovery, or the newest one above `care.most_dissociation`.

    One of the recovery is taken at the first look of it or later: the score at the infusion's end says nothing about
    going home.
    """
    recovery = ended_at + timedelta(minutes=care.recovery_every)
    newest = max((score for score in scores if score.at >= recovery), key=lambda score: score.at, default=None)
    if newest is None:
        detail = f"Dissociation is scored once more, {care.recovery_every} minutes after the end or later."
        return [Fault("dissociation.missing", detail, context={"from_at": recovery.isoformat()})]
    if newest.points > care.most_dissociation:
        detail = f"{newest.points} points of dissociation; at most {care.most_dissociation} to go home."
        context = {"points": newest.points, "most": care.most_dissociation, "scale": care.dissociation_scale}
        return [Fault("dissociation.above-limit", detail, context=context)]
    return []
