"""The day of one dose over HTTP: what a nurse and a clinician of the clinic say and do while all goes well."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from deploy.local.order_dose import order_dose

INFUSED: Final = timedelta(minutes=40)
OBSERVED: Final = timedelta(minutes=60)
"""How long an infusion takes, and how long its patient stays behind its end, unless a protocol says otherwise."""
CALM: Final[Mapping[str, Any]] = {"systolic": 128, "diastolic": 80, "heart_rate": 72, "spo2": 98, "sedation": 0}
"""A reading that nothing speaks against."""
GIVEN: Final[Mapping[str, Any]] = {"kind": "completed", "given_mg": "35", "dissociation": 3}
"""The whole of the dose that `order_dose` orders."""
ALL_WELL: Final[Mapping[str, Any]] = {
    "is_oriented": True,
    "walks_steadily": True,
    "nausea": "none",
    "is_escort_present": True,
    "is_instructed": True,
}
"""A checklist with which a patient goes home."""


def answers_of(now: datetime, supervisor_id: str) -> dict[str, Any]:
    """Everything that is asked on the day, answered as one wishes; `supervisor_id` is a clinician's resource."""
    early = (now - timedelta(hours=12)).isoformat()
    return {
        "identity_confirmed": True,
        "last_solids_at": early,
        "last_fluids_at": early,
        "escort": {"name": "Grace Example", "phone": "+12025550100", "is_adult": True, "is_reachable": True},
        "was_abstinent": True,
        "pregnancy": "not-applicable",
        "suicide_risk": "none",
        "mania_total": 0,
        "supervisor_id": supervisor_id,
    }


@dataclass(frozen=True)
class Dose:
    """A dose of a series. `post` sends a body to a path below the clinic's as nurse and clinician; it gives the answer.

    `now` is the instant on the clinic's wall. What is not said goes well.
    """

    post: Callable[[str, Mapping[str, Any]], Any]
    series_id: str
    number: int = 1

    def act(self, step: str, **body: Any) -> Any:
        """Any step of the session."""
        return self.post(f"/series/{self.series_id}/sessions/{self.number}/{step}", body)

    def order(self, now: datetime) -> str:
        """Sign the order, for somebody who is weighed today; its id."""
        return order_dose(self.post, self.series_id, now.date())

    def check_in(self) -> Any:
        """The patient is there."""
        return self.act("check-in")

    def prepare(self, now: datetime, supervisor_id: str, **said: Any) -> Any:
        """What is asked of the patient."""
        return self.act("preparation", **{**answers_of(now, supervisor_id), **said})

    def read(self, **measured: Any) -> Any:
        """What is measured on the patient."""
        return self.act("readings", **{**CALM, **measured})

    def start(self) -> Any:
        """The infusion begins."""
        return self.act("start")

    def end(self, **how: Any) -> Any:
        """The infusion is over."""
        return self.act("end", **{**GIVEN, **how})

    def discharge(self, **checked: Any) -> Any:
        """The patient goes home."""
        return self.act("discharge", **{**ALL_WELL, **checked})

    def make_ready(self, now: datetime, supervisor_id: str) -> None:
        """All that must be there before it begins, once the patient is."""
        self.order(now)
        self.prepare(now, supervisor_id)
        self.read()

    def give(self, now: datetime, supervisor_id: str) -> None:
        """From the arrival to the end of the infusion, in no time."""
        self.check_in()
        self.make_ready(now, supervisor_id)
        self.start()
        self.end()

    def leave(self) -> Any:
        """The patient goes home, `OBSERVED` or more behind the end."""
        self.read()
        self.act("dissociation", points=1)
        self.act("suicide-risk", level="none")
        return self.discharge()
