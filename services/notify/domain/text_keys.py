"""Which texts there are, what each of them may name and has to, and how long its SMS may be.

A table, so that the linter, the preview and the tests walk the same rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from services.notify.domain.recipient import Privacy

LEVELS: Final = (Privacy.DETAILED, Privacy.STANDARD, Privacy.MINIMAL)
"""From the one that says most; a level without a text takes the next one's."""
PREPARATION: Final = frozenset({"solids", "clear", "solid_hours", "clear_hours", "early", "no_driving_until"})
"""Names that are not said at minimal privacy: they tell that something has to be prepared, or has been done."""
LONGEST_ALIAS: Final = 30
LONGEST_PHONE: Final = 30
"""As the clinic's own fields allow."""
LONGEST_LINK: Final = 100
"""Address of the installation, path and a token of 128 bits; a longer one costs a part more than was counted."""


@dataclass(frozen=True, kw_only=True)
class TextKey:
    """One text.

    `always`: names beside `alias` and `phone` that are never empty. `maybe`: names that may be, and flags; a
    template can ask for them. `needs`: of each group at least one is said whenever one of them is there;
    `prepares`: the same, but neither at minimal privacy nor before a talk, for which nobody needs a driver.
    `of_form`: its link leads to a form, which is given at every privacy. `parts`: parts of an SMS at most, every
    field at its longest, with how to stop at its end where that `tells_opt_out`. `is_fixed`: its whole text comes
    with the message, so a clinic has none of its own.
    """

    always: frozenset[str] = frozenset()
    maybe: frozenset[str] = frozenset()
    needs: tuple[frozenset[str], ...]
    prepares: tuple[frozenset[str], ...] = ()
    of_form: bool = False
    parts: int
    tells_opt_out: bool = True
    is_fixed: bool = False

    def names(self, privacy: Privacy) -> frozenset[str]:
        """All names that a text of this level may use."""
        named = {"alias", "phone"} | self.always | self.maybe
        if privacy is not Privacy.MINIMAL:
            return frozenset(named)
        is_of_visits = "link" in self.maybe and not self.of_form
        return frozenset(named - PREPARATION - ({"link"} if is_of_visits else set()))

    def needed(self, privacy: Privacy) -> tuple[frozenset[str], ...]:
        """Groups of names of which one has to be said."""
        return self.needs if privacy is Privacy.MINIMAL else (*self.needs, *self.prepares)


def _set(*names: str) -> frozenset[str]:
    return frozenset(names)


_ALIAS: Final = _set("alias")
_WHEN: Final = _set("when")
_PHONE: Final = _set("phone")
_WAY_BACK: Final = _set("link", "phone")
_ANSWERED: Final = _set("link", "can_reply", "is_confirmed")
_PREPARED: Final = _set("needs_driver")
_FORM: Final = TextKey(
    always=_set("link", "emergency"),
    maybe=_set("emergency_number"),
    needs=(_ALIAS, _set("link"), _set("emergency")),
    parts=2,
)

KEYS: Final[Mapping[str, TextKey]] = MappingProxyType(
    {
        "confirmation": TextKey(
            always=_set("when", "solid_hours", "clear_hours", "early"),
            maybe=_set("visits", "others") | _ANSWERED | _PREPARED,
            needs=(_ALIAS, _WHEN, _WAY_BACK),
            parts=3,
        ),
        "reminder P3D": TextKey(
            always=_set("when", "solids", "clear", "early"),
            maybe=_set("visits", "others") | _ANSWERED | _PREPARED,
            # It may speak for the reminders of several visits, which are then not sent.
            needs=(_ALIAS, _WHEN, _WAY_BACK, _set("others", "visits")),
            parts=3,
        ),
        "reminder P1D": TextKey(
            always=_set("when", "solids", "clear", "early"),
            maybe=_ANSWERED | _PREPARED,
            needs=(_ALIAS, _WHEN, _WAY_BACK),
            prepares=(_set("solids"),),
            parts=3,
        ),
        "reminder PT2H": TextKey(
            always=_set("when", "early"),
            maybe=_ANSWERED | _PREPARED,
            needs=(_ALIAS, _WHEN, _PHONE),
            prepares=(_set("early"),),
            parts=2,
        ),
        "change-notice": TextKey(
            always=_set("when", "solids", "clear", "early"),
            maybe=_ANSWERED | _PREPARED,
            needs=(_ALIAS, _WHEN, _WAY_BACK),
            parts=3,
        ),
        "change-notice series": TextKey(
            always=_WHEN, maybe=_set("visits", "others") | _ANSWERED, needs=(_ALIAS, _WHEN, _WAY_BACK), parts=3
        ),
        "cancellation-notice": TextKey(always=_WHEN, maybe=_set("link"), needs=(_ALIAS, _WHEN, _PHONE), parts=2),
        "cancellation-notice series": TextKey(maybe=_set("visits", "link"), needs=(_ALIAS, _PHONE), parts=2),
        "pause-notice series": TextKey(maybe=_set("visits", "link"), needs=(_ALIAS, _WAY_BACK), parts=2),
        "offer": TextKey(
            always=_set("when", "until"),
            maybe=_set("link"),
            needs=(_ALIAS, _WHEN, _set("until"), _WAY_BACK),
            parts=2,
        ),
        "check-in-link": _FORM,
        "check-in-chase": _FORM,
        "escort-reminder": TextKey(always=_set("collect"), needs=(_ALIAS, _set("collect"), _PHONE), parts=2),
        "home-safe": TextKey(
            always=_set("no_driving_until"),
            maybe=_set("link", "emergency_number"),
            needs=(_ALIAS, _PHONE, _set("link")),
            prepares=(_set("no_driving_until"),),
            of_form=True,
            parts=3,
        ),
        "manual": TextKey(always=_set("body"), needs=(_ALIAS, _set("body")), parts=3, is_fixed=True),
        "test": TextKey(always=_set("body"), needs=(_set("body"),), parts=3, tells_opt_out=False, is_fixed=True),
        "opt-out-confirmation": TextKey(needs=(_ALIAS, _PHONE), parts=2, tells_opt_out=False),
        "opt-in-confirmation": TextKey(needs=(_ALIAS, _PHONE), parts=2, tells_opt_out=False),
        "help": TextKey(needs=(_ALIAS, _PHONE), parts=2, tells_opt_out=False),
        "crisis": TextKey(
            always=_set("crisis"),
            maybe=_set("is_staffed", "emergency_number"),
            needs=(_set("crisis"),),
            parts=2,
            tells_opt_out=False,
        ),
        "no-open-visit": TextKey(needs=(_ALIAS, _PHONE), parts=2, tells_opt_out=False),
        "staff-page": TextKey(always=_set("link"), needs=(_ALIAS, _set("link")), parts=2, tells_opt_out=False),
    }
)
"""One row for each text; `unconfirmed` has none, for it goes to the front desk's list only."""
