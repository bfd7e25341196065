"""What follows from a text at once: consent, an answer by text, a call to the staff, news to the others."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from services.notify.domain.contact_point import Source
from services.notify.domain.events import CallWanted, Event, ReplyFlagged
from services.notify.domain.message import Channel, Kind, Message
from services.notify.domain.planning import Meaning, Timing, queued
from services.notify.domain.reading import Reading
from services.notify.domain.reply import OF_A_SESSION, Answer
from services.notify.operations.consents import opt_in, opt_out
from services.notify.operations.ledger import plan
from services.notify.operations.pages import raise_page
from services.notify.operations.ports import UnitOfWork
from services.notify.operations.senders import Sender, Text

ONCE_IN: Final = timedelta(hours=1)
"""At most one automatic answer of each kind to a number in this time, so that two machines do not talk for ever."""
STALE: Final = timedelta(hours=1)
"""A text that is handed in so late gets no automatic answer any more, unless it speaks of danger."""
GOOD_FOR: Final[Mapping[Kind, timedelta]] = MappingProxyType(
    {
        # One confirmation within five minutes belongs to the opt-out (47 CFR 64.1200(a)(12)).
        Kind.OPT_OUT_CONFIRMATION: timedelta(minutes=5),
        Kind.OPT_IN_CONFIRMATION: ONCE_IN,
        Kind.HELP: ONCE_IN,
        Kind.NO_OPEN_VISIT: ONCE_IN,
        Kind.CRISIS: timedelta(hours=12),
    }
)
"""How long each automatic answer is of use."""
CRISIS_FIRST: Final = timedelta(seconds=10)
"""How long another answer waits for the one to somebody in danger."""
PAGE_REASON: Final = "crisis-text"
MAY_MEAN_VISIT: Final = "may-have-meant-the-visit"


@dataclass(frozen=True)
class Understood:
    """A reading in the light of who sent it. `is_open`: a person has to read it. `kinds`: the answers it calls for.

    `stops`, `starts`: what it says of further texts. `is_danger`: somebody has to call at once. `may_mean_visit`: the
    word that stopped all texts may have been meant for a visit that is coming.
    """

    answer: Answer
    about: str | None
    is_open: bool
    kinds: tuple[Kind, ...] = ()
    stops: bool = False
    starts: bool = False
    may_mean_visit: bool = False

    @property
    def is_danger(self) -> bool:
        return self.answer is Answer.CRISIS


@dataclass(frozen=True)
class Followed:
    """The automatic answers that were given, and what others hear."""

    kinds: tuple[Kind, ...]
    events: tuple[Event, ...]


def understand(reading: Reading, sender: Sender, text: Text) -> Understood:
    """What the text means for whoever sent it."""
    if reading.answer in OF_A_SESSION:
        return _of_a_session(reading.answer, sender)
    restarts = reading.says_yes and sender.point.is_stopped
    answer = Answer.OPT_IN if restarts else reading.answer
    is_overtaken = _was_overtaken(sender, text)
    stops = reading.opts_out and not is_overtaken
    starts = answer is Answer.OPT_IN and not is_overtaken
    visit = reading.may_mean_visit and bool(sender.coming)
    return Understood(
        answer=answer,
        about=sender.about,
        is_open=visit or not (reading.is_plain or restarts),
        kinds=tuple(_answers(answer, stops=stops and not sender.point.is_stopped, starts=starts)),
        stops=stops,
        starts=starts,
        may_mean_visit=visit,
    )


def follow(uow: UnitOfWork, text: Text, sender: Sender, understood: Understood) -> Followed:
    """Do what the text asks for, in the unit of work that keeps it."""
    if understood.stops or understood.starts:
        say = opt_out if understood.stops else opt_in
        say(uow, Channel.SMS, text.sender, source=Source.SMS, wording=text.text, said_at=text.received_at)
    if understood.is_danger:
        about = f"reply/{text.id}"
        raise_page(uow, reason=PAGE_REASON, patient_id=sender.patient_id or "", about=about, phone=text.sender)
    kinds = _due(uow, text, sender, understood)
    plan(uow, [_row(uow, text, sender, kind, waits=understood.is_danger and kind is not Kind.CRISIS) for kind in kinds])
    return Followed(kinds, tuple(_news(uow, text, sender, understood)))


def _of_a_session(answer: Answer, sender: Sender) -> Understood:
    """A digit that fits nothing is for a person; where no visit is coming at all, the sender is told so."""
    if sender.asked:
        return Understood(answer, sender.asked.id, is_open=False)
    kinds = () if sender.coming else (Kind.NO_OPEN_VISIT,)
    return Understood(Answer.OTHER, sender.about, is_open=True, kinds=kinds)


def _was_overtaken(sender: Sender, text: Text) -> bool:
    """Whether a later text of this number, about the same, was handed in before this one."""
    steps = [step for step in sender.point.history if step.source is Source.SMS]
    return any(step.said_at > text.received_at for step in steps)


def _answers(answer: Answer, *, stops: bool, starts: bool) -> Iterator[Kind]:
    if answer is Answer.CRISIS:
        yield Kind.CRISIS
    if stops:
        yield Kind.OPT_OUT_CONFIRMATION
    if starts:
        yield Kind.OPT_IN_CONFIRMATION
    if answer is Answer.HELP:
        yield Kind.HELP


def _due(uow: UnitOfWork, text: Text, sender: Sender, understood: Understood) -> tuple[Kind, ...]:
    """The answers that are still worth giving and were not given to this number lately."""
    is_stale = text.received_at < uow.now - STALE
    wanted = [kind for kind in understood.kinds if kind is Kind.CRISIS or not is_stale]
    given = uow.replies.told_since(sender.point.address, uow.now - ONCE_IN) if wanted else set()
    return tuple(kind for kind in wanted if kind.value not in given)


def _row(uow: UnitOfWork, text: Text, sender: Sender, kind: Kind, *, waits: bool) -> Message:
    """The answer as a row of the ledger. The hour in its meaning keeps two texts of one moment at one answer."""
    due_at = uow.now + CRISIS_FIRST if waits else uow.now
    meaning = Meaning(
        patient_id=sender.patient_id or "",
        about=f"contact/{sender.point.id}",
        kind=kind,
        channel=Channel.SMS,
        offset=f"{uow.now:%Y-%m-%dT%H}",
    )
    timing = Timing(due_at, due_at + GOOD_FOR[kind], needed_at=due_at)
    return queued(uow.clinic_id, meaning, timing, at=uow.now, to=uow.seal(text.sender))


def _news(uow: UnitOfWork, text: Text, sender: Sender, understood: Understood) -> Iterator[Event]:
    if understood.is_danger and sender.patient_id:
        yield ReplyFlagged(sender.patient_id, Answer.CRISIS.value, text.received_at)
    if understood.may_mean_visit:
        for visit in sender.coming:
            yield CallWanted(visit.patient_id, visit.id, Answer.OPT_OUT.value, MAY_MEAN_VISIT, uow.now)
