"""FHIR R4 resources as other systems read them. Nothing is written this way.

A questionnaire is one version of an instrument, a response the answers to it in one check-in, an observation its score.
"""

import json
from typing import Any, Final

MEDIA_TYPE: Final = "application/fhir+json; charset=utf-8"
Resource = dict[str, Any]


def as_json(resource: Resource) -> bytes:
    """One resource as a file."""
    return json.dumps(resource, ensure_ascii=False).encode()
