"""In any order of all that can be done with series, in two clinics that share a patient, the promises are kept."""

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any, Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.booking.domain import events
from services.booking.domain.calendar.slots import Weekday, patient_key
from services.booking.domain.placement.placement import Wish, course_with
from services.booking.domain.protocol.protocol import Regimen
from services.booking.domain.protocol.spacing import breaches
from services.booking.domain.protocol.templates import TEMPLATES, default_protocols
from services.booking.domain.series.offer import Offer
from services.booking.domain.series.override import Asked
from services.booking.domain.series.series import OVER, Series, SeriesStatus
from services.booking.domain.series.session import OPEN, CancelReason, Session, SessionStatus
from services.booking.domain.waiting.opening import Opening
from services.booking.operations.clearance import HearMeasureScored, hear_measure_scored
from services.booking.operations.holds import (
    ConfirmHold,
    ExpireHold,
    HoldSeries,
    ReleaseHold,
    confirm_hold,
    expire_hold,
    hold_series,
    release_hold,
)
from services.booking.operations.moves import (
    Moved,
    MoveSession,
    MoveSessions,
    PauseSeries,
    RebookSession,
    ReplanSession,
    ResumeSeries,
    ShiftSeries,
    move_session,
    move_sessions,
    pause_series,
    rebook_session,
    replan_session,
    resume_series,
    shift_series,
)
from services.booking.operations.offers import (
    AcceptOffer,
    DeclineOffer,
    ExpireOffer,
    OfferOpening,
    accept_offer,
    decline_offer,
    expire_offer,
    offer_opening,
)
from services.booking.operations.series import (
    BookSeries,
    CancelSeries,
    CancelSession,
    CarryOn,
    book_series,
    cancel_series,
    cancel_session,
    carry_on,
)
from services.booking.operations.waitlist import JoinWaitlist, join_waitlist
from shared.errors import Refused, RuleBroken
from shared.localtime import local_date
from tests.support.booking_builders import (
    CLINIC,
    NEW_YORK,
    OTHER_CLINIC,
    PATIENT,
    a_chair,
    a_clinic,
    a_nurse,
    a_patient,
    a_world,
    hours,
)
from tests.support.booking_fakes import A_CLINICIAN, THE_DESK, FakeBooking
from tests.support.booking_treated import check_in, discharge, start
from tests.support.cleared import cleared

STATUS = SessionStatus
CLINICS: Final = (CLINIC, OTHER_CLINIC)
COURSES: Final = {"mood-iv-6x2w": (0, 2, 5, 7, 9, 12), "mood-iv-3x3w": (0, 7, 14)}
TORN: Final = {"spacing.too-late", "spacing.suspended", "spacing.window"}
"""What a lost session leaves behind without anybody's doing."""
TIMES: Final = st.sampled_from((time(8), time(9), time(10, 30), time(11, 25), time(13)))
WHICH: Final = st.integers(0, 1000)
SELDOM: Final = 60


