"""Makes what a message says: picks the wording, fills it, and judges wordings that are new."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import cache

from services.notify.domain.clinic import Clinic
from services.notify.domain.message import PATIENT, Channel, Message
from services.notify.domain.recipient import Privacy, Recipient
from services.notify.domain.template import Place, Preview, Sample, Template, Wording
from services.notify.domain.text_keys import KEYS, LEVELS
from services.notify.domain.wording import DEFAULT_LANGUAGE, Content, Facts, Text, facts_of, key_of, language_of
from services.notify.templates.html import as_html
from services.notify.templates.language import LONGEST, CannotRender, render
from services.notify.templates.linter import body_mistakes, can_be_read, faults_of, longest_sms
from services.notify.templates.samples import longest_facts, usual_facts
from services.notify.templates.segments import size_of
from services.notify.templates.shipped import Shipped, load_shipped
from services.notify.templates.tidy import one_line, paragraphs
from shared.errors import Fault


class Writer:
    """See `operations.ports.Writer`."""

    def __init__(self, shipped: Mapping[str, Shipped]) -> None:
        self._shipped = shipped

    def places(self) -> list[Place]:
        """Every text that ships and that a clinic may have its own of."""
        return [
            Place(key, language, privacy)
            for language, texts in self._shipped.items()
            for key, privacy in texts.wordings
            if not KEYS[key].is_fixed
        ]

    def shipped(self, place: Place) -> Wording | None:
        """The platform's wording; None where a level takes the next one's."""
        return self._shipped[place.language].wordings.get((place.key, place.privacy))

    def write(
        self,
        message: Message,
        content: Content,
        clinic: Clinic,
        recipient: Recipient | None,
        own: Sequence[Template],
        *,
        now: datetime,
    ) -> Text:
        """The message in the reader's language, made of the clinic's valid wordings (`own`) or of the platform's."""
        is_patients = message.reader == PATIENT and recipient is not None
        privacy = recipient.privacy if recipient and is_patients else Privacy.MINIMAL
        language = language_of(recipient.locale if recipient else clinic.locale)
        for place, wording, edition in self._choices(key_of(message), language, privacy, own):
            facts = facts_of(content, clinic, recipient, language=place.language, now=now)
            # A clinic's wording that a later version of the platform cannot fill any more gives way to ours.
            with suppress(CannotRender):
                return replace(self._text(message, content, place, wording, facts), edition=edition)
        raise CannotRender(key_of(message))

    def faults(self, place: Place, wording: Wording, clinic: Clinic) -> list[Fault]:
        """Every reason why a wording cannot be published at that place."""
        texts = self._shipped[place.language]
        longest = longest_facts(clinic, language=place.language)
        return faults_of(place, wording, texts.lexicon, longest=longest, tail=texts.opt_out)

    def body_faults(self, body: str, *, locale: str, patient_name: str) -> list[Fault]:
        """Every reason why a text that a person wrote cannot go to this patient."""
        languages = dict.fromkeys((language_of(locale), DEFAULT_LANGUAGE))
        lexicons = [self._shipped[language].lexicon for language in languages]
        found = dict.fromkeys(body_mistakes(body[:LONGEST], lexicons, patient_name))
        return [Fault(one.code, one.detail, "/body") for one in found]

    def preview(self, place: Place, wording: Wording, clinic: Clinic, *, now: datetime) -> Preview:
        """The wording with a visit three days ahead, and with every field at its longest."""
        faults = tuple(self.faults(place, wording, clinic))
        if not can_be_read(place, wording):
            return Preview(None, None, faults)
        usual = self._sample(wording, usual_facts(clinic, language=place.language, now=now))
        return Preview(usual, self._longest(place, wording, clinic), faults)

    def _choices(
        self, key: str, language: str, privacy: Privacy, own: Sequence[Template]
    ) -> Iterator[tuple[Place, Wording, int]]:
        """From the one that fits best: the reader's language before English, more openness before less."""
        published = {template.place: template for template in own}
        for spoken in dict.fromkeys((language, DEFAULT_LANGUAGE)):
            for level in LEVELS[LEVELS.index(privacy) :]:
                place = Place(key, spoken, level)
                if template := published.get(place):
                    yield place, template.wording, template.edition
                if wording := self.shipped(place):
                    yield place, wording, 0

    def _text(self, message: Message, content: Content, place: Place, wording: Wording, facts: Facts) -> Text:
        if message.channel is not Channel.SMS:
            return Text(one_line(render(wording.subject, facts)), paragraphs(render(wording.email, facts)))
        body = one_line(render(wording.sms, facts))
        if not (content.opt_out and KEYS[place.key].tells_opt_out):
            return Text("", body)
        return Text("", f"{body} {self._shipped[place.language].opt_out}", tells_opt_out=True)

    @staticmethod
    def _sample(wording: Wording, facts: Facts, sms: str = "") -> Sample:
        sms = sms or one_line(render(wording.sms, facts))
        size = size_of(sms)
        email = paragraphs(render(wording.email, facts))
        return Sample(
            sms=sms,
            encoding=size.encoding.value,
            units=size.units,
            parts=size.parts,
            subject=one_line(render(wording.subject, facts)),
            email=email,
            html=as_html(email),
        )

    def _longest(self, place: Place, wording: Wording, clinic: Clinic) -> Sample:
        facts = longest_facts(clinic, language=place.language)
        sms, _ = longest_sms(wording.sms, KEYS[place.key], facts, self._shipped[place.language].opt_out)
        return self._sample(wording, facts, sms)


@cache
def load_writer() -> Writer:
    """The writer with the texts that ship. Raises `TextsFault`."""
    return Writer(load_shipped())
