"""What became of a score since the baseline. Integers only: rounded means and percentages miss the exact borders."""

from dataclasses import dataclass

from services.followup.domain.instrument import ChangeRules


@dataclass(frozen=True)
class Change:
    """`drop` in points, positive is better; `drop_per_mille` of the baseline, rounded half up.

    None means that the instrument has no such rule, or that the baseline is 0: there is nothing to drop from.
    """

    drop: int
    drop_per_mille: int | None
    response: bool | None
    partial_response: bool | None
    remission: bool | None
    end_state: bool | None
    reliable: bool | None
    noticed: bool | None


def change(rules: ChangeRules, baseline: int, current: int) -> Change:
    """The change between two totals (points of the sum) of one instrument, by its own rules.

    `partial_response` is less than a response; `remission` and `end_state` speak of the current total alone, `reliable`
    and `noticed` of a change in either direction.
    """
    drop = baseline - current
    response = _dropped(rules.response_percent, baseline, drop)
    partial = _dropped(rules.partial_percent, baseline, drop)
    return Change(
        drop=drop,
        drop_per_mille=(2000 * drop + baseline) // (2 * baseline) if baseline else None,
        response=response,
        partial_response=partial and not response,
        remission=_at_most(rules.remission_at_most, current),
        end_state=_at_most(rules.end_state_at_most, current),
        reliable=_moved(rules.reliable_points, drop),
        noticed=_moved(rules.noticed_points, drop),
    )


def _dropped(percent: int | None, baseline: int, drop: int) -> bool | None:
    return None if percent is None or not baseline else 100 * drop >= percent * baseline


def _at_most(limit: int | None, current: int) -> bool | None:
    return None if limit is None else current <= limit


def _moved(points: int | None, drop: int) -> bool | None:
    return None if points is None else abs(drop) >= points
