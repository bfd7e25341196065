"""What a search finds, and what can be searched at all."""

from collections.abc import Iterable
from typing import Final

from services.followup.fhir import Resource

FHIR: Final = "4.0.1"
SEARCHED_BY: Final[dict[str, tuple[str, ...]]] = {
    "Questionnaire": (),
    "QuestionnaireResponse": ("patient",),
    "Observation": ("patient", "code"),
}
WRITTEN_ON: Final = "2026-11-23"
"""The day on which somebody last changed what can be searched."""
_TYPES: Final = {"patient": "reference", "code": "token"}


def bundle(base: str, resources: Iterable[Resource]) -> Resource:
    """All that was found, in one answer."""
    entries = [
        {
            "fullUrl": f"{base}/{resource['resourceType']}/{resource['id']}",
            "resource": resource,
            "search": {"mode": "match"},
        }
        for resource in resources
    ]
    return {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}


def capabilities(base: str) -> Resource:
    """What a FHIR client may ask of this place."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": WRITTEN_ON,
        "kind": "instance",
        "implementation": {"description": "Kadence, follow-up", "url": base},
        "fhirVersion": FHIR,
        "format": ["json"],
        "rest": [{"mode": "server", "resource": [_kind(name, by) for name, by in SEARCHED_BY.items()]}],
    }


def _kind(name: str, searched_by: Iterable[str]) -> Resource:
    parameters = [{"name": each, "type": _TYPES[each]} for each in searched_by]
    interactions = [{"code": "read"}, {"code": "search-type"}]
    return {
        "type": name,
        "interaction": interactions,
        **({"searchParam": parameters} if parameters else {}),
    }
