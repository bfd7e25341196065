"""Pages for alerts: exactly those are called whom followup names, when it says so."""

from datetime import timedelta

import pytest

from services.notify.domain.events import CallWanted, PageAcknowledged, PageUnanswered
from services.notify.domain.message import Channel, Status
from services.notify.domain.page import LINK_GOOD_FOR, PageStatus, StaffPage
from services.notify.operations.alerts import AlertAcknowledged, PageWanted, hear_alert_acknowledged, hear_page_wanted
from services.notify.operations.pages import EscalatePage, escalate_page
from services.notify.operations.policy import ChangeMessaging, change_messaging
from tests.support.notify_builders import CLINIC, PATIENT
from tests.support.notify_fakes import providers
from tests.support.notify_staff import NIGHT, Browser, a_staffed_world, contacts_of, letters, link_of

ALERT = "alert-1"


def wanted(step=0, contact="dr-lee", **changes):
    fields = {
        "patient_id": PATIENT,
        "alert_id": ALERT,
        "step": step,
        "contact_id": contact,
        "contact_name": "sealed:Dr. Lee",
        "contact_phone": "sealed:+12125550190",
        "contact_email": "sealed:lee@example.com",
        "raised_at": NIGHT,
        **changes,
    }
    return PageWanted(**fields)


def nobody_named(step=0):
    return wanted(step, "", contact_name=None, contact_phone=None, contact_email=None)


def page(world) -> StaffPage:
    only: StaffPage
    [only] = world.rows[StaffPage].values()
    return only


@pytest.fixture
def world():
    return a_staffed_world()


def hear(world, *commands):
    for command in commands:
        world.run(CLINIC, hear_page_wanted, command)


def test_exactly_the_one_on_call_is_paged_at_two_in_the_night_by_every_way(world):
    hear(world, wanted())
    sent = providers()
    world.drain(sent)
    assert [(row.channel, row.reader, row.status) for row in letters(world, page(world))] == [
        (Channel.EMAIL, "staff/dr-lee", Status.SENT),
        (Channel.SMS, "staff/dr-lee", Status.SENT),
    ]
    assert [letter.to for letter in sent[Channel.SMS].taken.values()] == ["+12125550190"]


def test_notify_passes_nothing_on_by_itself(world):
    hear(world, wanted())
    world.now += timedelta(hours=5)
    world.run(CLINIC, escalate_page, EscalatePage(page(world).id))
    assert page(world).next_at is None
    assert page(world).contacts == ["dr-lee"]
    assert world.told == []


def test_a_step_that_is_heard_twice_pages_once(world):
    hear(world, wanted(), wanted(), wanted(1, "dr-kim"), wanted(), wanted(1, "dr-kim"))
    assert page(world).contacts == ["dr-lee", "dr-kim"]
    assert len(letters(world, page(world))) == 4


def test_who_has_two_roles_is_called_once_more_with_a_link_that_works(world):
    hear(world, wanted())
    world.now += LINK_GOOD_FOR
    hear(world, wanted(1))
    assert len(letters(world, page(world))) == 4
    browser = Browser(world)
    first, *_, last = (link_of(row) for row in letters(world, page(world)))
    assert browser.read(first).status_code == 404
    assert browser.read(last).status_code == 200


def test_the_link_takes_the_alert_on_and_nobody_is_paged_any_more(world):
    hear(world, wanted())
    Browser(world).press(link_of(letters(world, page(world))[0]), "acknowledge")
    hear(world, wanted(1, "dr-kim"))
    assert world.told == [PageAcknowledged(PATIENT, f"alert/{ALERT}", "alert", "staff/dr-lee", NIGHT)]
    assert page(world).contacts == ["dr-lee"]


def test_an_alert_that_was_taken_on_at_the_clinic_calls_off_what_is_not_out_yet(world):
    hear(world, wanted())
    world.run(CLINIC, hear_alert_acknowledged, AlertAcknowledged(ALERT, "key/key-2"))
    assert (page(world).status, page(world).acknowledged_by) == (PageStatus.ACKNOWLEDGED, "key/key-2")
    assert {row.status for row in letters(world, page(world))} == {Status.CANCELLED}


def test_an_alert_that_nobody_was_paged_for_is_none_of_ours(world):
    world.run(CLINIC, hear_alert_acknowledged, AlertAcknowledged("alert-2", "key/key-2"))
    assert list(world.rows[StaffPage].values()) == []


def test_without_a_name_the_clinics_own_contacts_are_paged_one_after_the_other_the_last_one_again(world):
    hear(world, *(nobody_named(step) for step in range(4)))
    first, second, third = (contact.id for contact in contacts_of(world))
    assert page(world).contacts == [first, second, third, third]


def test_where_nobody_can_be_paged_the_desk_has_to_phone_and_a_later_step_still_pages(world):
    world.run(CLINIC, change_messaging, ChangeMessaging(1, {"contacts": ()}))
    hear(world, nobody_named(), nobody_named(1))
    [told] = world.told
    assert isinstance(told, CallWanted)
    assert told.why == "nobody-to-page"
    assert not any(isinstance(event, PageUnanswered) for event in world.told)
    assert page(world).status is PageStatus.UNANSWERED

    hear(world, wanted(2))
    assert page(world).contacts == ["dr-lee"]
    assert page(world).status is PageStatus.OPEN
