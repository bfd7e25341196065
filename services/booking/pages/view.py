"""What the templates show: decided here, so that they only lay it out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from services.booking.domain.page.preparation import Preparation, preparation_of
from services.booking.domain.page.private_link import PATH
from services.booking.domain.page.wish_to_change import LONGEST_WORDS, Asked
from services.booking.domain.series.confirmation import is_awaited
from services.booking.domain.series.offer import Offer
from services.booking.domain.series.session import LOST, Session, SessionStatus
from services.booking.education.texts import Article, article
from services.booking.operations.appointments import Appointments, may_be_late
from services.booking.operations.education import Reading
from shared.http.clock_face import ClockFace, locale_of
from shared.http.page_texts import Texts
from shared.http.pages import spoken
from shared.localtime import utc_offset

READING: Final = "/questions"
"""Behind the link's address: what the patient can read about their treatment."""
_HERE = frozenset({SessionStatus.CHECKED_IN, SessionStatus.IN_PROGRESS})


@dataclass(frozen=True)
class Fault:
    """A line of the summary at the top; `href` leads to the place to mend."""

    text: str
    href: str


@dataclass(frozen=True)
class Visit:
    """One appointment. `state` is `awaited`, `here`, `past`, `off` or `waiting`."""

    number: int
    href: str
    state: str
    date: str
    time: str
    zone: str
    is_confirmed: bool


@dataclass(frozen=True)
class Steps:
    """What to do on the day, as clock times; fasting ones are empty where nothing has to be prepared."""

    arrive: str
    home: str
    solids: str = ""
    fluids: str = ""
    driver: str = ""


@dataclass(frozen=True)
class Details:
    """What only the patient sees of one appointment. `own_clock` is the time at home, where that is another one."""

    number_of: str
    own_clock: str
    steps: Steps
    asked: Asked
    may_be_late: bool


@dataclass(frozen=True)
class Offered:
    """A place on offer, and what it would be instead of."""

    id: str
    date: str
    time: str
    instead: str
    until: str


@dataclass(frozen=True)
class Text:
    """What the patient can read. `read_on` is empty until they say that they have read this version."""

    topic: str
    version: int
    article: Article
    reviewed_on: str
    read_on: str


@dataclass(frozen=True)
class Posted:
    """What the patient had written, when it could not be taken."""

    words: str = ""
    mornings: bool = False
    afternoons: bool = False


@dataclass(frozen=True)
class View:
    """One page. `home` is the address of the list, `reading` that of the texts, empty when there is nothing to read.

    `asks_year` shows the question that comes before all details.
    """

    template: str
    say: Texts
    alias: str = ""
    phone: str = ""
    spoken_phone: str = ""
    home: str = ""
    reading: str = ""
    asks_year: bool = False
    is_locked: bool = False
    visits: tuple[Visit, ...] = ()
    visit: Visit | None = None
    details: Details | None = None
    offered: Offered | None = None
    texts: tuple[Text, ...] = ()
    faults: tuple[Fault, ...] = ()
    notice: str = ""
    posted: Posted = Posted()
    most: int = LONGEST_WORDS

    @property
    def is_admitted(self) -> bool:
        """Whether more than times and place may be seen."""
        return not self.asks_year and not self.is_locked


def of_all(found: Appointments, token: str, say: Texts) -> View:
    """The list of what is to come, the soonest first."""
    if not found.is_open:
        return _page("ended", found, token, say)
    coming = [one for one in found.series.sessions if one.is_open and found.at < one.ends_at]
    clock = _clock(found, say)
    visits = tuple(_visit(found, one, token, clock) for one in sorted(coming, key=lambda one: one.starts_at))
    return replace(_page("all", found, token, say), visits=visits, offered=_offered(found, clock))


def of_one(found: Appointments, token: str, number: int, say: Texts) -> View:
    """One appointment. Raises `NotFound`."""
    session, clock = found.series.session(number), _clock(found, say)
    if not found.is_open:
        return _page("ended", found, token, say)
    offered = _offered(found, clock) if found.offer and found.offer.number == number else None
    page = replace(_page("one", found, token, say), visit=_visit(found, session, token, clock), offered=offered)
    return replace(page, details=_details(found, session, clock)) if found.is_admitted else page


