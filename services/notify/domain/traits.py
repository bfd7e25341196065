"""What each kind of message may do: when quiet hours let it through, whether it counts, what can hold it back.

One table instead of many lists, so that a new kind cannot be forgotten anywhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from services.notify.domain.message import Channel, Kind


class Quiet(StrEnum):
    """What becomes of a message that falls in quiet hours."""

    EARLIER = "earlier"
    LATER = "later"
    AT_OPENING = "at-opening"
    EXEMPT = "exempt"


@dataclass(frozen=True, kw_only=True)
class Traits:
    """`counts`: its SMS count to the patient's caps. `first`: the channel to try first; None: what the reader prefers.

    `despite_opt_out`: goes to somebody who said STOP. `despite_pause`: goes while the clinic's messages are paused.
    `falls_back`: what does not arrive is said by the next channel, at last by a person.
    """

    quiet: Quiet
    counts: bool = True
    despite_opt_out: bool = False
    despite_pause: bool = False
    falls_back: bool = True
    first: Channel | None = None


_ANSWER: Final = Traits(
    quiet=Quiet.EXEMPT,
    counts=False,
    despite_opt_out=True,
    despite_pause=True,
    falls_back=False,
    first=Channel.SMS,
)
"""An answer to a text that just came: by the same way, at once, or not at all."""

TRAITS: Final[Mapping[Kind, Traits]] = MappingProxyType(
    {
        Kind.CONFIRMATION: Traits(quiet=Quiet.AT_OPENING, first=Channel.EMAIL),
        Kind.REMINDER: Traits(quiet=Quiet.EARLIER),
        Kind.CHANGE_NOTICE: Traits(quiet=Quiet.AT_OPENING),
        Kind.CANCELLATION_NOTICE: Traits(quiet=Quiet.AT_OPENING),
        Kind.PAUSE_NOTICE: Traits(quiet=Quiet.AT_OPENING),
        Kind.CHECK_IN_LINK: Traits(quiet=Quiet.LATER),
        # The link itself leads to a call when it cannot be delivered; a second call for each chase helps nobody.
        Kind.CHECK_IN_CHASE: Traits(quiet=Quiet.LATER, falls_back=False),
        Kind.OFFER: Traits(quiet=Quiet.AT_OPENING),
        Kind.ESCORT_REMINDER: Traits(quiet=Quiet.EARLIER, counts=False, first=Channel.SMS),
        Kind.UNCONFIRMED: Traits(
            quiet=Quiet.EXEMPT, counts=False, despite_pause=True, falls_back=False, first=Channel.DESK
        ),
        Kind.HOME_SAFE: Traits(quiet=Quiet.EARLIER, counts=False),
        # A person sends it now, and knows what time it is; STOP holds all the same.
        Kind.MANUAL: Traits(quiet=Quiet.EXEMPT, counts=False, despite_pause=True),
        Kind.OPT_OUT_CONFIRMATION: _ANSWER,
        Kind.OPT_IN_CONFIRMATION: _ANSWER,
        Kind.HELP: _ANSWER,
        # It answers somebody in need who has just written, whatever they said before.
        Kind.CRISIS: _ANSWER,
        Kind.NO_OPEN_VISIT: Traits(quiet=Quiet.EXEMPT, counts=False, falls_back=False, first=Channel.SMS),
        Kind.STAFF_PAGE: Traits(
            quiet=Quiet.EXEMPT, counts=False, despite_opt_out=True, despite_pause=True, falls_back=False
        ),
        Kind.TEST: Traits(quiet=Quiet.EXEMPT, counts=False, despite_pause=True, falls_back=False),
    }
)
"""One row for each kind."""
