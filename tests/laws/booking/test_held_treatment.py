"""In any order of alerts, releases, measures and treatment no dose begins that a clinician has to look at first."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from services.booking.domain.patient.clearance import Clearance
from services.booking.domain.series.series import Series
from services.booking.domain.series.session import SessionStatus
from services.booking.operations.clearance import (
    HearAlertRaised,
    ReleaseClinicalHold,
    hear_alert_raised,
    release_clinical_hold,
)
from services.booking.operations.exposure import ReleaseSession, release_session
from shared.errors import Refused
from tests.support.booking_builders import CASE_A, CLINIC, PATIENT, a_world, booked, measured
from tests.support.booking_treated import check_in, discharge, start

ALERTS = st.sampled_from(("alert-1", "alert-2"))
STATUS = SessionStatus
BEHIND_A_RE_EVALUATION = 4
"""Of the six sessions of case A, whose course is reviewed after the third."""


@dataclass
class Known:
    """The rule of thumb that the record is compared with."""

    standing: set[str]
    released: set[str]
    measured_on: int | None = None
    excepted: bool = False


class HeldTreatment(RuleBasedStateMachine):
    """One patient's six sessions, one after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.world = a_world()
        self.series: Series = booked(self.world)
        self.number = 1
        self.known = Known(set(), set())
        self.world.now = self.series.session(1).starts_at

    def do(self, operation: Any, command: Any) -> bool:
        """Whether it was done and not refused."""
        with suppress(Refused):
            self.world.run(CLINIC, operation, command)
            return True
        return False

    def goes_on(self, act: Callable[..., Any]) -> bool:
        with suppress(Refused):
            act(self.world, self.series.id, self.number)
            return True
        return False

    @rule(alert=ALERTS, holds=st.booleans())
    def alert(self, alert: str, *, holds: bool) -> None:
        raised = HearAlertRaised(
            alert, PATIENT, "suicide-risk-high", 1, holds_treatment=holds, raised_at=self.world.now
        )
        assert self.do(hear_alert_raised, raised)
        if holds and alert not in self.known.released:
            self.known.standing.add(alert)

    @rule(alert=ALERTS)
    def release(self, alert: str) -> None:
        stands = alert in self.known.standing
        assert self.do(release_clinical_hold, ReleaseClinicalHold(PATIENT, alert, "seen")) is stands
        if stands:
            self.known.standing.remove(alert)
            self.known.released.add(alert)

    @rule(days_ago=st.integers(0, 9))
    def measure(self, days_ago: int) -> None:
        measured(self.world, scored_at=self.world.now - timedelta(days=days_ago))
        day = self.world.now.toordinal() - days_ago
        self.known.measured_on = max(day, self.known.measured_on or day)

    @rule()
    def release_the_session(self) -> None:
        lacks = self.lacks_measure
        assert self.do(release_session, ReleaseSession(self.series.id, self.number, "seen")) is lacks
        self.known.excepted = self.known.excepted or lacks

    @precondition(lambda self: self.status is not STATUS.FULFILLED)
    @rule()
    def go_on(self) -> None:
        """The session takes its next step, unless something holds it up."""
        status = self.status
        act = {STATUS.BOOKED: check_in, STATUS.CHECKED_IN: start, STATUS.IN_PROGRESS: discharge}[status]
        is_open = status is STATUS.IN_PROGRESS or not (self.known.standing or self.lacks_measure)
        assert self.goes_on(act) is is_open
        if status is STATUS.IN_PROGRESS and self.number < len(CASE_A):
            self.number += 1
            self.world.now = self.series.session(self.number).starts_at

    @property
    def status(self) -> SessionStatus:
        series: Series = self.world.rows[Series][CLINIC, self.series.id]
        return series.session(self.number).status

    @property
    def lacks_measure(self) -> bool:
        on = self.known.measured_on
        is_measured = on is not None and self.world.now.toordinal() - on <= 7
        return self.number == BEHIND_A_RE_EVALUATION and not is_measured and not self.known.excepted

    def teardown(self) -> None:
        held = any(clearance.is_held for clearance in self.world.all(Clearance))
        assert held is bool(self.known.standing)


HeldTreatment.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
TestHeldTreatment = HeldTreatment.TestCase
