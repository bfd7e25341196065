"""What became of a clinic's patients, all together: for the clinic to see, and for others without who they are."""

from collections.abc import Iterator
from dataclasses import dataclass

from services.followup.domain.outcome import FEWEST, Cohort, Outcome, cohort, is_enough, traces
from services.followup.operations.ports import UnitOfWork
from shared.errors import Fault, Invalid, RuleBroken


@dataclass(frozen=True)
class ShowOutcomes:
    """Of all series, or of those of one `protocol`."""

    instrument: str
    protocol: str | None


@dataclass(frozen=True)
class ExportOutcomes:
    """Of all series and instruments, or only of those of one `protocol` or with one `instrument`."""

    instrument: str | None
    protocol: str | None


@dataclass(frozen=True)
class Row:
    """One score of somebody. `person` and `course` are numbers of this export alone."""

    person: int
    course: int
    outcome: Outcome


@dataclass(frozen=True)
class Export:
    """By person, series, instrument and day; the persons stand in no order."""

    rows: tuple[Row, ...]


def show_outcomes(uow: UnitOfWork, command: ShowOutcomes) -> Cohort:
    """Response and remission by week after the last dose. Raises `Invalid`."""
    _refuse_unknown(uow, command.instrument)
    found = _traces(uow, command.instrument, command.protocol)
    return cohort(uow.instruments.newest(command.instrument), command.protocol, found)


def export_outcomes(uow: UnitOfWork, command: ExportOutcomes) -> Export:
    """Every score with its days since the first and the last dose, and nothing that says whose it is.

    Raises `Invalid`, and `RuleBroken` where so few people are in it that they could be recognised.
    """
    if command.instrument:
        _refuse_unknown(uow, command.instrument)
    found = [outcome for trace in _traces(uow, command.instrument, command.protocol) for outcome in trace]
    if not is_enough(found):
        detail = f"There are scores of fewer than {FEWEST} people; they could be recognised."
        raise RuleBroken("outcomes.too-few", detail, [Fault("outcomes.too-few", detail, "", {"at_least": FEWEST})])
    # A random secret for each person; their order leaves nothing of the order in which the clinic knows them.
    by_chance = sorted((uow.new_token(), patient) for patient in {each.scored.patient_id for each in found})
    persons = {patient: number for number, (_, patient) in enumerate(by_chance, 1)}
    courses = _numbered(found)
    rows = (Row(persons[each.scored.patient_id], courses[each.course.id], each) for each in found)
    return Export(tuple(sorted(rows, key=_in_order)))


def _in_order(row: Row) -> tuple[int, int, str, int]:
    return row.person, row.course, row.outcome.scored.instrument, row.outcome.day


def _numbered(found: list[Outcome]) -> dict[str, int]:
    """Which of the series of its patient a series is."""
    mine: dict[str, list[str]] = {}
    for each in sorted(found, key=lambda outcome: outcome.scored.due_at):
        courses = mine.setdefault(each.scored.patient_id, [])
        if each.course.id not in courses:
            courses.append(each.course.id)
    return {id: number for courses in mine.values() for number, id in enumerate(courses, 1)}


def _traces(uow: UnitOfWork, instrument: str | None, protocol: str | None) -> Iterator[tuple[Outcome, ...]]:
    known = uow.known.with_protocol(protocol)
    courses = [course for each in known for course in each.courses if protocol in {None, course.protocol}]
    talks = {edition: uow.plans.get(edition).questions.talks for edition in {course.edition for course in courses}}
    return traces(courses, uow.check_ins.scores(instrument), uow.instruments, talks=talks)


def _refuse_unknown(uow: UnitOfWork, instrument: str) -> None:
    if uow.instruments.find(instrument) is None:
        detail = f"There is no instrument {instrument}."
        raise Invalid("instrument.unknown", detail, [Fault("instrument.unknown", detail, "/query/instrument")])
