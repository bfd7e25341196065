"""The shipped instruments, and answers to them in the order of their items."""

from collections.abc import Sequence

from services.followup.domain.instrument import Instrument
from services.followup.instruments import load_library
from services.followup.operations.instruments import LoadText

LIBRARY = load_library()


def the(id: str) -> Instrument:
    """The newest version of a shipped instrument."""
    return LIBRARY.newest(id)


def answers_to(id: str, values: Sequence[int | None]) -> dict[str, int]:
    """Values in the order of the items; None leaves one blank."""
    names = [item.id for item in the(id).items]
    return {name: value for name, value in zip(names, values, strict=True) if value is not None}


TREE_WORDS = LoadText(
    code="c-ssrs",
    language="en",
    source="the owner's form",
    items={item.id: f"Words of question {item.id}?" for item in the("c-ssrs").items},
    options={0: "No", 1: "Yes"},
    prompt="Since we last asked",
    notice="Copyright of its owner",
)
