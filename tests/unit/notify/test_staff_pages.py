"""Pages to the staff: whom they reach, when the next one is called, and what ends them."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from services.notify.domain.contact_point import Source
from services.notify.domain.events import CallWanted, PageAcknowledged, PageContacted, PageUnanswered
from services.notify.domain.message import Channel, Status
from services.notify.domain.page import LINK_GOOD_FOR, MOVES, PageStatus, StaffPage
from services.notify.operations.consents import opt_out
from services.notify.operations.pages import (
    AcknowledgePage,
    EscalatePage,
    ListPages,
    NoteReached,
    acknowledge_page,
    escalate_page,
    list_pages,
    note_reached,
)
from services.notify.operations.policy import PauseMessaging, pause_messaging
from shared.actor import Actor
from shared.errors import Conflict, NotFound
from tests.support.notify_builders import CLINIC, PATIENT
from tests.support.notify_fakes import providers
from tests.support.notify_staff import NIGHT, ON_CALL, a_staffed_world, contacts_of, letters, link_of, raised

FIVE = timedelta(minutes=5)


def after(world, pause, page):
    """What the job does so much later."""
    world.now += pause
    return world.run(CLINIC, escalate_page, EscalatePage(page.id))


def readers(rows):
    return [row.reader for row in rows]


def test_the_first_of_the_staff_is_called_at_two_in_the_night_by_every_way_at_once():
    world = a_staffed_world()
    page = raised(world)
    first, *_ = contacts_of(world)

    rows = letters(world, page)

    assert [(row.channel, row.to) for row in rows] == [
        (Channel.EMAIL, "sealed:grace@example.com"),
        (Channel.SMS, "sealed:+12125550180"),
    ]
    assert {(row.reader, row.due_at, row.next_at) for row in rows} == {(f"staff/{first.id}", NIGHT, NIGHT)}
    assert (page.status, page.next_at) == (PageStatus.OPEN, NIGHT + FIVE)


def test_what_staff_get_names_nobody_and_says_nothing_of_health():
    world = a_staffed_world()
    page, sent = raised(world), providers()
    world.drain(sent)

    letters_out = [letter for provider in sent.values() for letter in provider.taken.values()]
    assert {letter.to for letter in letters_out} == {"+12125550180", "grace@example.com"}
    for letter in letters_out:
        said = f"{letter.subject} {letter.text}".casefold()
        assert link_of(letters(world, page)[0]).casefold() in said
        assert not any(word in said for word in ("ada", "byron", "crisis", "suicid", PATIENT))


def test_nothing_holds_a_page_back():
    """Neither quiet hours nor a pause, nor a STOP of the same phone."""
    world = a_staffed_world()
    world.run(CLINIC, pause_messaging, PauseMessaging("storm"))
    world.run(
        CLINIC, lambda uow, _: opt_out(uow, Channel.SMS, ON_CALL.phone or "", source=Source.SMS, wording="STOP"), None
    )
    sent = providers()
    raised(world)
    world.drain(sent)
    assert len(sent[Channel.SMS].taken) == len(sent[Channel.EMAIL].taken) == 1


def test_nobody_else_is_called_before_five_minutes_are_over():
    world = a_staffed_world()
    page = raised(world)

    after(world, FIVE - timedelta(seconds=1), page)
    assert len(set(readers(letters(world, page)))) == 1

    after(world, timedelta(seconds=1), page)
    assert len(set(readers(letters(world, page)))) == 2


def test_each_is_called_five_minutes_after_the_one_before_and_then_the_desk_has_to_phone():
    world = a_staffed_world()
    page = raised(world)
    first, backup, director = (f"staff/{contact.id}" for contact in contacts_of(world))

    after(world, FIVE, page)
    after(world, FIVE, page)
    assert readers(letters(world, page)) == [first, first, backup, director]
    assert world.told == []

    left = after(world, FIVE, page)
    assert (left.status, left.next_at, left.is_open) == (PageStatus.UNANSWERED, None, True)
    assert world.told == [
        PageUnanswered(PATIENT, "reply/reply-1", "crisis", NIGHT, NIGHT + 3 * FIVE),
        CallWanted(PATIENT, page.subject, "staff-page", "page-unanswered", NIGHT + 3 * FIVE),
    ]
    after(world, FIVE, page)
    assert len(world.told) == 2


def test_a_clinic_without_anybody_to_page_has_to_phone_at_once_and_the_page_stays_listed():
    world = a_staffed_world()
    world.rows[type(world.run(CLINIC, lambda uow, _: uow.policies.of_clinic(), None))].clear()

    page = raised(world)

    assert page.status is PageStatus.UNANSWERED
    [_, wanted] = world.told
    assert [type(event) for event in world.told] == [PageUnanswered, CallWanted]
    assert isinstance(wanted, CallWanted)
    assert wanted.why == "nobody-to-page"
    assert world.run(CLINIC, list_pages, ListPages(10, None, is_open=True)).items == [page]


def test_another_pause_counts_when_the_clinic_says_so():
    world = a_staffed_world()
    world.run(CLINIC, lambda uow, _: uow.policies.save(uow.policies.of_clinic().change(page_after=FIVE * 3)), None)
    assert raised(world).next_at == NIGHT + 3 * FIVE


def test_the_same_within_an_hour_is_one_page_while_the_patient_was_not_reached():
    world = a_staffed_world()
    page = raised(world)
    world.now += timedelta(minutes=59)

    assert raised(world, about="reply/reply-2") == page

    world.now += timedelta(minutes=1)
    assert raised(world, about="reply/reply-3").id != page.id


def test_another_text_after_the_patient_was_reached_is_a_page_of_its_own():
    world = a_staffed_world()
    page = raised(world)
    world.run(CLINIC, acknowledge_page, AcknowledgePage(page.id))
    assert raised(world).id == page.id

    world.run(CLINIC, note_reached, NoteReached(page.id))

    again = raised(world)
    assert (again.id != page.id, again.status) == (True, PageStatus.OPEN)


def test_two_texts_at_the_same_instant_make_the_same_page():
    assert raised(a_staffed_world()).id == raised(a_staffed_world()).id


@pytest.mark.parametrize(
    "other", [{"patient_id": "patient-2"}, {"reason": "alert"}, {"patient_id": "", "phone": "+12125550199"}]
)
def test_another_patient_reason_or_stranger_is_another_page(other):
    world = a_staffed_world()
    assert raised(world).id != raised(world, **other).id


def test_a_strangers_texts_are_told_apart_by_their_number():
    world = a_staffed_world()
    one, two = ("+12125550199", "+12125550198")
    first = raised(world, patient_id="", phone=one)
    assert raised(world, patient_id="", phone=one, about="reply/reply-2") == first
    assert raised(world, patient_id="", phone=two).id != first.id
    assert first.phone == f"sealed:{one}"


def test_acknowledging_ends_the_calls_and_says_who():
    world = a_staffed_world()
    world.actor = Actor("key-1", frozenset({"front_desk"}))
    page = raised(world)

    taken = world.run(CLINIC, acknowledge_page, AcknowledgePage(page.id))

    assert (taken.status, taken.acknowledged_by, taken.acknowledged_at) == (PageStatus.ACKNOWLEDGED, "key/key-1", NIGHT)
    assert world.told == [PageAcknowledged(PATIENT, "reply/reply-1", "crisis", "key/key-1", NIGHT)]
    assert {row.status for row in letters(world, page)} == {Status.CANCELLED}
    after(world, FIVE, page)
    assert len(letters(world, page)) == 2


def test_who_was_first_stays():
    world = a_staffed_world()
    page = raised(world)
    world.actor = Actor("key-1", frozenset())
    first = world.run(CLINIC, acknowledge_page, AcknowledgePage(page.id))
    world.actor = Actor("key-2", frozenset())

    assert world.run(CLINIC, acknowledge_page, AcknowledgePage(page.id)) == first
    assert len(world.told) == 1


def test_taking_it_on_and_reaching_the_patient_are_two_facts():
    world = a_staffed_world()
    page = raised(world)
    with pytest.raises(Conflict, match=r"page.wrong-status"):
        world.run(CLINIC, note_reached, NoteReached(page.id))
    world.run(CLINIC, acknowledge_page, AcknowledgePage(page.id))
    world.now += FIVE

    reached = world.run(CLINIC, note_reached, NoteReached(page.id))

    assert (reached.status, reached.contacted_at, reached.is_open) == (PageStatus.CONTACTED, NIGHT + FIVE, False)
    assert world.run(CLINIC, note_reached, NoteReached(page.id)) == reached
    assert [event for event in world.told if isinstance(event, PageContacted)] == [
        PageContacted(PATIENT, "reply/reply-1", "crisis", "key/platform", NIGHT + FIVE)
    ]


def test_a_page_that_nobody_answered_can_still_be_taken_on():
    world = a_staffed_world(ON_CALL)
    page = raised(world)
    after(world, FIVE, page)
    assert world.run(CLINIC, acknowledge_page, AcknowledgePage(page.id)).status is PageStatus.ACKNOWLEDGED


def test_lists_tell_open_pages_from_those_that_are_over():
    world = a_staffed_world()
    over = raised(world)
    world.run(CLINIC, acknowledge_page, AcknowledgePage(over.id))
    world.run(CLINIC, note_reached, NoteReached(over.id))
    left = raised(world)

    def ids(**asked):
        return [page.id for page in world.run(CLINIC, list_pages, ListPages(10, None, **asked)).items]

    assert (ids(is_open=True), ids(is_open=False), set(ids())) == ([left.id], [over.id], {left.id, over.id})


def test_another_clinics_page_is_not_there():
    world = a_staffed_world()
    page = raised(world)
    for operation, command in (
        (acknowledge_page, AcknowledgePage(page.id)),
        (note_reached, NoteReached(page.id)),
        (escalate_page, EscalatePage(page.id)),
    ):
        with pytest.raises(NotFound):
            world.run("clinic-2", operation, command)


# --- every status and every move ------------------------------------------------------------------------------------

A_PAGE = StaffPage(id="page-1", reason="crisis", patient_id=PATIENT, about="reply/1", whose=PATIENT, raised_at=NIGHT)
MADE = {
    "call": lambda page: page.call("contact-1", "digest", at=NIGHT, next_at=NIGHT + FIVE),
    "give_up": lambda page: page.give_up(NIGHT)[0],
    "acknowledge": lambda page: page.acknowledge("key/1", NIGHT)[0],
    "reach": lambda page: page.reach("key/1", NIGHT)[0],
}


@pytest.mark.parametrize(("status", "move"), list(product(PageStatus, MOVES)))
def test_every_status_allows_its_moves_only(status, move):
    sources, target = MOVES[move]
    page = replace(A_PAGE, status=status)
    if status in sources:
        assert MADE[move](page).status is target
    else:
        with pytest.raises(Conflict, match=r"page.wrong-status"):
            MADE[move](page)


def test_a_link_is_good_for_a_day_and_for_its_own_page():
    page = A_PAGE.call("contact-1", "digest", at=NIGHT, next_at=NIGHT + FIVE)
    assert page.opened_by("digest", NIGHT + LINK_GOOD_FOR - timedelta(seconds=1)) == "contact-1"
    assert page.opened_by("digest", NIGHT + LINK_GOOD_FOR) is None
    assert page.opened_by("other", NIGHT) is None
