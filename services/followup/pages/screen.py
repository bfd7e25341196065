"""The questions that stand together on one screen, as the templates lay them out, and what is wrong with them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.followup.domain.check_in import AllAnswers
from services.followup.domain.instrument import Item
from services.followup.domain.scoring import help_called_for
from services.followup.pages.form import field_name
from services.followup.pages.steps import Group, Step
from shared.http.page_texts import Texts


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
class Screen:
    """One of the screens; `is_whole` when all questions stand on it."""

    step: Step
    known: AllAnswers
    say: Texts
    is_whole: bool

    def blanks(self) -> tuple[Fault, ...]:
        """One line for each question without an answer."""
        counts = dict(self._counts())
        lacking = [(name, item) for group, name, item in self._items() if item.id in group.blank(self.known)]
        return tuple(
            Fault(self.say("blank", question=counts[name]), f"#{name}-{item.lowest}", name) for name, item in lacking
        )

    def sections(self, faults: Sequence[Fault]) -> Iterator[Section]:
        """The questions by instrument; those with a fault say so."""
        wrong = {fault.field for fault in faults}
        counts = dict(self._counts())
        for group in self.step:
            text = group.form.text
            questions = tuple(self._question(group, item, counts, wrong) for item in group.items)
            id = f"prompt-{group.form.part.instrument}"
            yield Section(id, text.language, text.prompt, text.notice, questions)

    def _question(self, group: Group, item: Item, counts: Mapping[str, str], wrong: set[str]) -> Question:
        name, instrument, text = _name(group, item), group.form.instrument, group.form.text
        chosen = self.known.get(group.form.part.instrument, {}).get(item.id)
        calls = {value: help_called_for(instrument, {item.id: value}) for value in range(item.lowest, item.highest + 1)}
        options = tuple(
            Option(f"{name}-{value}", value, text.option(item, value), chosen == value, bool(called))
            for value, called in calls.items()
        )
        fault = self.say("choose") if name in wrong else ""
        return Question(name, counts[name], text.items[item.id], options, fault, widest(set().union(*calls.values())))

    def _counts(self) -> Iterator[tuple[str, str]]:
        """How the questions are counted; how many there will be is only known when all of them stand here."""
        names = [name for _, name, _ in self._items()]
        first = 1 if self.is_whole else self.step[0].first
        for number, name in enumerate(names, first):
            if self.is_whole:
                yield name, self.say("question_of", number=number, count=len(names))
            else:
                yield name, self.say("question", number=number)

    def _items(self) -> Iterator[tuple[Group, str, Item]]:
        for group in self.step:
            for item in group.items:
                yield group, _name(group, item), item


def widest(kinds: set[str]) -> str:
    """Crisis lines come with the emergency number, so they are the wider help."""
    return next((kind for kind in ("crisis", "emergency") if kind in kinds), "")


def _name(group: Group, item: Item) -> str:
    return field_name(group.form.part.instrument, item.id)
