"""Which instruments there are, and the words that clinics load for those whose wording may not be shipped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.followup.domain.asking import reasons_against
from services.followup.domain.instrument import Instrument
from services.followup.domain.wording import InstrumentText, LoadedText, best, word_faults
from services.followup.operations.ports import UnitOfWork
from shared.errors import Invalid, NotFound


@dataclass(frozen=True)
class ListInstruments:
    """All of them."""


@dataclass(frozen=True)
class LoadText:
    """An official wording of the instrument `code`, in one language; see `InstrumentText` for its parts."""

    code: str
    language: str
    source: str
    items: Mapping[str, str]
    prompt: str = ""
    options: Mapping[int, str] = field(default_factory=dict)
    item_options: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    notice: str = ""


@dataclass(frozen=True)
class Offer:
    """An instrument as the clinic has it: its words, and why it is not put before patients, if it is not."""

    instrument: Instrument
    texts: tuple[InstrumentText, ...]
    not_asked_because: tuple[str, ...]


@dataclass(frozen=True)
class Offers:
    """One for each instrument, by its id."""

    items: tuple[Offer, ...]


def wording_for(uow: UnitOfWork, instrument: Instrument, locale: str) -> InstrumentText | None:
    """The words to ask a patient with, in the language of `locale` (BCP 47) or in English; None: there are none."""
    return best(_texts(uow, uow.texts.of_instrument(instrument.id)), instrument, locale)


def wording_named(uow: UnitOfWork, instrument: Instrument, name: str) -> InstrumentText:
    """The words that a check-in was opened with. They are never taken away: `LookupError` is a bug."""
    for text in _texts(uow, uow.texts.of_instrument(instrument.id)):
        if text.name == name:
            return text
    raise LookupError(f"no words {name}")


def wordings(uow: UnitOfWork) -> Mapping[str, InstrumentText]:
    """All words that there are, by the name that a check-in keeps of them."""
    return {text.name: text for text in _texts(uow, uow.texts.all())}


def list_instruments(uow: UnitOfWork, command: ListInstruments) -> Offers:
    """The newest version of every instrument. Whether patients can be asked is said for the clinic's own country."""
    del command
    clinic = uow.clinics.find(uow.clinic_id)
    texts = _texts(uow, uow.texts.all())
    ids = sorted({each.id for each in uow.instruments.instruments})
    country = clinic.country if clinic else ""
    return Offers(tuple(_offer(uow.instruments.newest(id), texts, country) for id in ids))


def load_text(uow: UnitOfWork, command: LoadText) -> InstrumentText:
    """Keep a wording as the next edition; check-ins that are open keep theirs.

    Raises `NotFound`, `Invalid` with everything that is missing or belongs to nothing.
    """
    instrument = uow.instruments.find(command.code)
    if instrument is None:
        raise NotFound("instrument")
    text = InstrumentText(
        instrument=instrument.id,
        instrument_version=instrument.version,
        language=command.language,
        items=command.items,
        source=command.source,
        prompt=command.prompt,
        options=command.options,
        item_options=command.item_options,
        notice=command.notice,
        edition=1 + _latest(uow, instrument, command.language),
        is_own=True,
    )
    if faults := [*word_faults(instrument, text)]:
        raise Invalid("text.invalid", f"{len(faults)} parts of the wording are missing or wrong.", faults)
    uow.texts.save(LoadedText(uow.new_id(), text, uow.now))
    return text


def _texts(uow: UnitOfWork, loaded: Sequence[LoadedText]) -> tuple[InstrumentText, ...]:
    return (*uow.instruments.texts, *(each.text for each in loaded))


def _latest(uow: UnitOfWork, instrument: Instrument, language: str) -> int:
    loaded = [each.text for each in uow.texts.of_instrument(instrument.id)]
    mine = [each for each in loaded if (each.instrument_version, each.language) == (instrument.version, language)]
    return max((each.edition for each in mine), default=0)


def _offer(instrument: Instrument, texts: Sequence[InstrumentText], country: str) -> Offer:
    mine = [each for each in texts if (each.instrument, each.instrument_version) == (instrument.id, instrument.version)]
    spoken = sorted({each.language for each in mine})
    newest = tuple(found for language in spoken if (found := best(mine, instrument, language)))
    return Offer(instrument, newest, reasons_against(instrument, newest[0] if newest else None, country))
