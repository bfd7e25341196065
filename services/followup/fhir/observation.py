"""A score as an Observation of the category survey, with its subscales and rules as components."""

from collections.abc import Iterator
from typing import Final

from services.followup.domain.measure import coding
from services.followup.domain.scoring import Score
from services.followup.fhir import Resource
from services.followup.fhir.coding import instant, local, score
from services.followup.fhir.response import author, patient
from services.followup.operations.exchange import Answered

SURVEY: Final = {
    "coding": [
        {
            "system": "http://terminology.hl7.org/CodeSystem/observation-category",
            "code": "survey",
            "display": "Survey",
        }
    ]
}


def observation(found: Answered) -> Resource:
    """The resource of a score. Raises `ValueError` for what has none."""
    scored = found.part.score
    if scored is None or scored.total is None or found.check_in.ended_at is None:
        raise ValueError("no score")
    system, code = coding(found.instrument)
    components = [*_components(found, scored)]
    return {
        "resourceType": "Observation",
        "id": found.id,
        "status": "final",
        "category": [SURVEY],
        "code": {"coding": [{"system": system, "code": code}], "text": found.instrument.name},
        "subject": patient(found),
        "effectiveDateTime": instant(found.check_in.ended_at),
        "performer": [author(found)],
        **_value(found, scored),
        "derivedFrom": [{"reference": f"QuestionnaireResponse/{found.id}"}],
        **({"component": components} if components else {}),
    }


def _value(found: Answered, scored: Score) -> Resource:
    """A quantity with its word; of a tree the level alone."""
    if found.instrument.total is None:
        return {"valueCodeableConcept": {"text": scored.band}}
    quantity = {"valueQuantity": score(scored.shown or str(scored.total))}
    return {**quantity, "interpretation": [{"text": scored.band}]} if scored.band else quantity


def _components(found: Answered, scored: Score) -> Iterator[Resource]:
    for points in scored.subscales:
        code = {"coding": local(f"{found.instrument.id}.{points.scale}"), "text": points.scale}
        word = {"interpretation": [{"text": points.band}]} if points.band else {}
        yield {"code": code, "valueQuantity": score(points.shown), **word}
    for finding in found.instrument.findings:
        yield {"code": {"text": finding.name}, "valueBoolean": finding.name in scored.findings}
