"""What patients read about their treatment: only what a clinician stands behind, with a receipt of each version."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.booking.domain.page.education import (
    LONGEST_REVIEW,
    VERSIONS,
    Receipt,
    Receipts,
    Review,
    Reviews,
    Standing,
    Topic,
)
from services.booking.domain.patient.patient import Patient
from services.booking.operations.education import (
    Education,
    ListReceipts,
    ReviewEducation,
    ShowEducation,
    list_receipts,
    review_education,
    show_education,
)
from services.booking.store.education import ReceiptStore, ReviewStore
from shared.errors import Conflict, NotFound, RuleBroken
from shared.persistence.unit_of_work import Cause, Unit
from tests.support.booking_builders import CLINIC, OTHER_CLINIC, PATIENT, a_clinic, a_patient
from tests.support.booking_fakes import A_CLINICIAN, FakeBooking
from tests.support.booking_pages import Phone, a_town_with_a_link
from tests.support.educated import reviewed
from tests.support.memory_database import MemoryDatabase

TODAY = date(2026, 3, 1)
AT = datetime(2026, 3, 1, 15, tzinfo=UTC)
DUE = date(2026, 6, 30)
HOW_QUESTION, WHAT_QUESTION = "How does it work?", "What is ketamine?"
LINK = 'href="/booking/a/token-of-the-link/questions"'


@pytest.fixture
def town() -> FakeBooking:
    return a_town_with_a_link()


def a_review(topic: Topic = Topic.HOW, version: int = 1, due: date = DUE) -> Review:
    return Review(topic, version, "key-1", AT, due)


def shown(world: FakeBooking, clinic: str = CLINIC) -> Education:
    answer: Education = world.run(clinic, show_education, ShowEducation())
    return answer


def receipts(world: FakeBooking) -> Receipts:
    answer: Receipts = world.run(CLINIC, list_receipts, ListReceipts(PATIENT))
    return answer


# --- the review -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("review", "on", "standing"),
    [
        (None, TODAY, Standing.NOT_REVIEWED),
        (a_review(Topic.WHAT), TODAY, Standing.NOT_REVIEWED),
        (a_review(), TODAY, Standing.SHOWN),
        (a_review(), DUE, Standing.SHOWN),
        (a_review(), DUE + timedelta(days=1), Standing.OVERDUE),
        (a_review(version=VERSIONS[Topic.HOW] - 1), TODAY, Standing.REPLACED),
    ],
)
def test_a_text_is_shown_once_its_present_version_is_reviewed_until_that_is_due(review, on, standing):
    reviews = Reviews(CLINIC, (review,) if review else ())
    assert reviews.standing(Topic.HOW, on) is standing
    assert (Topic.HOW in [one.topic for one in reviews.shown(on)]) is (standing is Standing.SHOWN)


@pytest.mark.parametrize(
    ("due", "is_taken"),
    [
        (TODAY, False),
        (TODAY + timedelta(days=1), True),
        (TODAY + LONGEST_REVIEW, True),
        (TODAY + LONGEST_REVIEW + timedelta(days=1), False),
    ],
)
def test_a_review_is_due_on_a_day_to_come_within_two_years(due, is_taken):
    if is_taken:
        assert Reviews(CLINIC).put(a_review(due=due), TODAY).shown(TODAY) == (a_review(due=due),)
    else:
        with pytest.raises(RuleBroken) as refused:
            Reviews(CLINIC).put(a_review(due=due), TODAY)
        assert [(one.code, one.pointer) for one in refused.value.faults] == [("education.review-due", "/review_due")]


@pytest.mark.parametrize("version", [0, 2])
def test_nobody_reviews_another_version_than_the_present_one(version):
    with pytest.raises(Conflict, match=r"education\.other-version"):
        Reviews(CLINIC).put(a_review(version=version), TODAY)


def test_a_later_review_takes_the_place_of_the_one_before_and_topics_keep_their_order():
    reviews = Reviews(CLINIC)
    for topic in (Topic.SESSION, Topic.WHAT, Topic.SESSION):
        reviews = reviews.put(a_review(topic), TODAY)
    assert [one.topic for one in reviews.shown(TODAY)] == [Topic.WHAT, Topic.SESSION]


def test_a_clinician_lets_patients_see_a_text_and_it_is_kept_and_audited_who_did(town):
    assert {one.standing for one in shown(town).items} == {Standing.NOT_REVIEWED}

    reviewed(town, Topic.HOW)

    found = {one.topic: one for one in shown(town).items}
    assert {topic for topic, one in found.items() if one.standing is Standing.SHOWN} == {Topic.HOW}
    review = found[Topic.HOW].review
    assert review is not None
    assert (review.by, review.at, review.version) == (A_CLINICIAN.id, town.now, 1)
    [entry] = town.audit[CLINIC]
    assert (entry.act.action, entry.act.record, entry.act.actor) == (
        "education.review",
        f"education/{CLINIC}",
        A_CLINICIAN.id,
    )
    assert '"topic":"faq.how"' in entry.act.facts


def test_a_review_counts_in_its_own_clinic_only(town):
    unit = town.unit(OTHER_CLINIC)
    unit.clinics.save(a_clinic(OTHER_CLINIC))
    unit.commit()
    reviewed(town, *Topic, clinic=OTHER_CLINIC)

    assert {one.standing for one in shown(town, OTHER_CLINIC).items} == {Standing.SHOWN}
    assert {one.standing for one in shown(town).items} == {Standing.NOT_REVIEWED}
    assert LINK not in Phone(town).admitted().read().text


@pytest.mark.parametrize("topic", ["faq.nothing", "", "WHAT", "faq.What"])
def test_there_are_no_other_topics(town, topic):
    with pytest.raises(NotFound):
        town.run(CLINIC, review_education, ReviewEducation(topic, 1, DUE))


def test_days_are_those_of_the_clinic(town):
    reviewed(town, Topic.HOW, due=date(2026, 3, 2))
    town.now = datetime(2026, 3, 3, 4, 59, tzinfo=UTC)
    assert shown(town).items[1].standing is Standing.SHOWN
    town.now = datetime(2026, 3, 3, 5, 0, tzinfo=UTC)
    assert shown(town).items[1].standing is Standing.OVERDUE


# --- the page ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("of", ["", "/2"])
def test_the_way_there_is_shown_while_there_is_something_to_read(town, of):
    phone = Phone(town).admitted()
    assert LINK not in phone.read(of).text
    reviewed(town, Topic.HOW, due=date(2026, 3, 2))
    assert LINK in phone.read(of).text
    town.pass_time(days=2)
    assert LINK not in phone.read(of).text


def test_nothing_is_said_before_the_year_of_birth(town):
    reviewed(town, *Topic)
    phone = Phone(town)
    assert LINK not in phone.read().text
    page = phone.read("/questions").text
    assert "In which year were you born?" in page
    assert "etamin" not in page
    assert "nothing to read" not in page
    assert "I have read this" not in page


def test_the_year_of_birth_leads_back_to_the_texts_that_were_reviewed(town):
    reviewed(town, Topic.HOW)
    page = Phone(town).send("/questions", year="1980")
    assert page.request.path.endswith("/questions")
    assert HOW_QUESTION in page.text
    assert "not fully understood" in page.text
    assert "Looked over by a clinician of your clinic on Sunday, March 1, 2026." in page.text
    assert WHAT_QUESTION not in page.text


def test_what_is_overdue_is_not_shown_any_more(town):
    reviewed(town, Topic.HOW, due=date(2026, 3, 2))
    town.pass_time(days=2)
    page = Phone(town).admitted().read("/questions")
    assert page.status_code == 200
    assert "nothing to read here" in page.text
    assert HOW_QUESTION not in page.text


@pytest.mark.parametrize(
    ("locale", "question"),
    [("en", HOW_QUESTION), ("es", "¿Cómo actúa?"), ("de", "Was geschieht dabei im Körper?"), ("fr", HOW_QUESTION)],
)
def test_a_patient_reads_in_their_language(locale, question):
    town = a_town_with_a_link(patient=a_patient(locale=locale))
    reviewed(town, *Topic)
    page = Phone(town).admitted().read("/questions").text
    assert question in page
    assert page.count("<h2") == len(Topic)


def test_reading_changes_nothing_and_the_button_leaves_one_receipt_of_the_version(town):
    reviewed(town, Topic.HOW, Topic.WHAT)
    phone = Phone(town).admitted()
    phone.read("/questions")
    assert receipts(town) == Receipts(PATIENT)

    first = phone.send("/questions", do="read", topic="faq.how", version="1")
    at = town.now
    town.pass_time(days=1)
    again = phone.send("/questions", do="read", topic="faq.how", version="1")

    assert (first.status_code, again.status_code) == (200, 200)
    assert receipts(town).items == (Receipt(Topic.HOW, 1, at),)
    assert "You read this on Sunday, March 1, 2026." in again.text
    assert again.text.count('value="read"') == 1


def test_a_new_version_asks_again(town):
    reviewed(town, Topic.HOW)
    unit = town.unit(CLINIC)
    unit.education_receipts.save(Receipts(PATIENT, (Receipt(Topic.HOW, VERSIONS[Topic.HOW] - 1, AT),)))
    unit.commit()
    phone = Phone(town).admitted()
    assert 'value="read"' in phone.read("/questions").text

    phone.send("/questions", do="read", topic="faq.how", version="1")

    assert [(one.version, one.is_of_present_version) for one in receipts(town).items] == [(0, False), (1, True)]
    assert 'value="read"' not in phone.read("/questions").text


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"topic": "faq.how", "version": "2"}, 409),
        ({"topic": "faq.how", "version": "0"}, 409),
        ({"topic": "faq.how", "version": "²"}, 409),
        ({"topic": "faq.how", "version": "9" * 5000}, 409),
        ({"topic": "faq.how"}, 409),
        ({"topic": "faq.what", "version": "1"}, 409),
        ({"topic": "faq.nothing", "version": "1"}, 404),
        ({}, 404),
    ],
)
def test_what_is_not_shown_cannot_be_read(town, fields, status):
    reviewed(town, Topic.HOW)
    assert Phone(town).admitted().send("/questions", do="read", **fields).status_code == status
    assert receipts(town).items == ()


@pytest.mark.parametrize("do", ["confirm", "change", "late", "accept", "nothing", ""])
def test_no_other_button_does_anything_there(town, do):
    reviewed(town, Topic.HOW)
    before = dict(town.rows)
    page = Phone(town).admitted().send("/questions", do=do)
    assert page.status_code == 200
    assert HOW_QUESTION in page.text
    assert town.rows == before
    assert town.told == []


def test_without_the_year_of_birth_nobody_says_what_a_patient_has_read(town):
    reviewed(town, Topic.HOW)
    assert Phone(town).send("/questions", do="read", topic="faq.how", version="1").status_code == 403
    assert receipts(town).items == ()


def test_the_page_ends_with_the_link(town):
    reviewed(town, Topic.HOW)
    phone = Phone(town).admitted()
    town.pass_time(days=40)
    page = phone.read("/questions")
    assert page.status_code == 410
    assert HOW_QUESTION not in page.text
    phone.send("/questions", do="read", topic="faq.how", version="1")
    assert receipts(town).items == ()


def test_receipts_are_those_of_one_patient_of_one_clinic(town):
    reviewed(town, Topic.HOW)
    unit = town.unit(CLINIC)
    unit.patients.save(a_patient("patient-2"))
    unit.commit()
    Phone(town).admitted().send("/questions", do="read", topic="faq.how", version="1")

    assert town.run(CLINIC, list_receipts, ListReceipts("patient-2")).items == ()
    with pytest.raises(NotFound):
        town.run(OTHER_CLINIC, list_receipts, ListReceipts(PATIENT))
    assert [one.id for one in town.all(Patient)] == [PATIENT, "patient-2"]


# --- at rest ----------------------------------------------------------------------------------------------------------


def a_unit(database: MemoryDatabase, clinic_id: str) -> Unit:
    return Unit(
        database.as_database(),
        source="booking",
        clinic_id=clinic_id,
        now=AT,
        new_id=str,
        cause=Cause("", "", ""),
        tell=lambda _, envelope: envelope,
    )


def test_what_is_kept_comes_back_as_it_was_and_to_its_clinic_only():
    database = MemoryDatabase({})
    unit = a_unit(database, CLINIC)
    reviews = ReviewStore(unit).save(Reviews(CLINIC, (a_review(), a_review(Topic.WHAT))))
    read = ReceiptStore(unit).save(Receipts(PATIENT, (Receipt(Topic.HOW, 1, AT),)))
    unit.commit()

    mine, theirs = a_unit(database, CLINIC), a_unit(database, OTHER_CLINIC)
    assert ReviewStore(mine).of_clinic() == reviews
    assert ReceiptStore(mine).of(PATIENT) == read
    assert ReviewStore(theirs).of_clinic() == Reviews(OTHER_CLINIC)
    assert ReceiptStore(theirs).of(PATIENT) == Receipts(PATIENT)
