"""What the templates show: decided here, so that they only lay it out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.followup.domain.check_in import Status
from services.followup.domain.crisis import LINES, Help, help_in
from services.followup.domain.instrument import Answers, Item
from services.followup.domain.scoring import worrying
from services.followup.operations.by_link import Sheet
from services.followup.pages.form import ITEM
from shared import errors
from shared.localtime import to_local
from shared.pages import spoken


@dataclass(frozen=True)
class Fault:
    """A line of the summary at the top; `href` leads to the place to mend, `item` is the question it is about."""

    text: str
    href: str
    item: str = ""


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
    """One question with its options; `fault` is empty or says what is wrong."""

    name: str
    words: str
    options: tuple[Option, ...]
    fault: str


@dataclass(frozen=True)
class View:
    """`worried`: an answer must reach a person, so help stands first. `countries`: help where no country is known."""

    template: str
    alias: str = ""
    phone: str = ""
    spoken_phone: str = ""
    help: Help | None = None
    countries: tuple[Help, ...] = ()
    worried: bool = False
    saved: bool = False
    until: str = ""
    language: str = "en"
    prompt: str = ""
    notice: str = ""
    questions: tuple[Question, ...] = ()
    faults: tuple[Fault, ...] = ()


NOBODY: Final = View("", countries=tuple(LINES.values()))
"""For a link that belongs to nobody we know."""
NO_YEAR: Final = Fault("Enter the year you were born in as four digits, like 1985", "#year")
WRONG_YEAR: Final = Fault("This is not the year we have for you. Check it and try again", "#year")


def of_sheet(sheet: Sheet, faults: Sequence[Fault], posted: Answers, *, saved: bool) -> View:
    """The page of a check-in. Nothing on it says who the patient is or, without a pass, what was answered."""
    known = sheet.check_in.answers if sheet.is_admitted else {}
    return View(
        template=_template(sheet),
        alias=sheet.clinic.sender_alias,
        phone=sheet.clinic.phone,
        spoken_phone=spoken(sheet.clinic.phone),
        help=help_in(sheet.patient.country or sheet.clinic.country),
        worried=worrying(sheet.instrument, known) or worrying(sheet.instrument, posted),
        saved=saved and not faults,
        until=_until(sheet.check_in.expires_at, sheet.patient.zone or sheet.clinic.zone),
        language=sheet.text.language,
        prompt=sheet.text.prompt,
        notice=sheet.text.notice,
        questions=_questions(sheet, known, faults) if sheet.is_admitted else (),
        faults=tuple(faults),
    )


def blanks(sheet: Sheet) -> list[Fault]:
    """One line for each question without an answer."""
    return [_unanswered(sheet, id) for id in sheet.instrument.blank(sheet.check_in.answers)]


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


def _questions(sheet: Sheet, known: Answers, faults: Sequence[Fault]) -> tuple[Question, ...]:
    said = {fault.item: "Choose one answer" for fault in faults if fault.item}
    tiers = {watched.item: watched.tiers for watched in sheet.instrument.escalating}
    return tuple(
        Question(
            name=f"{ITEM}{item.id}",
            words=sheet.text.items[item.id],
            options=tuple(
                Option(
                    id=_anchor(item, value),
                    value=value,
                    words=sheet.text.options[value],
                    is_chosen=known.get(item.id) == value,
                    escalates=value in tiers.get(item.id, {}),
                )
                for value in range(item.lowest, item.highest + 1)
            ),
            fault=said.get(item.id, ""),
        )
        for item in sheet.instrument.items
    )


def _anchor(item: Item, value: int) -> str:
    return f"{ITEM}{item.id}-{value}"


def _unanswered(sheet: Sheet, id: str) -> Fault:
    number, item = next((number, item) for number, item in enumerate(sheet.instrument.items, 1) if item.id == id)
    return Fault(f"Question {number}: choose one answer", f"#{_anchor(item, item.lowest)}", id)


def _until(at: datetime | None, zone: str) -> str:
    if at is None:
        return ""
    local = to_local(at, zone)
    return f"{local:%A} {local.day} {local:%B}, {local.hour % 12 or 12}:{local:%M %p}"
