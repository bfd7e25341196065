"""Access keys: credentials of one clinic's programs and people."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from services.booking.domain.events import AccessKeyChanged, AccessKeyIssued, AccessKeyRevoked
from shared.errors import Conflict, Fault, RuleBroken

SCOPES: Final = frozenset({"front_desk", "nurse", "clinician", "psychiatrist", "admin", "integration"})
"""What a clinic's key may be good for; a psychiatrist's has the scope `clinician`, too. `platform` is the operator's
alone and never issued.
"""


@dataclass(frozen=True)
class AccessKey:
    """Only the SHA-256 `digest` of the secret is kept. No `expires_at`: good until revoked."""

    id: str
    label: str
    digest: str
    scopes: tuple[str, ...]
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    version: int = 0

    def issue(self, now: datetime) -> tuple["AccessKey", list[AccessKeyIssued]]:
        """Put the key in force. Raises `RuleBroken` with every reason why it cannot."""
        faults = []
        if unknown := sorted(set(self.scopes) - SCOPES):
            faults.append(Fault("access-key.scope-unknown", f"No such scope: {', '.join(unknown)}.", "/scopes"))
        if not self.scopes:
            faults.append(Fault("access-key.scope-missing", "A key needs at least one scope.", "/scopes"))
        if self.expires_at is not None and self.expires_at <= now:
            faults.append(Fault("access-key.expired", "A new key must end in the future.", "/expires_at"))
        if faults:
            raise RuleBroken("access-key.refused", "This key cannot be issued.", faults)
        return self, [AccessKeyIssued(self.label, self.digest, self.scopes, self.expires_at)]

    def end_by(self, at: datetime) -> tuple["AccessKey", list[AccessKeyChanged]]:
        """Let the key end at `at`, never later than it would have. Raises `Conflict` when it is revoked."""
        self._require_unrevoked()
        ending = replace(self, expires_at=min(at, self.expires_at or at))
        return ending, [AccessKeyChanged(ending.expires_at)]

    def revoke(self, now: datetime) -> tuple["AccessKey", list[AccessKeyRevoked]]:
        """Make the key void at once. Raises `Conflict` when it is already."""
        self._require_unrevoked()
        return replace(self, revoked_at=now), [AccessKeyRevoked(now)]

    def _require_unrevoked(self) -> None:
        if self.revoked_at is not None:
            raise Conflict("access-key.revoked", "This key was revoked.")
