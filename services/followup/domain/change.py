"""What became of a score since the baseline. Integers only: rounded percentages miss a drop of exactly one half."""

from dataclasses import dataclass

from services.followup.domain.instrument import ChangeRules


@dataclass(frozen=True)
class Change:
    """`drop` in points, positive is better; `drop_per_mille` of the baseline, rounded half up.

    A baseline of 0 has nothing to drop from: `drop_per_mille` and `response` are None.
    """

    drop: int
    drop_per_mille: int | None
    response: bool | None
    remission: bool
    reliable: bool


def change(rules: ChangeRules, baseline: int, current: int) -> Change:
    """The change between two totals (points) of one instrument, by its own rules.

    `remission` speaks of the current total alone, `reliable` of a change in either direction.
    """
    drop = baseline - current
    return Change(
        drop=drop,
        drop_per_mille=(2000 * drop + baseline) // (2 * baseline) if baseline else None,
        response=100 * drop >= rules.response_percent * baseline if baseline else None,
        remission=current < rules.remission_below,
        reliable=abs(drop) >= rules.reliable_points,
    )
