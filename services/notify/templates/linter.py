"""What is refused before a clinic's own texts are kept: every reason at once, with stable codes.

A text is tried in all cases that can come up (with and without a link, confirmed and not, …), once with marks in the
place of names and once with every field at its longest.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from services.notify.domain.template import Place, Wording
from services.notify.domain.text_keys import KEYS, TextKey
from services.notify.domain.wording import Facts
from services.notify.templates.language import Mistake, mistakes, render
from services.notify.templates.lexicon import Lexicon, folded, link_mistakes, sign_mistakes
from services.notify.templates.samples import MARK, cases, marks
from services.notify.templates.segments import Size, size_of
from services.notify.templates.tidy import one_line, paragraphs
from shared.errors import Fault

LONGEST_SUBJECT: Final = 120
"""Characters of a subject's template."""
_LINK_MARK: Final = MARK.format("link")


def faults_of(place: Place, wording: Wording, lexicon: Lexicon, *, longest: Facts, tail: str) -> list[Fault]:
    """Why these texts cannot be published there; `tail` is what an SMS may have to end with."""
    key = KEYS[place.key]
    if key.is_fixed:
        return [Fault("template.fixed", "What this message says comes with the message itself.", "/key")]
    sources = _sources(wording)
    found = {part: list(_form(part, source, key.names(place.privacy))) for part, source in sources.items()}
    for part, source in sources.items():
        if not found[part]:
            found[part] = list(dict.fromkeys(_content(part, source, place, lexicon)))
    if not found["sms"]:
        found["sms"] = list(_length(wording.sms, key, longest, tail))
    return [Fault(one.code, one.detail, f"/{part}") for part, all_of in found.items() for one in all_of]


def can_be_read(place: Place, wording: Wording) -> bool:
    """Whether the texts can be rendered at all; whatever else is wrong with them."""
    names = KEYS[place.key].names(place.privacy)
    return not any(one for part, source in _sources(wording).items() for one in _form(part, source, names))


def longest_sms(source: str, key: TextKey, longest: Facts, tail: str) -> tuple[str, Size]:
    """The SMS that takes most, and what it takes."""
    end = f" {tail}" if key.tells_opt_out else ""
    texts = [one_line(render(source, facts)) + end for facts in cases(key, longest)]
    return max(((text, size_of(text)) for text in texts), key=lambda one: (one[1].parts, one[1].units))


def _sources(wording: Wording) -> dict[str, str]:
    return {"sms": wording.sms, "subject": wording.subject, "email": wording.email}


def _form(part: str, source: str, names: frozenset[str]) -> Iterator[Mistake]:
    """Mistakes that leave nothing to be rendered."""
    found = mistakes(source, names)
    yield from found
    if any(one.code == "template.too-long" for one in found):
        return
    if part == "subject" and len(source) > LONGEST_SUBJECT:
        yield Mistake("template.too-long", f"At most {LONGEST_SUBJECT} characters, please.")
    if not source.strip():
        yield Mistake("template.empty", "Say something, please.")
    yield from sign_mistakes(source, lines=part == "email", latin=True)


def _content(part: str, source: str, place: Place, lexicon: Lexicon) -> Iterator[Mistake]:
    key = KEYS[place.key]
    for facts in cases(key, marks(key)):
        text = paragraphs(render(source, facts)) if part == "email" else one_line(render(source, facts))
        yield from lexicon.mistakes(text, is_subject=part == "subject")
        yield from link_mistakes(text)
        yield from _around_link(part, text)
        if part != "subject":
            yield from _unsaid(text, facts, key, place)


def _around_link(part: str, text: str) -> Iterator[Mistake]:
    """A link that something clings to leads elsewhere, and in a subject it leads nowhere."""
    if part == "subject" and _LINK_MARK in text:
        yield Mistake("template.link-in-subject", "A subject has no link.")
    words = text.split()
    if any(_LINK_MARK in word and word != _LINK_MARK for word in words):
        yield Mistake("template.link-not-alone", "Leave blanks around {{link}}: a stop behind it would be part of it.")


def _unsaid(text: str, facts: Facts, key: TextKey, place: Place) -> Iterator[Mistake]:
    prepares = facts.get("needs_driver", True)
    for group in key.needed(place.privacy) if prepares else key.needs:
        there = {name for name in group if facts[name] and name in key.names(place.privacy)}
        if there and not any(MARK.format(name) in text for name in there):
            named = " or ".join(f"{{{{{name}}}}}" for name in sorted(there))
            yield Mistake("template.name-missing", f"{named} has to be said in every case.")


def _length(source: str, key: TextKey, longest: Facts, tail: str) -> Iterator[Mistake]:
    _, size = longest_sms(source, key, longest, tail)
    if size.parts > key.parts:
        detail = f"At its longest it takes {size.parts} parts of {size.encoding} ({size.units} units), not {key.parts}."
        yield Mistake("template.too-many-parts", detail)


def body_mistakes(body: str, lexicons: Iterable[Lexicon], patient_name: str) -> Iterator[Mistake]:
    """What a person must not write to a patient either: the same, and the patient's full name."""
    yield from sign_mistakes(body, lines=True, latin=False)
    yield from link_mistakes(body)
    for lexicon in lexicons:
        yield from lexicon.mistakes(body)
    name = {word for word in _words(patient_name) if len(word) > 1}
    if name and name <= _words(body):
        yield Mistake("template.full-name", "A message does not say the patient's full name.")


def _words(text: str) -> set[str]:
    return set("".join(sign if sign.isalnum() else " " for sign in folded(text)).split())
