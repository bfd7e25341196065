"""Answers as a QuestionnaireResponse, in the words that were shown."""

from services.followup.domain.check_in import BY_PATIENT
from services.followup.domain.instrument import Item
from services.followup.fhir import Resource
from services.followup.fhir.coding import canonical, instant, option, ordinal
from services.followup.operations.exchange import Answered


def response(found: Answered) -> Resource:
    """The resource. Who took the answers down is its author; what was left blank is not in it."""
    check_in, instrument = found.check_in, found.instrument
    given = instrument.on_path(found.part.answers)
    return {
        "resourceType": "QuestionnaireResponse",
        "id": found.id,
        **({"language": found.text.language} if found.text else {}),
        "questionnaire": f"{canonical(instrument)}|{instrument.version}",
        "status": "completed",
        "subject": patient(found),
        **({"authored": instant(check_in.ended_at)} if check_in.ended_at else {}),
        "author": author(found),
        "source": patient(found),
        "item": [_item(found, item, given[item.id]) for item in instrument.items if item.id in given],
    }


def patient(found: Answered) -> Resource:
    """Whom it is about."""
    return {"reference": f"Patient/{found.check_in.patient_id}"}


def author(found: Answered) -> Resource:
    """The patient, or the name of who took the answers down."""
    entered_by = found.check_in.entered_by
    return patient(found) if entered_by == BY_PATIENT else {"display": entered_by}


def _item(found: Answered, item: Item, value: int) -> Resource:
    coding = option(found.instrument, item, value, found.text)
    return {
        "linkId": item.id,
        **({"text": found.text.items[item.id]} if found.text else {}),
        "answer": [{"valueCoding": {"extension": ordinal(item, value), **coding}}],
    }