class AnyOrder(RuleBasedStateMachine):
    """Few chairs and nurses, one of them for two, so that everybody is in everybody's way."""

    def __init__(self) -> None:
        super().__init__()
        self.world = a_world(_chair("chair-1"), _chair("chair-2"), _nurse("nurse-1", capacity=2))
        _open_another_clinic(self.world)

    # --- what can be done

    def attempt(self, clinic: str, operation: Any, command: Any) -> None:
        """What is refused changes nothing; anything else than a refusal is a bug."""
        with suppress(Refused):
            self.world.run(clinic, operation, command)

    def series(self, which: int, *statuses: SeriesStatus) -> tuple[str, Series] | None:
        """One with such a status, as a rule; at times any, for which it should be refused."""
        every = [(clinic, series) for (clinic, _), series in sorted(self.world.rows[Series].items())]
        fitting = [row for row in every if row[1].status in statuses or which < SELDOM]
        return fitting[which % len(fitting)] if fitting else None

    def session(self, which: int, *statuses: SessionStatus) -> tuple[str, Series, Session] | None:
        """One with such a status of an active series, as a rule."""
        every = [
            (clinic, series, one)
            for (clinic, _), series in sorted(self.world.rows[Series].items())
            for one in series.sessions
            if which < SELDOM or (series.status is SeriesStatus.ACTIVE and one.status in statuses)
        ]
        return every[which % len(every)] if every else None

    @initialize()
    def begin_with_two_series(self) -> None:
        for patient, at in ((1, time(8)), (2, time(13))):
            self.attempt(CLINIC, book_series, BookSeries(**self.course(patient, "mood-iv-6x2w", 3, at)))

    @rule(
        clinic=st.sampled_from(CLINICS),
        patient=st.integers(1, 3),
        course=st.sampled_from(sorted(COURSES)),
        begin=st.integers(1, 20),
        at=TIMES,
        is_held=st.booleans(),
    )
    def book(self, clinic: str, patient: int, course: str, begin: int, at: time, *, is_held: bool) -> None:
        wanted = self.course(patient, course, begin, at)
        if is_held:
            self.attempt(clinic, hold_series, HoldSeries(**wanted, minutes=60))
        else:
            self.attempt(clinic, book_series, BookSeries(**wanted))

    @rule(clinic=st.sampled_from(CLINICS), begin=st.integers(1, 10))
    def book_more_than_the_caps_allow(self, clinic: str, begin: int) -> None:
        self.world.actor = A_CLINICIAN
        word = (Asked("cap.per-7-days", "severe relapse"),)
        wanted = self.course(1, "mood-iv-3x3w", begin, time(11, 30))
        self.attempt(clinic, book_series, BookSeries(**wanted, overrides=word))
        self.world.actor = THE_DESK

    def course(self, patient: int, protocol: str, begin: int, at: time) -> dict[str, Any]:
        """What asks for a course that begins so many days from today."""
        first = self.today() + timedelta(days=begin)
        wishes = tuple(Wish(datetime.combine(first + timedelta(days=days), at)) for days in COURSES[protocol])
        return {"patient_id": f"patient-{patient}", "protocol": protocol, "sessions": wishes}

    @rule(which=WHICH, is_confirmed=st.booleans())
    def answer_hold(self, which: int, *, is_confirmed: bool) -> None:
        if found := self.series(which, SeriesStatus.HELD):
            operation, command = (confirm_hold, ConfirmHold) if is_confirmed else (release_hold, ReleaseHold)
            self.attempt(found[0], operation, command(found[1].id))

    @rule(which=WHICH, days=st.integers(-3, 5), at=TIMES)
    def move(self, which: int, days: int, at: time) -> None:
        """Where a re-plan is proposed, it is carried out every other time."""
        if not (found := self.session(which, STATUS.BOOKED)):
            return
        clinic, series, session = found
        command = MoveSession(series.id, session.number, series.version, _near(session, days, at))
        try:
            self.world.run(clinic, move_session, command)
        except RuleBroken as refusal:
            proposed = [fault for fault in refusal.faults if fault.code == "series.replan-proposed"]
            if proposed and which % 2:
                several = _as_moves(proposed[0].context["sessions"])
                self.world.run(clinic, move_sessions, MoveSessions(series.id, several))
        except Refused:
            pass

    @rule(which=WHICH, days=st.integers(-3, 5), at=TIMES)
    def move_two(self, which: int, days: int, at: time) -> None:
        if found := self.session(which, STATUS.BOOKED, STATUS.NOSHOW, STATUS.CANCELLED):
            clinic, series, session = found
            both = [session, series.sessions[session.number % len(series.sessions)]]
            moves = tuple(Moved(_near(one, days, at), number=one.number) for one in both)
            self.attempt(clinic, move_sessions, MoveSessions(series.id, moves))

    @rule(which=WHICH, days=st.integers(-3, 7), is_by_place=st.booleans())
    def shift(self, which: int, days: int, *, is_by_place: bool) -> None:
        if found := self.session(which, *STATUS):
            clinic, series, session = found
            step: dict[str, Any] = {"by_one_place": True} if is_by_place else {"days": days}
            self.attempt(clinic, shift_series, ShiftSeries(series.id, session.number, **step))

    @rule(which=WHICH, reason=st.sampled_from(CancelReason))
    def cancel(self, which: int, reason: CancelReason) -> None:
        if found := self.session(which, STATUS.BOOKED):
            clinic, series, session = found
            self.attempt(clinic, cancel_session, CancelSession(series.id, session.number, reason))

    @rule(which=WHICH)
    def call_off(self, which: int) -> None:
        found = self.series(which, SeriesStatus.ACTIVE, SeriesStatus.PAUSED)
        if found and which % 10 == 0:
            self.attempt(found[0], cancel_series, CancelSeries(found[1].id, CancelReason.CLINICAL))

    @rule(which=WHICH)
    def pause(self, which: int) -> None:
        if found := self.series(which, SeriesStatus.ACTIVE):
            self.attempt(found[0], pause_series, PauseSeries(found[1].id, CancelReason.PATIENT))

    @rule(which=WHICH)
    def resume(self, which: int) -> None:
        if found := self.series(which, SeriesStatus.PAUSED):
            self.attempt(found[0], resume_series, ResumeSeries(found[1].id))

    @rule(which=WHICH, days=st.integers(1, 8), at=TIMES)
    def rebook(self, which: int, days: int, at: time) -> None:
        if found := self.session(which, STATUS.NOSHOW, STATUS.CANCELLED):
            clinic, series, session = found
            wall = datetime.combine(self.today() + timedelta(days=days), at)
            self.attempt(clinic, rebook_session, RebookSession(series.id, session.number, wall))

    @rule(which=WHICH)
    def replan(self, which: int) -> None:
        """What is proposed without anybody's word can be done as it was said."""
        if not (found := self.session(which, STATUS.NOSHOW, STATUS.CANCELLED)):
            return
        clinic, series, session = found
        try:
            proposal = self.world.run(clinic, replan_session, ReplanSession(series.id, session.number))
        except Refused:
            return
        if not proposal.overrides:
            self.world.run(clinic, move_sessions, MoveSessions(series.id, _moves_to(proposal.sessions)))

    @rule(which=WHICH)
    def wait(self, which: int) -> None:
        if found := self.session(which, STATUS.BOOKED, STATUS.NOSHOW):
            clinic, series, session = found
            self.attempt(clinic, join_waitlist, JoinWaitlist(series.id, session.number))

    @rule(which=WHICH, is_accepted=st.booleans())
    def answer_offer(self, which: int, *, is_accepted: bool) -> None:
        self.do_what_is_due()
        open_offers = [(clinic, offer) for (clinic, _), offer in self.world.rows[Offer].items() if offer.is_open]
        if open_offers:
            clinic, offer = open_offers[which % len(open_offers)]
            operation, command = (accept_offer, AcceptOffer) if is_accepted else (decline_offer, DeclineOffer)
            self.attempt(clinic, operation, command(offer.id))

    @rule(hours=st.sampled_from((1, 5, 20, 24, 72, 240)))
    def pass_time(self, hours: int) -> None:
        self.world.pass_time(hours=hours)
        self.do_what_is_due()

    @rule(steps=st.integers(1, 3))
    def treat_the_next(self, steps: int) -> None:
        """The clock goes on to the next session of all; the patient says how they are, comes, may begin and go home."""
        booked = [
            (session.starts_at, clinic, series.id, session.number, series.patient_id)
            for (clinic, _), series in self.world.rows[Series].items()
            for session in series.sessions
            if session.status is STATUS.BOOKED and session.starts_at >= self.world.now
        ]
        if not booked:
            return
        at, clinic, series_id, number, patient_id = min(booked)
        self.world.now = at
        self.do_what_is_due()
        self.attempt(clinic, hear_measure_scored, HearMeasureScored(patient_id, "phq-9", 14, "moderate", at))
        for act in (check_in, start, discharge)[:steps]:
            with suppress(Refused):
                act(self.world, series_id, number, clinic)

    def do_what_is_due(self) -> None:
        for kind, operation, command in (
            (Series, expire_hold, ExpireHold),
            (Series, carry_on, CarryOn),
            (Offer, expire_offer, ExpireOffer),
            (Opening, offer_opening, OfferOpening),
        ):
            for clinic, id in list(self.world.rows[kind]):
                self.attempt(clinic, operation, command(id))

    def today(self) -> date:
        return local_date(self.world.now, NEW_YORK)

    # --- what is true at every moment

    def all_series(self) -> list[Series]:
        return list(self.world.rows[Series].values())

    @invariant()
    def nobody_and_nothing_is_in_two_places_at_once(self) -> None:
        for clinic in CLINICS:
            mine = [series for (owner, _), series in self.world.rows[Series].items() if owner == clinic]
            taken = Counter(slot for series in mine for one in _with_places(series) for slot in one.slots)
            # Somebody's own place on offer may overlap the one that it would replace.
            own = {patient_key(series.patient_id) for series in mine if series.offered}
            twice = [slot for slot, count in taken.items() if count > 1 and slot.rpartition("|")[0] not in own]
            assert [slot for slot in twice if not _is_own_offer(mine, slot)] == []

    @invariant()
    def dead_sessions_hold_no_slots(self) -> None:
        for series in self.all_series():
            assert series.slots == frozenset().union(*(session.slots for session in _with_places(series)))

    @invariant()
    def spacing_holds_but_for_what_a_lost_session_has_torn(self) -> None:
        for series in self.all_series():
            regimen: Regimen = TEMPLATES[series.protocol]
            found = {finding.code for finding in breaches(course_with(series, regimen, {}, ()))}
            allowed = {override.code for override in series.overrides}
            has_lost = any(
                session.is_lost or session.history or session.waits_for_a_place for session in series.sessions
            )
            assert found - allowed - (TORN if has_lost else set()) == set()

    @invariant()
    def caps_hold_in_both_clinics_together(self) -> None:
        by_person: dict[str, list[Series]] = {}
        for series in self.all_series():
            by_person.setdefault(series.person, []).append(series)
        for person, several in by_person.items():
            counted = [on for series in several for on in series.dose_dates]
            assert sorted(counted) == sorted(self.world.unit(CLINIC).exposures.of(person).dates)
            # An offer counts so that nobody else takes the day; whether it can be accepted is looked at then.
            dates = [one.on for series in several for one in series.live if one.doses]
            assert len(set(dates)) == len(dates)
            if not any(series.overrides for series in several):
                assert all(_within(dates, last, 7) <= 3 and _within(dates, last, 30) <= 8 for last in dates)

    @invariant()
    def no_series_is_half_booked(self) -> None:
        for series in self.all_series():
            statuses = {session.status for session in series.sessions}
            assert [session.number for session in series.sessions] == [
                *range(1, TEMPLATES[series.protocol].sessions + 1)
            ]
            assert (series.status is SeriesStatus.HELD) == (statuses == {STATUS.PENDING})
            assert (STATUS.PROPOSED in statuses) <= (series.status is SeriesStatus.PAUSED)
            assert (series.status is SeriesStatus.PAUSED) <= (STATUS.BOOKED not in statuses)
            assert (series.status in OVER) <= statuses.isdisjoint(OPEN | {STATUS.PROPOSED})

    @invariant()
    def what_was_told_says_where_every_session_stands(self) -> None:
        told: dict[str, dict[int, tuple[str, datetime, int]]] = {}
        done: Counter[str] = Counter()
        for _, id, event in self.world.told:
            _hear(told.setdefault(id, {}), event)
            done[id] += isinstance(event, events.SessionDischarged)
        for series in self.all_series():
            if series.status in {SeriesStatus.HELD, SeriesStatus.LAPSED}:
                assert series.id not in told
                continue
            stands = {one.number: (str(one.status), one.starts_at, one.revision) for one in series.sessions}
            assert told[series.id] == stands
            assert (series.progress.done, series.progress.of) == (done[series.id], len(series.sessions))


