"""A clinic in which a clinician has reviewed what patients read, for tests of booking's pages."""

from datetime import date, timedelta

from services.booking.domain.page.education import VERSIONS, Topic
from services.booking.operations.education import Education, ReviewEducation, review_education
from tests.support.booking_builders import CLINIC
from tests.support.booking_fakes import A_CLINICIAN, FakeBooking


def reviewed(world: FakeBooking, *topics: Topic, due: date | None = None, clinic: str = CLINIC) -> None:
    """A clinician of the clinic stands behind the present versions of these texts, for 90 days or until `due`."""
    before, world.actor = world.actor, A_CLINICIAN
    for topic in topics:
        review = ReviewEducation(topic, VERSIONS[topic], due or world.now.date() + timedelta(days=90))
        answer: Education = world.run(clinic, review_education, review)
        assert answer.id == clinic
    world.actor = before
