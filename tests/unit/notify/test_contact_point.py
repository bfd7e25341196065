"""What may be said about an address, and what that leads to."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain.contact_point import (
    MOVES,
    ConsentMove,
    ConsentStatus,
    ContactPoint,
    Medium,
    Source,
    Statement,
    contact_point_id,
)
from services.notify.domain.events import ContactOptedIn, ContactOptedOut
from services.notify.domain.message import Channel

NOW = datetime(2026, 3, 5, 14, tzinfo=UTC)
ADA = "patient-1"


def a_point(**changes: Any) -> ContactPoint:
    point = ContactPoint(id="contact-1", channel=Channel.SMS, address="fingerprint", contact="+12125550100")
    return replace(point, **changes)


def said(wording: str = "STOP", *, source: Source = Source.SMS, at: datetime = NOW, **more: Any) -> Statement:
    return replace(Statement(source=source, wording=wording, by="key-1", said_at=at, at=at), **more)


def registered(patient_id: str = ADA) -> ContactPoint:
    return a_point().register(patient_id, NOW, by="platform")


def stopped(patients: tuple[str, ...] = (ADA,)) -> ContactPoint:
    point, _ = registered().opt_out(said(), patients)
    return point


@pytest.mark.parametrize(("status", "move"), list(product(ConsentStatus, ConsentMove)))
def test_every_statement_leads_to_what_it_says_and_none_is_refused(status, move):
    history = () if status is ConsentStatus.UNKNOWN else registered().history
    point = a_point(status=status, history=history)
    changed, _ = point.opt_out(said()) if move is ConsentMove.OPT_OUT else point.opt_in(said("START"))

    assert changed.status is MOVES.get((status, move), status)
    assert changed.is_stopped is (move is ConsentMove.OPT_OUT)


def test_every_step_keeps_words_way_time_and_who_took_it_down():
    point, _ = registered().opt_out(said("no more texts", said_at=NOW - timedelta(seconds=2), medium=Medium.PHONE))

    given, stop = point.history
    assert (given.status, given.source, given.wording) == (
        ConsentStatus.OPTED_IN,
        Source.REGISTRATION,
        "number given at registration",
    )
    assert (stop.status, stop.source, stop.wording, stop.by) == (
        ConsentStatus.OPTED_OUT,
        Source.SMS,
        "no more texts",
        "key-1",
    )
    assert (stop.said_at, stop.at, stop.medium) == (NOW - timedelta(seconds=2), NOW, Medium.PHONE)


def test_stopping_twice_is_one_stop():
    first, told = registered().opt_out(said(), [ADA])
    again, nothing = first.opt_out(said("stop!", at=NOW + timedelta(hours=1)), [ADA])

    assert told == (ContactOptedOut(ADA, "sms", "sms", NOW),)
    assert (again, nothing) == (first, ())


def test_a_stop_of_nobodys_number_is_told_without_a_patient():
    _, told = a_point().opt_out(said(source=Source.PROVIDER))

    assert told == (ContactOptedOut(None, "sms", "provider", NOW),)


def test_each_patient_who_has_the_number_is_told_of():
    _, told = registered().opt_out(said(), ["patient-1", "patient-2"])

    assert [one.patient_id for one in told] == ["patient-1", "patient-2"]


def test_start_restores_and_says_which_stop_is_over():
    later = NOW + timedelta(days=1)
    point, told = stopped().opt_in(said("START", at=later), [ADA])

    assert point.status is ConsentStatus.OPTED_IN
    assert told == (ContactOptedIn(ADA, "sms", "sms", later, NOW),)


def test_a_first_opt_in_ends_no_stop():
    _, [told] = a_point().opt_in(said("START"), [ADA])

    assert told.stopped_at is None


def test_consent_in_other_words_is_further_proof_and_no_news():
    signed = said("I agree to texts.", source=Source.FRONT_DESK, medium=Medium.PAPER)
    point, told = registered().opt_in(signed)
    again, _ = point.opt_in(signed)

    assert told == ()
    assert [step.wording for step in point.history] == ["number given at registration", "I agree to texts."]
    assert again is point


def test_a_number_that_stopped_stays_stopped_whoever_gives_it_again():
    point = stopped().register(ADA, NOW, by="platform").register("patient-2", NOW, by="platform")

    assert point.is_stopped
    assert point.history == stopped().history
    assert point.patients == ("patient-1", "patient-2")


def test_giving_a_number_twice_changes_nothing():
    point = registered()

    assert point.register(ADA, NOW + timedelta(days=1), by="platform") is point


def test_another_number_is_another_contact_point():
    ids = {
        contact_point_id(clinic, channel, address)
        for clinic, channel, address in product(("a", "b"), (Channel.SMS, Channel.EMAIL), ("one", "two"))
    }

    assert len(ids) == 8


@given(st.lists(st.sampled_from(["stop", "start", "register"]), max_size=20))
def test_the_last_word_counts_and_news_alternate(steps):
    point = a_point()
    told: list[ContactOptedOut | ContactOptedIn] = []
    for number, step in enumerate(steps):
        at = NOW + timedelta(minutes=number)
        if step == "register":
            point = point.register(ADA, at, by="platform")
            continue
        point, news = point.opt_out(said(at=at)) if step == "stop" else point.opt_in(said("START", at=at))
        told += news

    spoken = [step for step in steps if step != "register"]
    assert point.is_stopped is bool(spoken and spoken[-1] == "stop")
    assert all(type(one) is not type(two) for one, two in pairwise(told))
    assert sum(isinstance(one, ContactOptedOut) for one in told) == sum(
        step.status is ConsentStatus.OPTED_OUT for step in point.history
    )
