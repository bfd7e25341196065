"""What patients can read about their treatment: which texts there are, who stands behind them, who has read them.

A text is shown to the patients of a clinic once a clinician of it has reviewed the present version, until the review is
due again. The words themselves are data, in every language; another version of a text is another promise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from shared.errors import Conflict, Fault, NotFound, RuleBroken

LONGEST_REVIEW: Final = timedelta(days=730)
"""How long a review may count at most. Clinic default."""


class Topic(StrEnum):
    """A question that patients ask."""

    WHAT = "faq.what"
    HOW = "faq.how"
    CONDITIONS = "faq.conditions"
    SESSION = "faq.session"
    SIDE_EFFECTS = "faq.side-effects"


VERSIONS: Final[Mapping[Topic, int]] = MappingProxyType(dict.fromkeys(Topic, 1))
"""The present version of each text, in all languages together. Whoever changes what one says raises its number."""


class Standing(StrEnum):
    """Whether patients see a text."""

    SHOWN = "shown"
    NOT_REVIEWED = "not-reviewed"
    REPLACED = "replaced"
    """An older version was reviewed."""
    OVERDUE = "overdue"


def topic_of(name: str) -> Topic:
    """The topic of this name. Raises `NotFound`."""
    if name not in list(Topic):
        raise NotFound("topic")
    return Topic(name)


def require_present(topic: Topic, version: int) -> None:
    """Raise `Conflict` for another version than the present one."""
    if version != VERSIONS[topic]:
        raise Conflict("education.other-version", f"The present version of {topic} is {VERSIONS[topic]}.")


@dataclass(frozen=True)
class Review:
    """A clinician (access key `by`) stands behind a version. `due` is the last local day on which that counts."""

    topic: Topic
    version: int
    by: str
    at: datetime
    due: date


@dataclass(frozen=True)
class Reviews:
    """The latest review of each topic; `id` is the clinic's."""

    id: str
    latest: tuple[Review, ...] = ()
    version: int = 0

    def of(self, topic: Topic) -> Review | None:
        """The latest review of a topic, of whichever version."""
        return next((one for one in self.latest if one.topic is topic), None)

    def put(self, review: Review, on: date) -> "Reviews":
        """With this review in the place of the one before; `on` is the clinic's date.

        Raises `Conflict` for another version than the present one, `RuleBroken` when it is due too early or too late.
        """
        require_present(review.topic, review.version)
        if not on < review.due <= on + LONGEST_REVIEW:
            detail = f"A review is due after {on} and until {on + LONGEST_REVIEW}."
            fault = Fault("education.review-due", detail, "/review_due")
            raise RuleBroken(fault.code, fault.detail, [fault])
        others = (one for one in self.latest if one.topic is not review.topic)
        return replace(self, latest=(*others, review))

    def standing(self, topic: Topic, on: date) -> Standing:
        """Whether patients see a text on a date of the clinic."""
        review = self.of(topic)
        if review is None:
            return Standing.NOT_REVIEWED
        if review.version != VERSIONS[topic]:
            return Standing.REPLACED
        return Standing.OVERDUE if review.due < on else Standing.SHOWN

    def shown(self, on: date) -> tuple[Review, ...]:
        """The reviews of all texts that patients see on a date, in the order of the topics."""
        topics = [topic for topic in Topic if self.standing(topic, on) is Standing.SHOWN]
        return tuple(one for topic in topics for one in self.latest if one.topic is topic)


@dataclass(frozen=True)
class Receipt:
    """The patient says that they have read this version of a text."""

    topic: Topic
    version: int
    at: datetime

    @property
    def is_of_present_version(self) -> bool:
        return self.version == VERSIONS[self.topic]


@dataclass(frozen=True)
class Receipts:
    """What a patient says they have read, by time; `id` is the patient's."""

    id: str
    items: tuple[Receipt, ...] = ()
    version: int = 0

    def of(self, topic: Topic) -> Receipt | None:
        """That of the present version of a text."""
        return next((one for one in self.items if one.topic is topic and one.is_of_present_version), None)

    def noted(self, topic: Topic, at: datetime) -> "Receipts":
        """With a receipt of the present version, of which there is none yet."""
        return replace(self, items=(*self.items, Receipt(topic, VERSIONS[topic], at)))
