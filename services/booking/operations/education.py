"""What patients can read about their treatment: clinicians review it, patients say that they have read it."""

from dataclasses import dataclass
from datetime import date

from services.booking.domain.page.education import (
    VERSIONS,
    Receipt,
    Receipts,
    Review,
    Reviews,
    Standing,
    Topic,
    topic_of,
)
from services.booking.operations.audit import audited
from services.booking.operations.local_days import today_of
from services.booking.operations.ports import UnitOfWork


@dataclass(frozen=True)
class ShowEducation:
    """All texts, with who stands behind them."""


@dataclass(frozen=True)
class ReviewEducation:
    """A clinician has read a version of a text and stands behind it, in every language, through `review_due`."""

    topic: str
    version: int
    review_due: date


@dataclass(frozen=True)
class ListReceipts:
    """What a patient says they have read."""

    patient_id: str


@dataclass(frozen=True)
class Item:
    """A text in its present version, and its latest review."""

    topic: Topic
    version: int
    standing: Standing
    review: Review | None


@dataclass(frozen=True)
class Education:
    """All texts of a clinic, whose id it has, as they stand today."""

    id: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Reading:
    """A text that a patient sees: the review that lets them, and their receipt once they have read it."""

    review: Review
    receipt: Receipt | None


def show_education(uow: UnitOfWork, _: ShowEducation) -> Education:
    """The texts as they stand on the clinic's date today. Raises `NotFound` without such a clinic."""
    return _education(uow.education_reviews.of_clinic(), today_of(uow))


@audited("education.review")
def review_education(uow: UnitOfWork, command: ReviewEducation) -> Education:
    """Let patients see a text until the review is due.

    Raises `NotFound`, `Conflict` for another version than the present one, `RuleBroken` for a due date too near or far.
    """
    today = today_of(uow)
    review = Review(topic_of(command.topic), command.version, uow.actor.id, uow.now, command.review_due)
    return _education(uow.education_reviews.save(uow.education_reviews.of_clinic().put(review, today)), today)


def list_receipts(uow: UnitOfWork, command: ListReceipts) -> Receipts:
    """What a patient says they have read. Raises `NotFound`."""
    return uow.education_receipts.of(uow.patients.get(command.patient_id).id)


def readings(uow: UnitOfWork, patient_id: str) -> tuple[Reading, ...]:
    """What a patient of the clinic sees today, and what of it they have read."""
    receipts, shown = uow.education_receipts.of(patient_id), uow.education_reviews.of_clinic().shown(today_of(uow))
    return tuple(Reading(review, receipts.of(review.topic)) for review in shown)


def _education(reviews: Reviews, on: date) -> Education:
    items = (Item(topic, VERSIONS[topic], reviews.standing(topic, on), reviews.of(topic)) for topic in Topic)
    return Education(reviews.id, tuple(items))
