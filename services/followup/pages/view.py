"""What the templates show: decided here, so that they only lay it out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from services.followup.domain.check_in import AllAnswers, Status
from services.followup.domain.scoring import help_called_for
from services.followup.operations.by_link import Form, Sheet
from services.followup.pages.form import STEP, field_name
from services.followup.pages.help import ShownHelp, every_country, shown_help
from services.followup.pages.screen import Fault, Screen, Section, widest
from services.followup.pages.steps import Step, current, may_go_on, steps
from shared.http.clock_face import ClockFace, locale_of
from shared.http.page_texts import Texts
from shared.http.pages import spoken


@dataclass(frozen=True)
class View:
    """`worried` is crisis or emergency when an answer calls for help: then it stands first. `countries`: help where no
    country is known. `back` leads to the screen before, if there is one. `carried` are answers that came before the
    year of birth, as fields; they come along with it.
    """

    template: str
    say: Texts
    alias: str = ""
    phone: str = ""
    spoken_phone: str = ""
    help: ShownHelp | None = None
    countries: tuple[tuple[str, ShownHelp], ...] = ()
    worried: str = ""
    saved: bool = False
    until: Mapping[str, str] = field(default_factory=dict)
    sections: tuple[Section, ...] = ()
    step: int = 0
    back: str = ""
    goes_on: bool = False
    carried: tuple[tuple[str, int], ...] = ()
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class Asked:
    """What the browser wants to see: `wrong` is the key of what could not be taken, `posted` are answers that it sent,
    `step` the screen (None: the first one that needs an answer), `saved` comes after the answers were kept.
    """

    wrong: str = ""
    posted: AllAnswers = field(default_factory=dict)
    step: int | None = None
    saved: bool = False


BLANK: Final = "blank"
NO_YEAR: Final = "no_year"
WRONG_YEAR: Final = "wrong_year"
BAD_ANSWER: Final = "bad_answer"


def of_nobody(template: str, say: Texts, texts: Mapping[str, Texts]) -> View:
    """For a link that belongs to nobody we know, and for a fault of ours."""
    return View(template, say, countries=every_country(say, texts))


def of_sheet(sheet: Sheet, asked: Asked, say: Texts, texts: Mapping[str, Texts]) -> View:
    """The page of a check-in. Nothing on it says who the patient is or, without a pass, what was answered."""
    known = sheet.check_in.all_answers if sheet.is_admitted else {}
    found = steps(sheet.forms, known) if sheet.is_admitted and sheet.forms else ()
    number = _step(found, known, asked.step)
    goes_on = bool(found) and may_go_on(found, number)
    is_whole = len(found) == 1 and not goes_on
    screen = Screen(found[number], known, say, is_whole=is_whole) if found else None
    template, faults = _template(sheet), _faults(asked.wrong, screen, say)
    country = sheet.patient.country or sheet.clinic.country
    return View(
        template=template,
        say=say,
        alias=sheet.clinic.sender_alias,
        phone=sheet.clinic.phone,
        spoken_phone=spoken(sheet.clinic.phone),
        help=shown_help(country, say, texts),
        worried=_worried(sheet.forms, known, asked.posted),
        saved=asked.saved and not faults and any(known.values()),
        until=_until(sheet, country, say),
        sections=tuple(screen.sections(faults)) if screen else (),
        step=number,
        back=f"?{STEP}={number - 1}" if number else "",
        goes_on=goes_on,
        carried=tuple(_fields(asked.posted)) if template == "gate" else (),
        faults=faults,
    )


def has_blanks(sheet: Sheet, step: int | None) -> bool:
    """Whether the screen that was sent has a question without an answer."""
    known = sheet.check_in.all_answers
    found = steps(sheet.forms, known)
    return any(group.blank(known) for group in found[_step(found, known, step)])


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
    return widest(kinds)


def _faults(wrong: str, screen: Screen | None, say: Texts) -> tuple[Fault, ...]:
    if not wrong:
        return ()
    if wrong in {NO_YEAR, WRONG_YEAR}:
        return (Fault(say(wrong), "#year"),)
    blanks = screen.blanks() if screen and wrong == BLANK else ()
    return blanks or (Fault(say(BAD_ANSWER), "#questions"),)


def _fields(posted: AllAnswers) -> Iterator[tuple[str, int]]:
    for instrument, answers in posted.items():
        for item, value in answers.items():
            yield field_name(instrument, item), value


def _until(sheet: Sheet, country: str, say: Texts) -> Mapping[str, str]:
    expires_at = sheet.check_in.expires_at
    if expires_at is None:
        return {}
    clock = ClockFace(sheet.patient.zone or sheet.clinic.zone, locale_of(say.language, country), say)
    return {"date": clock.date(expires_at), "time": clock.time(expires_at)}