_chair = partial(a_chair, hours=hours(days=Weekday))
_nurse = partial(a_nurse, hours=hours(days=Weekday))


def _open_another_clinic(world: FakeBooking) -> None:
    """Patient 1 goes there, too; patient 3 is somebody else in each."""
    here, there = world.unit(CLINIC), world.unit(OTHER_CLINIC)
    here.patients.save(a_patient("patient-3"))
    cleared(here, "patient-3", NEW_YORK)
    there.clinics.save(a_clinic(OTHER_CLINIC))
    for number, person in ((1, PATIENT), (2, "patient-8"), (3, "patient-9")):
        there.patients.save(a_patient(f"patient-{number}", person=f"person of {person}"))
        cleared(there, f"patient-{number}", NEW_YORK)
    for protocol in default_protocols():
        there.protocols.save(protocol)
    for resource in (_chair("chair-3"), _nurse("nurse-3")):
        there.resources.save(resource)
    here.commit()
    there.commit()


def _near(session: Session, days: int, at: time) -> datetime:
    return datetime.combine(session.on + timedelta(days=days), at)


def _moves_to(sessions: Iterable[Session]) -> tuple[Moved, ...]:
    return tuple(Moved(one.starts_local, one.second, one.resource_ids, one.number) for one in sessions)


