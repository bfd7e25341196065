"""What stands together on one screen: everything, or one group of questions where an answer decides what comes next."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from services.followup.domain.check_in import AllAnswers
from services.followup.domain.instrument import Condition, Item
from services.followup.operations.by_link import Form


@dataclass(frozen=True)
class Group:
    """Questions of one instrument that stand together; `first` counts them within the instrument, from 1."""

    form: Form
    items: tuple[Item, ...]
    first: int

    def blank(self, answers: AllAnswers) -> tuple[str, ...]:
        """Those that still need an answer."""
        mine = {item.id for item in self.items}
        return tuple(id for id in self.form.instrument.blank(answers.get(self.form.part.instrument, {})) if id in mine)


Step = tuple[Group, ...]


def steps(forms: Sequence[Form], answers: AllAnswers) -> tuple[Step, ...]:
    """The screens that these answers lead to; a later one may appear once the last of them is answered."""
    groups = tuple(group for form in forms for group in _groups(form, answers))
    if any(form.instrument.branches for form in forms):
        return tuple((group,) for group in groups)
    return (groups,)


def current(found: Sequence[Step], answers: AllAnswers) -> int:
    """The first screen that still needs an answer; the last one when none does."""
    open_ones = (number for number, step in enumerate(found) if any(group.blank(answers) for group in step))
    return next(open_ones, len(found) - 1)


def may_go_on(found: Sequence[Step], number: int) -> bool:
    """Whether a screen can follow: there is one, or an answer on this one can lead to more."""
    here = {(group.form.part.instrument, item.id) for group in found[number] for item in group.items}
    leads = any(
        (group.form.part.instrument, id) in here
        for group in found[number]
        for item in group.form.instrument.items
        for id in (item.asked_if.items if item.asked_if else ())
    )
    return leads or number + 1 < len(found)


def _groups(form: Form, answers: AllAnswers) -> Iterator[Group]:
    asked = {item.id for item in form.instrument.asked(answers.get(form.part.instrument, {}))}
    first = 1
    for _, together in groupby(form.instrument.items, key=_branch):
        if items := tuple(item for item in together if item.id in asked):
            yield Group(form, items, first)
            first += len(items)


def _branch(item: Item) -> Condition | None:
    return item.asked_if
