"""What notify keeps of a patient: where and how to reach them. A copy of facts that booking tells.

Names, phones and e-mail stay sealed as they came; they are opened only when a letter goes out.
"""

from dataclasses import dataclass
from enum import StrEnum

from services.notify.domain.message import Channel


class Privacy(StrEnum):
    """How much a message may say: `minimal` sender, time and phone; `standard` also how to prepare.

    `detailed` may say more only where it is encrypted, so by SMS and e-mail it says as much as `standard`.
    """

    MINIMAL = "minimal"
    STANDARD = "standard"
    DETAILED = "detailed"


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """A patient. Without a zone or country of their own the clinic's count. `escort_phone`: of who takes them home."""

    id: str
    version: int = 0
    name: str
    phone: str | None
    email: str | None
    locale: str
    zone: str | None
    country: str | None
    privacy: Privacy
    preferred_channel: Channel
    escort_phone: str | None = None

    def contact(self, channel: Channel) -> str | None:
        """The sealed address for this channel, if there is one."""
        return {Channel.SMS: self.phone, Channel.EMAIL: self.email}.get(channel)
