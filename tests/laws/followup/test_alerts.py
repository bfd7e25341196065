"""Whatever happens in whatever order and however often: no alert is lost or cancelled, and no step is paged twice."""

from collections import Counter
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.followup.domain.alert import Alert, AlertStatus
from services.followup.domain.events import AlertAcknowledged, AlertRaised, PageWanted
from services.followup.operations.alerts import (
    AcknowledgeAlert,
    CloseAlert,
    NoteContact,
    PageAcknowledged,
    PageContacted,
    PageNext,
    RegradeAlert,
    acknowledge_alert,
    close_alert,
    contact_alert,
    hear_page_acknowledged,
    hear_page_contacted,
    page_next,
    regrade_alert,
)
from services.followup.operations.by_link import Answer, ProveYear, answer, prove_year
from services.followup.operations.rota import publish_rota
from shared.errors import Refused
from tests.support.followup_builders import CLINIC, NO_TROUBLE, a_rota, a_world_with_an_open_check_in, answers_of

WORST = {0: None, 1: "suicidal-thoughts-low", 2: "suicidal-thoughts", 3: "suicidal-thoughts-high"}


class AnAlarm(RuleBasedStateMachine):
    """One patient, one check-in, staff who do anything at any time, and a clock that ticks when it likes."""

    @initialize(with_rota=st.booleans())
    def begin(self, with_rota):
        self.world, self.token = a_world_with_an_open_check_in()
        if with_rota:
            self.world.run(CLINIC, publish_rota, a_rota())
        self.pass_token = self.world.run(CLINIC, prove_year, ProveYear(self.token, 1985)).pass_token
        self.worst = 0
        self.seen = {}

    @property
    def alerts(self):
        return self.world.all(Alert)

    def on_each(self, operation, command):
        for alert in self.alerts:
            try:
                self.world.run(CLINIC, operation, command(alert))
            except Refused:
                continue

    @rule(item_9=st.integers(0, 3), final=st.booleans())
    def answers(self, item_9, final):
        given = {"phq-9": answers_of((*NO_TROUBLE[:8], item_9))}
        self.world.run(CLINIC, answer, Answer(self.token, self.pass_token, given, final))
        self.worst = max(self.worst, item_9)

    @rule(minutes=st.sampled_from([0, 1, 5, 15, 30, 60, 720]))
    def time_passes(self, minutes):
        if self.world.now + timedelta(minutes=minutes) < self.started + timedelta(days=6):
            self.world.pass_time(minutes=minutes)

    @property
    def started(self):
        return min((alert.raised_at for alert in self.alerts), default=self.world.now)

    @rule()
    def the_clock_ticks(self):
        self.on_each(page_next, lambda alert: PageNext(alert.id))

    @rule(by_page=st.booleans())
    def somebody_takes_it_on(self, by_page):
        if by_page:
            self.on_each(hear_page_acknowledged, lambda alert: PageAcknowledged(f"alert/{alert.id}", "staff/a"))
        else:
            self.on_each(acknowledge_alert, lambda alert: AcknowledgeAlert(alert.id))

    @rule(by_page=st.booleans())
    def somebody_reaches_the_patient(self, by_page):
        if by_page:
            self.on_each(hear_page_contacted, lambda alert: PageContacted(f"alert/{alert.id}", "staff/a"))
        else:
            self.on_each(contact_alert, lambda alert: NoteContact(alert.id, "spoke"))

    @rule(tier=st.integers(1, 4))
    def somebody_finds_it_less_urgent(self, tier):
        self.on_each(regrade_alert, lambda alert: RegradeAlert(alert.id, tier, "?"))

    @precondition(lambda self: any(alert.status is AlertStatus.ACKNOWLEDGED for alert in self.alerts))
    @rule()
    def somebody_closes_it(self):
        self.on_each(close_alert, lambda alert: CloseAlert(alert.id, "done"))

    @invariant()
    def nothing_is_lost(self):
        assert (WORST[self.worst] is None) or any(alert.trigger == WORST[self.worst] for alert in self.alerts)
        now = {alert.id: alert for alert in self.alerts}
        for id, before in self.seen.items():
            assert now[id].ladder == before.ladder
            assert now[id].paged[: len(before.paged)] == before.paged
            assert now[id].tier >= before.tier
        self.seen = now

    @invariant()
    def nothing_happens_twice(self):
        raised = Counter(event.trigger for event in self.world.events(AlertRaised))
        paged = Counter((event.alert_id, event.step) for event in self.world.events(PageWanted))
        taken = Counter(event.trigger for event in self.world.events(AlertAcknowledged))
        assert all(count == 1 for count in (*raised.values(), *paged.values(), *taken.values()))

    @invariant()
    def only_taking_it_on_stops_the_clock_and_every_step_waits_for_its_time(self):
        for alert in self.alerts:
            assert all(step.at <= paged.at for step, paged in zip(alert.ladder, alert.paged, strict=False))
            is_whole = len(alert.paged) == len(alert.ladder)
            assert (alert.next_step_at is None) == (is_whole or alert.acknowledged_at is not None)

    def teardown(self):
        """Whoever ticks often enough has paged everybody whose time has come."""
        for _ in range(4):
            self.the_clock_ticks()
        for alert in self.alerts:
            if alert.acknowledged_at is None:
                assert len(alert.paged) == sum(step.at <= self.world.now for step in alert.ladder)


TestAnAlarm = AnAlarm.TestCase
