"""Makes a patient ready for a course over HTTP: assessed, approved, and with everything signed."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Final

from services.booking.domain.chart.answers import Question

DEPRESSION: Final = "depression"
BOOSTER: Final = "booster-single"
_INVESTIGATIONAL: Final = frozenset({"bipolar", "ocd", "bpd"})
TO_BOOK: Final = ("controlled-substance", "financial-policy")
"""What everybody has signed before a course is booked."""
TO_BE_TREATED: Final = (*TO_BOOK, "treatment", "escort-and-no-driving", "privacy-notice")
"""And before a dose is given."""
_OF_PROTOCOL: Final = {"kap-6": ("kap",), "esket-label": ("rems-enrolment",)}


def clear_patient(
    post: Callable[[str, Any], Any],
    patient_id: str,
    on: date,
    *,
    protocol: str = BOOSTER,
    condition: str = DEPRESSION,
    documents: Sequence[str] = TO_BE_TREATED,
) -> None:
    """Nothing speaks against a course of this protocol against this condition that begins within 180 days of `on`.

    What screening finds in an adult without illnesses, such as their age, is accepted.

    `post` sends a body to a path of the clinic and gives the answer; its key has the scopes clinician and, for what is
    investigational, psychiatrist. What is signed for one course is used up by the next that is booked.
    """
    path = f"/patients/{patient_id}"
    made = post(f"{path}/assessments", an_assessment(on, protocol, condition))
    assessment = f"{path}/assessments/{made['id']}"
    for finding in made["results"]:
        if finding["stands"]:
            word = {"code": finding["code"], "accepted": True, "reason": "Discussed in the team."}
            post(f"{assessment}/decisions", word)
    post(f"{assessment}/approve", {})
    also = ("investigational",) if condition in _INVESTIGATIONAL else ()
    for kind in (*documents, *_OF_PROTOCOL.get(protocol, ()), *also):
        post(f"{path}/consents", {"kind": kind, "text_version": "1", "how": "in-person"})


def an_assessment(on: date, protocol: str = BOOSTER, condition: str = DEPRESSION) -> dict[str, Any]:
    """A body with every question answered, made on a local date, that finds nothing against any course."""
    day = on.isoformat()
    words = {"history-and-physical": "normal", "c-ssrs": "none", "drug-screen": "negative", "urinalysis": "normal",
             "ecg": "normal", "mdq": "negative"}  # fmt: skip
    values = {"audit-c": "1", "dast-10": "0", "liver": "0.8"}
    return {
        "protocol": protocol,
        "condition": condition,
        "assessed_on": day,
        "history": dict.fromkeys(Question, False),
        "trials": [{"treatment": name, "is_adequate": True} for name in ("Sertraline", "Venlafaxine")],
        "severity": {"instrument": "phq-9", "total": 20, "on": day},
        "exams": [
            *({"kind": kind, "on": day, "word": word} for kind, word in words.items()),
            *({"kind": kind, "on": day, "value": value} for kind, value in values.items()),
        ],
    }
