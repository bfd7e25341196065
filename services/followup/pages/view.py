"""What the templates show: decided here, so that they only lay it out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.followup.domain.check_in import AllAnswers, Status
from services.followup.domain.crisis import LINES, Help, help_in
from services.followup.domain.instrument import Item
from services.followup.domain.scoring import help_called_for
from services.followup.operations.by_link import Form, Sheet
from services.followup.pages.form import STEP, field_name
from services.followup.pages.steps import Group, Step, current, may_go_on, steps
from shared import errors
from shared.localtime import to_local
from shared.pages import spoken


@dataclass(frozen=True)
class Fault:
    """A line of the summary at the top; `href` leads to the place to mend, `field` is the question it is about."""

    text: str
    href: str
    field: str = ""


@dataclass(frozen=True)
class Option:
    """One radio button; `escalates` shows the ways to get help as soon as it is chosen."""

    id: str
    value: int
    words: str
    is_chosen: bool
    escalates: bool


@dataclass(frozen=True)
class Question:
    """One question with its options; `fault` is empty or says what is wrong. `help`: crisis, emergency or empty."""

    name: str
    count: str
    words: str
    options: tuple[Option, ...]
    fault: str
    help: str


@dataclass(frozen=True)
class Section:
    """Questions of one instrument, in one language."""

    id: str
    language: str
    prompt: str
    notice: str
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class View:
    """`worried` is crisis or emergency when an answer calls for help: then it stands first. `countries`: help where no
    country is known. `back` leads to the screen before, if there is one.
    """

    template: str
    alias: str = ""
    phone: str = ""
    spoken_phone: str = ""
    help: Help | None = None
    countries: tuple[Help, ...] = ()
    worried: str = ""
    saved: bool = False
    until: str = ""
    sections: tuple[Section, ...] = ()
    step: int = 0
    back: str = ""
    goes_on: bool = False
    faults: tuple[Fault, ...] = ()


NOBODY: Final = View("", countries=tuple(LINES.values()))
"""For a link that belongs to nobody we know."""
NO_YEAR: Final = Fault("Enter the year you were born in as four digits, like 1985", "#year")
WRONG_YEAR: Final = Fault("This is not the year we have for you. Check it and try again", "#year")


def of_sheet(sheet: Sheet, faults: Sequence[Fault], posted: AllAnswers, *, saved: bool, step: int | None) -> View:
    """The page of a check-in, at the screen `step` (None: the first one that needs an answer).

    Nothing on it says who the patient is or, without a pass, what was answered.
    """
    known = sheet.check_in.all_answers if sheet.is_admitted else {}
    found = steps(sheet.forms, known) if sheet.is_admitted and sheet.forms else ()
    number = _step(found, known, step)
    return View(
        template=_template(sheet),
        alias=sheet.clinic.sender_alias,
        phone=sheet.clinic.phone,
        spoken_phone=spoken(sheet.clinic.phone),
        help=help_in(sheet.patient.country or sheet.clinic.country),
        worried=_worried(sheet.forms, known, posted),
        saved=saved and not faults,
        until=_until(sheet.check_in.expires_at, sheet.patient.zone or sheet.clinic.zone),
        sections=tuple(_sections(found[number], known, faults, is_whole=len(found) == 1)) if found else (),
        step=number,
        back=f"?{STEP}={number - 1}" if number else "",
        goes_on=bool(found) and may_go_on(found, number),
        faults=tuple(faults),
    )


def blanks(sheet: Sheet, step: int | None) -> list[Fault]:
    """One line for each question without an answer on the screen that was sent."""
    known = sheet.check_in.all_answers
    found = steps(sheet.forms, known)
    here = found[_step(found, known, step)]
    counts = dict(_counts(here, is_whole=len(found) == 1))
    lacking = [(_name(group, item), item) for group in here for item in group.items if item.id in group.blank(known)]
    return [Fault(f"{counts[name]}: choose one answer", f"#{name}-{item.lowest}", name) for name, item in lacking]


def of_fault(fault: errors.Fault) -> Fault:
    """A line for an answer that cannot be taken; no button of ours sends one."""
    return Fault(fault.detail, "#questions")


def _template(sheet: Sheet) -> str:
    if sheet.check_in.status is Status.ANSWERED:
        return "answered"
    if sheet.check_in.status is Status.CANCELLED:
        return "cancelled"
    if not sheet.is_open:
        return "closed"
    if sheet.is_admitted:
        return "questions"
    return "locked" if sheet.check_in.is_locked else "gate"


def _step(found: Sequence[Step], known: AllAnswers, wanted: int | None) -> int:
    """The screen asked for, but none beyond the first that still needs an answer."""
    if not found:
        return 0
    furthest = current(found, known)
    return furthest if wanted is None else min(wanted, furthest)


def _worried(forms: Sequence[Form], known: AllAnswers, posted: AllAnswers) -> str:
    kinds: set[str] = set()
    for form in forms:
        for answers in (known, posted):
            kinds |= help_called_for(form.instrument, answers.get(form.part.instrument, {}))
    return _most(kinds)


def _most(kinds: set[str]) -> str:
    """Crisis lines come with the emergency number, so they are the wider help."""
    return next((kind for kind in ("crisis", "emergency") if kind in kinds), "")


def _sections(step: Step, known: AllAnswers, faults: Sequence[Fault], *, is_whole: bool) -> Iterator[Section]:
    said = {fault.field: "Choose one answer" for fault in faults if fault.field}
    counts = dict(_counts(step, is_whole=is_whole))
    for group in step:
        text = group.form.text
        yield Section(
            id=f"prompt-{group.form.part.instrument}",
            language=text.language,
            prompt=text.prompt,
            notice=text.notice,
            questions=tuple(
                _question(group, item, known, counts[_name(group, item)], said.get(_name(group, item), ""))
                for item in group.items
            ),
        )


def _question(group: Group, item: Item, known: AllAnswers, count: str, fault: str) -> Question:
    name, instrument = _name(group, item), group.form.instrument
    chosen = known.get(group.form.part.instrument, {}).get(item.id)
    calls: Mapping[int, frozenset[str]] = {
        value: frozenset(help_called_for(instrument, {item.id: value}))
        for value in range(item.lowest, item.highest + 1)
    }
    options = tuple(
        Option(
            id=f"{name}-{value}",
            value=value,
            words=group.form.text.option(item, value),
            is_chosen=chosen == value,
            escalates=bool(called),
        )
        for value, called in calls.items()
    )
    return Question(name, count, group.form.text.items[item.id], options, fault, _most(set().union(*calls.values())))


def _counts(step: Step, *, is_whole: bool) -> Iterator[tuple[str, str]]:
    """How the questions of a screen are counted; how many there will be is only known when all of them stand on it."""
    total = sum(len(group.items) for group in step)
    number = 0 if is_whole else step[0].first - 1
    for group in step:
        for item in group.items:
            number += 1
            yield _name(group, item), f"Question {number} of {total}" if is_whole else f"Question {number}"


def _name(group: Group, item: Item) -> str:
    return field_name(group.form.part.instrument, item.id)


def _until(at: datetime | None, zone: str) -> str:
    if at is None:
        return ""
    local = to_local(at, zone)
    return f"{local:%A} {local.day} {local:%B}, {local.hour % 12 or 12}:{local:%M %p}"
