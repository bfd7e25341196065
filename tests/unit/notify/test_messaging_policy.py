"""How a clinic wants its messages: what may be said, and what is refused with all reasons."""

from datetime import timedelta

import pytest

from services.notify.domain.policy import MOST_CONTACTS, Policy, StaffContact
from services.notify.operations.policy import (
    ChangeMessaging,
    ContactWanted,
    PauseMessaging,
    ResumeMessaging,
    ShowMessaging,
    change_messaging,
    pause_messaging,
    resume_messaging,
    show_messaging,
)
from shared.actor import Actor
from shared.errors import Conflict, RuleBroken, Stale
from tests.support.notify_builders import BOOKED_AT, CLINIC
from tests.support.notify_fakes import FakeNotify

GRACE = ContactWanted("Grace", phone="+12125550180")
ALAN = ContactWanted("Alan", email="alan@example.com")


@pytest.fixture
def world():
    return FakeNotify(BOOKED_AT, actor=Actor("key-1", frozenset({"admin"})))


def changed(world, version=0, **changes):
    return world.run(CLINIC, change_messaging, ChangeMessaging(version, changes))


def codes(refusal):
    return [fault.code for fault in refusal.value.faults]


def test_a_clinic_that_never_said_anything_has_the_defaults(world):
    policy = world.run(CLINIC, show_messaging, ShowMessaging())
    assert policy == Policy(id=CLINIC)
    assert (policy.per_day, policy.per_week, policy.page_after, policy.is_paused) == (2, 8, timedelta(minutes=5), False)


def test_what_is_changed_stays_and_the_rest_is_as_it_was(world):
    assert changed(world, per_day=3, sms_from="+12125550100").version == 1
    assert changed(world, 1, per_week=20).per_day == 3
    assert world.run("clinic-2", show_messaging, ShowMessaging()) == Policy(id="clinic-2")


def test_an_older_version_is_not_changed(world):
    changed(world, per_day=3)
    with pytest.raises(Stale):
        changed(world, 0, per_day=4)


def test_contacts_keep_their_ids_when_their_order_changes(world):
    grace, alan = changed(world, contacts=(GRACE, ALAN)).contacts
    known = ContactWanted("Alan", id=alan.id, email="alan@example.com")
    again = changed(world, 1, contacts=(known, ContactWanted("Mary", phone="+1")))
    assert [contact.name for contact in again.contacts] == ["Alan", "Mary"]
    assert again.contacts[0].id == alan.id
    assert again.contacts[1].id not in {grace.id, alan.id}


def test_every_reason_is_named_at_once(world):
    with pytest.raises(RuleBroken) as refusal:
        changed(world, per_day=9, per_week=8, contacts=(ContactWanted("Nobody"), *[GRACE] * MOST_CONTACTS))
    assert codes(refusal) == ["messaging.week-below-day", "contact.unreachable", "contact.too-many"]


def test_a_contact_is_in_the_list_once_and_known(world):
    [grace] = changed(world, contacts=(GRACE,)).contacts
    known = ContactWanted("Grace", id=grace.id, phone="+1")
    with pytest.raises(RuleBroken) as refusal:
        changed(world, 1, contacts=(known, known))
    assert codes(refusal) == ["contact.twice"]
    with pytest.raises(RuleBroken) as refusal:
        changed(world, 1, contacts=(known, ContactWanted("Eve", id="foreign", phone="+1")))
    assert codes(refusal) == ["contact.unknown"]


def test_a_pause_says_why_and_by_whom_and_is_one_pause(world):
    paused = world.run(CLINIC, pause_messaging, PauseMessaging("storm"))
    assert (paused.is_paused, paused.paused_at, paused.paused_by, paused.pause_reason) == (
        True,
        BOOKED_AT,
        "key-1",
        "storm",
    )
    with pytest.raises(Conflict, match=r"messaging.paused"):
        world.run(CLINIC, pause_messaging, PauseMessaging("again"))


def test_resuming_leaves_nothing_of_the_pause(world):
    before = changed(world, per_day=3)
    world.run(CLINIC, pause_messaging, PauseMessaging("storm"))
    resumed = world.run(CLINIC, resume_messaging, ResumeMessaging())
    assert vars(resumed) == {**vars(before), "version": 3}
    with pytest.raises(Conflict, match=r"messaging.not-paused"):
        world.run(CLINIC, resume_messaging, ResumeMessaging())


def test_the_next_contact_is_the_first_who_was_not_paged():
    grace, alan = StaffContact("1", "Grace", phone="+1"), StaffContact("2", "Alan", phone="+2")
    policy = Policy(id=CLINIC, contacts=(grace, alan))
    assert policy.next_contact([]) == grace
    assert policy.next_contact(["1"]) == alan
    assert policy.next_contact(["2"]) == grace
    assert policy.next_contact(["1", "2"]) is None