def _as_moves(asked: list[dict[str, Any]]) -> tuple[Moved, ...]:
    return tuple(
        Moved(datetime.fromisoformat(one["starts_local"]), one["second"], tuple(one["resource_ids"]), one["number"])
        for one in asked
    )


def _with_places(series: Series) -> list[Any]:
    """The sessions that have a place, and the place that is on offer."""
    live = [session for session in series.sessions if session.status in OPEN or session.status is STATUS.FULFILLED]
    return [*live, series.offered.session] if series.offered else live


def _is_own_offer(mine: list[Series], slot: str) -> bool:
    """Whether a slot is held twice by one series only: by a session and by the place on offer for it."""
    holders = [series for series in mine if slot in series.slots]
    return len(holders) == 1 and holders[0].offered is not None


def _within(dates: list[date], last: date, days: int) -> int:
    return sum(last - timedelta(days=days) < day <= last for day in dates)


def _hear(known: dict[int, tuple[str, datetime, int]], event: Any) -> None:
    """What another service would make of it."""
    status = {
        events.SessionMissed: "noshow",
        events.SessionCheckedIn: "checked-in",
        events.SessionStarted: "in-progress",
        events.SessionDischarged: "fulfilled",
    }
    match event:
        case events.SeriesBooked():
            known.update({one.number: ("booked", one.starts_at, one.revision) for one in event.sessions})
        case events.SessionMoved():
            known[event.number] = ("booked", event.starts_at, event.revision)
        case events.SessionCancelled():
            gone = "proposed" if event.reason == "paused" else "cancelled"
            known[event.number] = (gone, *known[event.number][1:])
        case _ if type(event) in status:
            known[event.number] = (status[type(event)], *known[event.number][1:])


AnyOrder.TestCase.settings = settings(max_examples=20, stateful_step_count=30, deadline=None)
TestAnyOrder = AnyOrder.TestCase
