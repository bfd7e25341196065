"""What every kind of message may do. Each row is written out once more here: nothing changes by oversight."""

import pytest

from services.notify.domain.message import Channel, Kind
from services.notify.domain.traits import TRAITS, Quiet
from services.notify.domain.truth import ALWAYS_TRUE, OF_CHECK_INS, OF_VISITS

REPLIES = {Kind.OPT_OUT_CONFIRMATION, Kind.OPT_IN_CONFIRMATION, Kind.HELP, Kind.CRISIS, Kind.NO_OPEN_VISIT}
STAFF = {Kind.STAFF_PAGE, Kind.TEST}


def those(**wanted: object) -> set[Kind]:
    return {kind for kind, traits in TRAITS.items() if all(getattr(traits, name) == it for name, it in wanted.items())}


def test_every_kind_has_its_row():
    assert set(TRAITS) == set(Kind)


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_knows_what_makes_it_true(kind: Kind):
    ways = [kind in OF_VISITS, kind in OF_CHECK_INS, kind is Kind.OFFER, kind in ALWAYS_TRUE]
    assert ways.count(True) == 1


def test_what_quiet_hours_do_to_each_kind():
    assert those(quiet=Quiet.EARLIER) == {Kind.REMINDER, Kind.ESCORT_REMINDER, Kind.HOME_SAFE}
    assert those(quiet=Quiet.LATER) == {Kind.CHECK_IN_LINK, Kind.CHECK_IN_CHASE}
    assert those(quiet=Quiet.EXEMPT) == REPLIES | STAFF | {Kind.UNCONFIRMED, Kind.MANUAL}


def test_answers_safety_and_staff_count_to_no_cap():
    texts_by_themselves = {
        Kind.CONFIRMATION,
        Kind.REMINDER,
        Kind.CHANGE_NOTICE,
        Kind.CANCELLATION_NOTICE,
        Kind.PAUSE_NOTICE,
        Kind.CHECK_IN_LINK,
        Kind.CHECK_IN_CHASE,
        Kind.OFFER,
    }
    assert those(counts=True) == texts_by_themselves


def test_after_stop_only_an_answer_to_a_keyword_or_to_a_cry_for_help_goes_to_the_patient():
    answers = {Kind.OPT_OUT_CONFIRMATION, Kind.OPT_IN_CONFIRMATION, Kind.HELP, Kind.CRISIS}
    assert those(despite_opt_out=True) == answers | {Kind.STAFF_PAGE}


def test_a_clinic_that_paused_still_answers_and_pages_and_writes_by_hand():
    answers = REPLIES - {Kind.NO_OPEN_VISIT}
    assert those(despite_pause=True) == answers | STAFF | {Kind.UNCONFIRMED, Kind.MANUAL}


def test_what_no_person_has_to_phone_for():
    assert those(falls_back=False) == REPLIES | STAFF | {Kind.UNCONFIRMED, Kind.CHECK_IN_CHASE}


def test_what_has_a_channel_of_its_own():
    assert those(first=Channel.EMAIL) == {Kind.CONFIRMATION}
    assert those(first=Channel.DESK) == {Kind.UNCONFIRMED}
    assert those(first=Channel.SMS) == REPLIES | {Kind.ESCORT_REMINDER}
