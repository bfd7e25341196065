"""Policies, pages and lists of the desk on a real database: sealed at rest, found by their links, passed on once."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from services.notify.domain.page import PATH, PageStatus
from services.notify.jobs.table import ESCALATE
from services.notify.operations.by_hand import DealWithMessage, deal_with_message
from services.notify.operations.desk import ListCalls, ListUnconfirmed, list_calls, list_unconfirmed
from services.notify.operations.pages import (
    ByLink,
    ListPages,
    acknowledge_by_link,
    clinic_of_page,
    list_pages,
    raise_page,
)
from services.notify.operations.policy import (
    ChangeMessaging,
    ContactWanted,
    PauseMessaging,
    ShowMessaging,
    change_messaging,
    pause_messaging,
    show_messaging,
)
from shared.errors import NotFound, Stale
from shared.persistence.unit_of_work import EVERY_CLINIC
from tests.integration.notify.notify_host import PHONE
from tests.support.notify_builders import BOOKED_AT

CLINIC, OTHER = "clinic-1", "clinic-2"
FIVE = timedelta(minutes=5)
GRACE = ContactWanted("Grace Hopper", phone="+12125550180", email="grace@example.com")
ALAN = ContactWanted("Alan Turing", phone="+12125550181")


@pytest.fixture
def staffed(notify):
    """Two clinics, the first of which has two people to page."""
    notify.open(CLINIC, "2026-03-09 09:00", "2026-03-11 09:00", "2026-03-13 09:00")
    notify.open(OTHER)
    notify.run(CLINIC, change_messaging, ChangeMessaging(0, {"contacts": (GRACE, ALAN)}))
    return notify


def at_rest(notify, collection):
    return json.dumps(list(notify.database[collection].find()), default=str)


def raised(notify, phone=PHONE):
    said = {"reason": "crisis", "patient_id": "", "about": "reply/1", "phone": phone}
    return notify.run(CLINIC, lambda uow, _: raise_page(uow, **said), None)


def link_to_last(notify, page):
    uow, _ = notify.unit(CLINIC)
    rows = [row for row in uow.messages.about([page.subject]) if row.channel == "sms"]
    newest = max(rows, key=lambda row: row.history[0].at)
    return ByLink(uow.unseal(newest.body).rpartition(PATH)[2])


def test_nothing_of_the_staff_is_readable_at_rest(staffed):
    staffed.run(CLINIC, pause_messaging, PauseMessaging("Grace is ill"))
    raised(staffed)
    kept = at_rest(staffed, "policies") + at_rest(staffed, "pages") + at_rest(staffed, "messages")
    assert not [word for word in ("Grace", "Hopper", "12125550180", "grace@", "12125550123", PATH) if word in kept]
    policy = staffed.run(CLINIC, show_messaging, ShowMessaging())
    assert [contact.name for contact in policy.contacts] == ["Grace Hopper", "Alan Turing"]
    assert policy.pause_reason == "Grace is ill"


def test_a_policy_is_changed_under_its_version_only(staffed):
    with pytest.raises(Stale):
        staffed.run(CLINIC, change_messaging, ChangeMessaging(0, {"per_day": 3}))
    assert staffed.run(CLINIC, change_messaging, ChangeMessaging(1, {"contacts": ()})).contacts == ()
    assert staffed.run(CLINIC, show_messaging, ShowMessaging()).contacts == ()
    assert staffed.run(OTHER, show_messaging, ShowMessaging()).version == 0


def test_four_texts_at_once_are_one_page(staffed):
    with ThreadPoolExecutor(4) as pool:
        pages = list(pool.map(lambda _: raised(staffed).id, range(4)))
    assert len(set(pages)) == 1
    assert staffed.database["messages"].count_documents({"kind": "staff-page"}) == 2


def test_a_page_is_passed_on_once_by_two_workers_and_no_more_once_it_is_taken_on(staffed):
    page, other = raised(staffed), staffed.another()
    staffed.go_to(BOOKED_AT + FIVE + timedelta(seconds=30))
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda one: ESCALATE.run(one.host), (staffed, other)))
    [passed_on] = staffed.run(CLINIC, list_pages, ListPages(10, None, is_open=True)).items
    assert len(passed_on.paged) == 2

    command = link_to_last(staffed, page)
    assert staffed.run(EVERY_CLINIC, clinic_of_page, command.token) == CLINIC
    assert staffed.run(CLINIC, acknowledge_by_link, command).phones == (PHONE,)
    with pytest.raises(NotFound):
        staffed.run(OTHER, acknowledge_by_link, command)
    staffed.go_to(BOOKED_AT + 3 * FIVE)
    assert ESCALATE.run(staffed.host) == 0
    [taken] = staffed.run(CLINIC, list_pages, ListPages(10, None)).items
    assert taken.status is PageStatus.ACKNOWLEDGED
    assert staffed.run(OTHER, list_pages, ListPages(10, None)).items == []


def test_lists_of_the_desk_go_on_behind_their_last_place(staffed):
    def numbers(limit, after=None):
        page = staffed.run(CLINIC, list_unconfirmed, ListUnconfirmed(limit, after, hours=24 * 30))
        rest = numbers(limit, page.after) if page.after else []
        return [visit.number for visit in page.items] + rest

    assert numbers(1) == numbers(2) == numbers(9) == [1, 2, 3]

    staffed.database["messages"].update_many({"kind": "reminder"}, {"$set": {"status": "failed"}})

    def calls(limit, after=None):
        page = staffed.run(CLINIC, list_calls, ListCalls(limit, after))
        rest = calls(limit, page.after) if page.after else []
        return [call.message.id for call in page.items] + rest

    whole = calls(50)
    assert calls(1) == calls(4) == whole
    assert len(whole) == staffed.database["messages"].count_documents({"kind": "reminder"}) > 5
    staffed.run(CLINIC, deal_with_message, DealWithMessage(whole[0], "phoned Ada"))
    assert calls(50) == whole[1:]
    assert "phoned" not in at_rest(staffed, "calls")
