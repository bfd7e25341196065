"""What a patient wishes of a plan, beyond what the protocol and the clinic foresee."""

from dataclasses import dataclass
from datetime import time
from enum import StrEnum

from services.booking.domain.calendar.slots import Weekday


class WishKind(StrEnum):
    """What a patient may wish for."""

    WEEKDAYS = "weekdays"
    TIMES = "times"
    RESOURCES = "resource_ids"


@dataclass(frozen=True)
class TimeOfDay:
    """A session starts from `from_time` until just before `until_time`, on the clinic's wall clock; None: midnight."""

    from_time: time
    until_time: time | None = None


@dataclass(frozen=True)
class Wishes:
    """What the patient wishes. Every wish is kept, but for those that are `bendable`: not to keep them costs points.

    Empty means any. `resource_ids` names the nurse, the chair and so on: of each kind that is named, one of those.
    """

    weekdays: tuple[Weekday, ...] = ()
    times: tuple[TimeOfDay, ...] = ()
    resource_ids: tuple[str, ...] = ()
    as_soon_as_possible: bool = False
    bendable: frozenset[WishKind] = frozenset()

    def without(self, kind: WishKind) -> "Wishes":
        """The same without one of the wishes."""
        left = {one: getattr(self, one.value) for one in WishKind if one != kind}
        return Wishes(**left, as_soon_as_possible=self.as_soon_as_possible, bendable=self.bendable - {kind})

    @property
    def kinds(self) -> tuple[WishKind, ...]:
        """Which wishes there are."""
        return tuple(kind for kind in WishKind if getattr(self, kind.value))

    def binds(self, kind: WishKind) -> bool:
        """Whether there is such a wish, and it must be kept."""
        return kind in self.kinds and kind not in self.bendable