def of_reading(found: Appointments, token: str, say: Texts, words: Texts) -> View:
    """What the patient can read about their treatment, in the language of `words`."""
    if not found.is_open:
        return _page("ended", found, token, say)
    clock = _clock(found, say)
    texts = tuple(_text(reading, article(reading.review.topic, words), clock) for reading in found.readings)
    return replace(_page("reading", found, token, say), texts=texts)


def _text(reading: Reading, words: Article, clock: ClockFace) -> Text:
    return Text(
        topic=reading.review.topic,
        version=reading.review.version,
        article=words,
        reviewed_on=clock.date(reading.review.at),
        read_on=clock.date(reading.receipt.at) if reading.receipt else "",
    )


def _page(template: str, found: Appointments, token: str, say: Texts) -> View:
    is_locked = found.visitors.factor.is_locked and not found.is_admitted
    return View(
        template=template,
        say=say,
        alias=found.clinic.sender_alias,
        phone=found.clinic.phone,
        spoken_phone=spoken(found.clinic.phone),
        home=f"{PATH}{token}",
        reading=f"{PATH}{token}{READING}" if found.readings else "",
        asks_year=not found.is_admitted and not is_locked,
        is_locked=is_locked,
    )


def _clock(found: Appointments, say: Texts) -> ClockFace:
    country = found.patient.country or found.clinic.country
    return ClockFace(found.series.zone, locale_of(say.language, country), say)


def _visit(found: Appointments, session: Session, token: str, clock: ClockFace) -> Visit:
    return Visit(
        number=session.number,
        href=f"{PATH}{token}/{session.number}",
        state=_state(session, found.at),
        date=clock.date(session.starts_at),
        time=clock.time(session.starts_at),
        zone=clock.zone_name(session.starts_at),
        is_confirmed=session.confirmed_at is not None,
    )


def _state(session: Session, at: datetime) -> str:
    if is_awaited(session, at):
        return "awaited"
    if session.status in LOST:
        return "off"
    if session.status in _HERE:
        return "here"
    if session.waits_for_a_place:
        return "waiting"
    return "past"


def _details(found: Appointments, session: Session, clock: ClockFace) -> Details:
    return Details(
        number_of=clock.say("number_of", number=session.number, count=len(found.series.sessions)),
        own_clock=_own_clock(found, session, clock),
        steps=_steps(session, preparation_of(session, found.care), clock),
        asked=found.asked.get(session.number, Asked()),
        may_be_late=may_be_late(found.series, session, found.at),
    )


def _own_clock(found: Appointments, session: Session, clock: ClockFace) -> str:
    zone, at = found.patient.zone or clock.zone, session.starts_at
    if utc_offset(at, zone) == utc_offset(at, clock.zone):
        return ""
    own = replace(clock, zone=zone)
    return clock.say("in_zone", time=own.moment(at, beside=at), zone=own.zone_name(at))


def _steps(session: Session, preparation: Preparation, clock: ClockFace) -> Steps:
    def moment(at: datetime | None) -> str:
        return "" if at is None else clock.moment(at, beside=session.starts_at)

    return Steps(
        arrive=moment(preparation.arrive_at),
        home=moment(preparation.home_at),
        solids=moment(preparation.solids_until),
        fluids=moment(preparation.fluids_until),
        driver=moment(preparation.no_driving_until),
    )


def _offered(found: Appointments, clock: ClockFace) -> Offered | None:
    offer = found.offer
    if offer is None:
        return None
    return Offered(
        id=offer.id,
        date=clock.date(offer.starts_at),
        time=clock.time(offer.starts_at),
        instead=_instead(found, offer, clock),
        until=clock.moment(offer.expires_at, beside=found.at),
    )


def _instead(found: Appointments, offer: Offer, clock: ClockFace) -> str:
    session = found.series.session(offer.number)
    if session.status is not SessionStatus.BOOKED:
        return ""
    return clock.say("offer_instead", date=clock.date(session.starts_at), time=clock.time(session.starts_at))


def with_faults(page: View, faults: Sequence[Fault], posted: Posted) -> View:
    """The page once more, with what is wrong and what had been written."""
    return replace(page, faults=tuple(faults), posted=posted)
