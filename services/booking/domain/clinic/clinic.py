"""A clinic: the tenant. Everything else belongs to exactly one."""

from dataclasses import dataclass, fields, replace
from datetime import date, time
from typing import Any

from services.booking.domain.events import ClinicChanged, ClinicOpened
from shared.errors import Fault, RuleBroken
from shared.localtime import is_zone


@dataclass(frozen=True)
class Clinic:
    """`sender_alias` signs messages: the legal name may itself disclose the treatment.

    Automated messages rest from `quiet_from` until `quiet_until`, local wall times of the patient. A hold stands for
    `hold_minutes` unless asked otherwise. A place that came free is offered for `offer_minutes`, and to nobody later
    than `notice_minutes` before it begins. Clinic defaults. On the local dates of `holidays` everything is closed.
    """

    id: str
    name: str
    sender_alias: str
    zone: str
    country: str
    locale: str
    phone: str
    quiet_from: time
    quiet_until: time
    hold_minutes: int = 15
    offer_minutes: int = 30
    notice_minutes: int = 120
    holidays: tuple[date, ...] = ()
    version: int = 0

    def open(self, data_key: str) -> tuple["Clinic", list[ClinicOpened]]:
        """Let the clinic join. Raises `RuleBroken` with every reason why it cannot."""
        self._check()
        return self, [ClinicOpened(**self._told(), data_key=data_key)]

    def change(self, **changes: Any) -> tuple["Clinic", list[ClinicChanged]]:
        """The clinic with some fields changed. Raises `RuleBroken` with every reason."""
        changed = replace(self, **changes)
        changed._check()
        return changed, [ClinicChanged(**changed._told())]

    def _told(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(ClinicChanged)}

    def _check(self) -> None:
        faults = []
        if not is_zone(self.zone):
            faults.append(Fault("clinic.zone-unknown", f"{self.zone!r} is no IANA time zone.", "/zone"))
        if self.quiet_from == self.quiet_until:
            faults.append(Fault("clinic.quiet-hours-empty", "Quiet hours must begin and end apart.", "/quiet_from"))
        if faults:
            raise RuleBroken("clinic.refused", "The clinic cannot be kept like this.", faults)
