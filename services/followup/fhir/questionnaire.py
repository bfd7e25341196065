"""An instrument as a Questionnaire: what is asked, what can be answered, what each answer counts."""

import re
from collections.abc import Iterator

from services.followup.domain.instrument import Condition, Instrument, Item
from services.followup.domain.wording import InstrumentText
from services.followup.fhir import Resource
from services.followup.fhir.coding import canonical, local, loinc, option, ordinal
from services.followup.operations.exchange import Described

PROMPT = "prompt."
"""What stands above all questions; no item has such a name."""


def questionnaire(described: Described) -> Resource:
    """The resource. Without words that may be shown, its items have none."""
    instrument, text = described.instrument, described.text
    return {
        "resourceType": "Questionnaire",
        "id": described.id,
        **({"language": text.language} if text else {}),
        "url": canonical(instrument),
        "version": str(instrument.version),
        "name": computable(instrument.name),
        "title": instrument.name,
        "status": "active",
        "subjectType": ["Patient"],
        "copyright": " ".join(filter(None, [text.notice if text else "", instrument.licence.text])),
        "code": loinc(instrument.codes.panel) or local(instrument.id),
        "item": [*_prompt(text), *(_item(instrument, item, text) for item in instrument.items)],
    }


def computable(name: str) -> str:
    """A name that a program could use: `PHQ9`, `TheDayAfter`."""
    return "".join(word[:1].upper() + word[1:] for word in re.findall(r"[A-Za-z0-9]+", name))


def _prompt(text: InstrumentText | None) -> Iterator[Resource]:
    if text and text.prompt:
        yield {"linkId": PROMPT, "type": "display", "text": text.prompt}


def _item(instrument: Instrument, item: Item, text: InstrumentText | None) -> Resource:
    spared = {id for scale in instrument.scales if scale.may_lack for id in scale.items}
    return {
        "linkId": item.id,
        **({"code": loinc(item.code)} if item.code else {}),
        **({"text": text.items[item.id]} if text else {}),
        "type": "choice",
        **(_asked_if(instrument, item.asked_if) if item.asked_if else {}),
        "required": not item.optional and item.id not in spared,
        "answerOption": [
            {"extension": ordinal(item, value), "valueCoding": option(instrument, item, value, text)}
            for value in range(item.lowest, item.highest + 1)
        ],
    }


def _asked_if(instrument: Instrument, condition: Condition) -> Resource:
    """FHIR compares codings for equality only, so every answer that leads here is named; it cannot count them."""
    leading = [item for item in instrument.items if item.id in condition.items]
    enabling = [
        {"question": item.id, "operator": "=", "answerCoding": option(instrument, item, value, None)}
        for item in leading
        for value in range(condition.value, item.highest + 1)
    ]
    return {"enableWhen": enabling, **({"enableBehavior": "any"} if len(enabling) > 1 else {})}
