"""A clinic's own texts: which ones count, trying new ones, publishing them."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from services.notify.domain.clinic import Clinic
from services.notify.domain.message import Channel, Kind, Message
from services.notify.domain.planning import Meaning, Timing, queued
from services.notify.domain.recipient import Privacy
from services.notify.domain.template import Place, Preview, Template, Wording, next_edition
from services.notify.operations.ledger import plan
from services.notify.operations.ports import UnitOfWork
from shared.errors import Fault, NotFound, RuleBroken

TEST_GOOD_FOR: Final = timedelta(hours=1)


@dataclass(frozen=True)
class ListTemplates:
    """The texts that count, all of them or one language's or of one `key` only."""

    key: str | None = None
    language: str | None = None


@dataclass(frozen=True)
class TryTemplate:
    """A wording that nobody gets."""

    key: str
    language: str
    privacy: Privacy
    sms: str
    subject: str
    email: str

    @property
    def place(self) -> Place:
        return Place(self.key, self.language, self.privacy)

    @property
    def wording(self) -> Wording:
        return Wording(self.sms, self.subject, self.email)


@dataclass(frozen=True)
class PublishTemplate(TryTemplate):
    """A wording that all messages of its place are made of from now on."""


@dataclass(frozen=True)
class SendTest(TryTemplate):
    """A wording with sample facts, to the number or address `to`."""

    channel: Channel
    to: str


@dataclass(frozen=True)
class ValidText:
    """The text that counts at a place. `edition` is 0 where it is the platform's."""

    key: str
    language: str
    privacy: Privacy
    edition: int
    sms: str
    subject: str
    email: str


@dataclass(frozen=True)
class ValidTexts:
    """All that were asked for."""

    items: tuple[ValidText, ...]


def list_templates(uow: UnitOfWork, query: ListTemplates) -> ValidTexts:
    """The clinic's own texts and, where it has none, the platform's, by key, language and level of privacy."""
    found: dict[Place, tuple[Wording, int]] = {}
    for place in uow.writer.places():
        if wording := uow.writer.shipped(place):
            found[place] = (wording, 0)
    for template in uow.templates.valid(query.key):
        found[template.place] = (template.wording, template.edition)
    texts = [
        ValidText(place.key, place.language, place.privacy, edition, wording.sms, wording.subject, wording.email)
        for place, (wording, edition) in found.items()
        if query.key in {None, place.key} and query.language in {None, place.language}
    ]
    return ValidTexts(tuple(sorted(texts, key=lambda text: (text.key, text.language, text.privacy))))


def preview_template(uow: UnitOfWork, command: TryTemplate) -> Preview:
    """What it would look like, and everything that is wrong with it. Nothing is kept."""
    return uow.writer.preview(command.place, command.wording, _clinic(uow), now=uow.now)


def publish_template(uow: UnitOfWork, command: PublishTemplate) -> Template:
    """The next edition. Raises `RuleBroken` with every reason why not."""
    _check(uow, command)
    last = uow.templates.latest(command.place)
    if last is not None:
        uow.templates.save(last.replaced(uow.now))
    return uow.templates.save(
        next_edition(
            uow.clinic_id,
            command.place,
            command.wording,
            edition=last.edition + 1 if last else 1,
            at=uow.now,
            by=uow.actor.id,
        )
    )


def send_test(uow: UnitOfWork, command: SendTest) -> Message:
    """A test message in the ledger, sent like any other. Raises `RuleBroken` with every reason why not."""
    _check(uow, command)
    sample = uow.writer.preview(command.place, command.wording, _clinic(uow), now=uow.now).usual
    if sample is None:
        raise AssertionError("what can be published can be shown")
    message = queued(
        uow.clinic_id,
        Meaning(patient_id="", about=f"test/{uow.new_id()}", kind=Kind.TEST, channel=command.channel),
        Timing(uow.now, uow.now + TEST_GOOD_FOR),
        at=uow.now,
        to=uow.seal(command.to),
        body=uow.seal(sample.sms if command.channel is Channel.SMS else sample.email),
    )
    plan(uow, [message])
    return message


def _check(uow: UnitOfWork, command: TryTemplate) -> None:
    faults: list[Fault] = uow.writer.faults(command.place, command.wording, _clinic(uow))
    if faults:
        raise RuleBroken("template.refused", "This text cannot be published.", faults)


def _clinic(uow: UnitOfWork) -> Clinic:
    clinic = uow.clinics.find(uow.clinic_id)
    if clinic is None:
        raise NotFound("clinic")
    return clinic
