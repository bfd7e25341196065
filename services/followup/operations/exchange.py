"""What other systems read of a clinic's follow-up: instruments, answers and scores, one by one and by patient."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from services.followup.domain.check_in import CheckIn, Part, Status
from services.followup.domain.instrument import Instrument
from services.followup.domain.measure import coding
from services.followup.domain.wording import ENGLISH, InstrumentText, best
from services.followup.operations.instruments import wordings
from services.followup.operations.ports import UnitOfWork
from shared.errors import NotFound

_PATIENT: Final = "Patient/"


@dataclass(frozen=True)
class ShowCapabilities:
    """Nothing but the clinic."""


@dataclass(frozen=True)
class ShowQuestionnaire:
    """`<instrument>.<version>`: a version that was ever used stays."""

    questionnaire_id: str


@dataclass(frozen=True)
class SearchQuestionnaires:
    """All versions of all instruments."""


@dataclass(frozen=True)
class ShowResponse:
    """`<check-in>.<instrument>`."""

    response_id: str


@dataclass(frozen=True)
class SearchResponses:
    """All answers of a patient: the id, or a reference to it."""

    patient: str


@dataclass(frozen=True)
class ShowObservation:
    """`<check-in>.<instrument>`."""

    observation_id: str


@dataclass(frozen=True)
class SearchObservations:
    """All scores of a patient: the id, or a reference to it. `code`: only those with this code, in any system."""

    patient: str
    code: str | None


@dataclass(frozen=True)
class Described:
    """An instrument and, where they may be shown, its words in English."""

    instrument: Instrument
    text: InstrumentText | None

    @property
    def id(self) -> str:
        return questionnaire_id(self.instrument)


@dataclass(frozen=True)
class Answered:
    """What a patient answered to one instrument, and the words that were shown, if any were."""

    check_in: CheckIn
    part: Part
    instrument: Instrument
    text: InstrumentText | None

    @property
    def id(self) -> str:
        return f"{self.check_in.id}.{self.part.instrument}"


@dataclass(frozen=True)
class Library:
    """Instruments, and where the clinic's resources are read."""

    base: str
    items: tuple[Described, ...]


@dataclass(frozen=True)
class Record:
    """Answers of one patient by due time, and where the clinic's resources are read."""

    base: str
    items: tuple[Answered, ...]


def questionnaire_id(instrument: Instrument) -> str:
    """Each version is a questionnaire of its own."""
    return f"{instrument.id}.{instrument.version}"


def show_capabilities(uow: UnitOfWork, command: ShowCapabilities) -> str:
    """Where the clinic's resources are read."""
    del command
    return f"{uow.public_url}/followup/v1/clinics/{uow.clinic_id}/fhir"


def show_questionnaire(uow: UnitOfWork, command: ShowQuestionnaire) -> Described:
    """The instrument in that version. Raises `NotFound`."""
    for described in _described(uow):
        if described.id == command.questionnaire_id:
            return described
    raise NotFound("questionnaire")


def search_questionnaires(uow: UnitOfWork, command: SearchQuestionnaires) -> Library:
    """Every version of every instrument."""
    del command
    return Library(show_capabilities(uow, ShowCapabilities()), tuple(_described(uow)))


def show_response(uow: UnitOfWork, command: ShowResponse) -> Answered:
    """The answers, once all were given. Raises `NotFound`."""
    return _answered(uow, command.response_id)


def search_responses(uow: UnitOfWork, command: SearchResponses) -> Record:
    """All that the patient answered. Raises `NotFound`."""
    return Record(show_capabilities(uow, ShowCapabilities()), tuple(_of_patient(uow, command.patient)))


def show_observation(uow: UnitOfWork, command: ShowObservation) -> Answered:
    """The score. Raises `NotFound`, also where answers are kept and not counted."""
    found = _answered(uow, command.observation_id)
    if not _is_scored(found):
        raise NotFound("observation")
    return found


def search_observations(uow: UnitOfWork, command: SearchObservations) -> Record:
    """All scores of the patient, or those of one code. Raises `NotFound`."""
    code = command.code and command.code.rpartition("|")[-1]
    found = (each for each in _of_patient(uow, command.patient) if _is_scored(each))
    items = tuple(each for each in found if code in {None, coding(each.instrument)[1]})
    return Record(show_capabilities(uow, ShowCapabilities()), items)


def _described(uow: UnitOfWork) -> Iterator[Described]:
    words = wordings(uow).values()
    for instrument in sorted(uow.instruments.instruments, key=lambda each: (each.id, each.version)):
        yield Described(instrument, best(words, instrument, ENGLISH))


def _is_scored(found: Answered) -> bool:
    return found.part.score is not None and found.part.score.total is not None


def _answered(uow: UnitOfWork, id: str) -> Answered:
    check_in_id, _, instrument = id.partition(".")
    for found in _parts(uow, uow.check_ins.get(check_in_id), wordings(uow)):
        if found.part.instrument == instrument:
            return found
    raise NotFound("answers")


def _of_patient(uow: UnitOfWork, reference: str) -> Iterator[Answered]:
    patient = uow.patients.get(reference.removeprefix(_PATIENT))
    words = wordings(uow)
    for check_in in sorted(uow.check_ins.of_patient(patient.id), key=lambda each: (each.due_at, each.id)):
        yield from _parts(uow, check_in, words)


def _parts(uow: UnitOfWork, check_in: CheckIn, words: Mapping[str, InstrumentText]) -> Iterator[Answered]:
    for part in check_in.parts if check_in.status is Status.ANSWERED else ():
        instrument = uow.instruments.get(part.instrument, part.instrument_version)
        yield Answered(check_in, part, instrument, words[part.text] if part.text else None)
