"""Every route as the running services describe it, and a request to each that the platform accepts.

The tables hold one row per route, by the name of its operation; a route without its row fails the tests that walk them.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from deploy.local.clear_patient import an_assessment
from deploy.local.order_dose import a_dose_order
from deploy.local.treatment_day import ALL_WELL, CALM, GIVEN, answers_of
from tests.e2e.practice import NOBODY, ONE, Practice, a_patient, a_wish
from tests.e2e.town import SERVICES, Http, Town, a_phone, ok

_METHODS: Final = ("get", "post", "patch", "put", "delete")


@dataclass(frozen=True)
class Operation:
    """One row of a service's OpenAPI document."""

    service: str
    method: str
    path: str
    name: str
    scopes: frozenset[str]
    described: Mapping[str, Any]

    @property
    def is_of_clinic(self) -> bool:
        return "{clinic_id}" in self.path

    @property
    def parameters(self) -> list[str]:
        """What the path names but the clinic."""
        return [name for name in re.findall(r"{(\w+)}", self.path) if name != "clinic_id"]

    @property
    def acts(self) -> bool:
        """Whether it asks for an Idempotency-Key: a POST without one only asks."""
        return any(header["name"] == "Idempotency-Key" for header in self.described.get("parameters", ()))

    @property
    def statuses(self) -> set[int]:
        return {int(status) for status in self.described["responses"] if status.isdecimal()}

    def filled(self, **values: Any) -> str:
        return self.path.format(**values)


def document(town: Town, service: str) -> dict[str, Any]:
    """The OpenAPI document as the gateway serves it."""
    described: dict[str, Any] = ok(Http(town.url, None).get(f"/{service}/openapi.json"))
    return described


def operations(town: Town) -> list[Operation]:
    """All routes of all services."""
    return [
        Operation(service, method.upper(), path, row["operationId"], _scopes(row), row)
        for service in SERVICES
        for path, rows in document(town, service)["paths"].items()
        for method, row in rows.items()
        if method in _METHODS
    ]


def _scopes(row: Mapping[str, Any]) -> frozenset[str]:
    said = re.search(r"Scope: (.+)\.$", row["description"])
    assert said is not None, f"{row['operationId']} does not say which scope it takes"
    return frozenset(said.group(1).split(" or "))


A_REGIMEN: Final[dict[str, Any]] = {
    "name": "Two sessions",
    "conditions": ["depression"],
    "phases": [
        {
            "name": "induction",
            "sessions": 2,
            "blocks": [{"name": "infusion", "minutes": 40, "needs": [{"kind": "chair"}, {"kind": "nurse"}]}],
            "min_days": 2,
            "max_days": 9,
            "per_seven_days": 2,
        }
    ],
    "dose_basis": "0.5 mg/kg",
}
DAY_AFTER: Final = ("mood", "sleep", "dizzy", "headache", "unreal", "bladder", "vomiting", "chest-pain", "breathing",
                    "fainted", "suicide")  # fmt: skip
ANSWERS: Final = {
    "day-after": dict.fromkeys(DAY_AFTER, 0),
    "phq-9": {str(item): 1 for item in range(1, 10)},
}
"""To a check-in of the day after, and to one instrument more that staff asked."""
HIGH_RISK: Final = {**ANSWERS, "c-ssrs": {"1": 1, "2": 1, "3": 0, "4": 1, "5": 0, "6": 0}}
"""The same with the C-SSRS screener: thoughts with some intention to act on them."""
QUESTIONS: Final = {
    "usual_time": "10:00",
    "points": [
        {"kind": "24h", "anchor": "discharge", "hours": 24, "open_hours": 12, "rank": 1, "ask": ["day-after"]},
        {"kind": "day-7", "anchor": "series", "days": 7, "open_hours": 168, "rank": 1, "ask": ["phq-9"]},
    ],
}


def a_rota() -> dict[str, Any]:
    """A body that publishes a rota on which one person is everything."""
    always = {"contact_id": "dr-lee", "days": [1, 2, 3, 4, 5, 6, 7], "begins": "08:00", "ends": "08:00"}
    return {
        "contacts": [{"id": "dr-lee", "name": "Dr. Lee", "phone": "+14155550177"}],
        "shifts": [{"role": role, **always} for role in ("clinician", "backup", "director", "nurse")],
    }


def rules_in_force(practice: Practice) -> dict[str, Any]:
    """A clinic's rules for alerts as they are, to be published once more."""
    found: dict[str, Any] = ok(practice.http.get(practice.at("followup", "/alert-rules")))["rules"]
    return found


def a_clinic(**details: Any) -> dict[str, Any]:
    """A body that opens a clinic."""
    return {
        "name": "Another Clinic",
        "sender_alias": "Clinic",
        "zone": "Europe/Berlin",
        "country": "DE",
        "phone": "030 555 0100",
        **details,
    }


def running_series(practice: Practice, patient_id: str) -> str:
    """A series of a patient that runs, or one that nobody has."""
    found = practice.http.get(practice.at("booking", "/series"), patient_id=patient_id, status="active")
    items = found.json()["items"] if found.ok else []
    return str(items[-1]["id"]) if items else NOBODY


A_TEXT: Final = {
    "key": "reminder PT2H",
    "language": "en",
    "privacy": "standard",
    "sms": "{{alias}}: we expect you {{when}}, {{early}} min early please. Call {{phone}}.",
    "subject": "{{alias}}: your visit",
    "email": "{{alias}}: we expect you {{when}}.\n\nPlease arrive {{early}} min early.\n\nCall {{phone}}.\n",
}
"""A text that a clinic may have of its own."""

RECIPIENT: Final = "Dr. Example, Family Practice"
"""Who may be told how a patient is treated."""
BODIES: Final[Mapping[str, Callable[[Practice, str], dict[str, Any]]]] = {
    "open_clinic": lambda _, __: a_clinic(),
    "change_clinic": lambda _, __: {"phone": "555-0111"},
    "issue_key": lambda _, __: {"label": "a key", "scopes": ["front_desk"]},
    "rotate_key": lambda _, __: {"overlap_seconds": 60},
    "register_patient": lambda _, __: a_patient(),
    "change_patient": lambda _, __: {"phone": a_phone()},
    "add_resource": lambda _, __: {"kind": "room", "name": "Quiet room"},
    "add_feed": lambda _, __: {"label": "phone at the desk"},
    "change_resource": lambda _, __: {"name": "Another name"},
    "publish_protocol": lambda _, __: {"slug": "two-sessions", "regimen": A_REGIMEN},
    "book_series": lambda _, patient_id: a_wish(patient_id, [], ONE),
    "cancel_series": lambda _, __: {"reason": "clinic"},
    "move_session": lambda practice, _: {"starts_local": f"{practice.soon() + timedelta(days=1):%Y-%m-%dT%H:%M}"},
    "rebook_session": lambda practice, _: {"starts_local": f"{practice.soon():%Y-%m-%dT%H:%M}"},
    "move_sessions": lambda practice, _: {
        "sessions": [{"number": 1, "starts_local": f"{practice.soon() + timedelta(days=1):%Y-%m-%dT%H:%M}"}]
    },
    "shift_series": lambda _, __: {"from_number": 1, "days": 1},
    "replan_session": lambda _, __: {"number": 1},
    "pause_series": lambda _, __: {"reason": "patient"},
    "resume_series": lambda _, __: {},
    "cancel_session": lambda _, __: {"reason": "clinic"},
    "mark_missed": lambda _, __: {"reason": "no-show"},
    "find_plans": lambda _, patient_id: {"patient_id": patient_id, "protocol": "booster-single", "condition": "ptsd"},
    "hold_series": lambda _, patient_id: {**a_wish(patient_id, [], ONE), "minutes": 30},
    # Nothing is ever free on that day, so nobody is asked.
    "join_waitlist": lambda practice, patient_id: {
        "series_id": running_series(practice, patient_id),
        "number": 1,
        "wishes": {"latest": "2020-01-02"},
    },
    "decide_person": lambda _, __: {"decision": "confirmed", "reason": "their passport"},
    "erase_patient": lambda _, __: {"reason": "asked for on paper"},
    "add_external_dose": lambda _, __: {"on": "2020-06-02", "source": "patient", "note": "in Brno"},
    "sign_consent": lambda _, __: {
        "kind": "release-of-information",
        "text_version": "1",
        "how": "in-person",
        "recipient": RECIPIENT,
    },
    "withdraw_consent": lambda _, __: {"reason": "changed their mind"},
    "publish_consent_texts": lambda _, __: {"texts": {"kap": "1.1"}},
    "review_education": lambda practice, _: {
        "version": 1,
        "review_due": f"{practice.town.today(practice.zone) + timedelta(days=90)}",
    },
    "release_session": lambda _, __: {"reason": "seen and discussed"},
    "release_clinical_hold": lambda _, __: {"reason": "seen and discussed"},
    "draft_assessment": lambda practice, _: an_assessment(practice.town.today(practice.zone)),
    "change_assessment": lambda _, __: {"sex": "female"},
    "note_exam": lambda practice, _: {
        "exam": {"kind": "ecg", "on": f"{practice.town.today(practice.zone)}", "word": "normal"}
    },
    "note_finding": lambda practice, _: {"question": "porphyria", "on": f"{practice.town.today(practice.zone)}"},
    "decide_screening": lambda _, __: {"code": "porphyria", "accepted": True, "reason": "seen and discussed"},
    "sign_dose_order": lambda practice, _: a_dose_order(practice.town.today(practice.zone)),
    "check_in_session": lambda _, __: {},
    "prepare_session": lambda practice, _: answers_of(practice.now, practice.supervisor),
    "override_gate": lambda _, __: {"code": "escort.missing", "reason": "seen and discussed"},
    "add_reading": lambda _, __: {**CALM},
    "add_score": lambda _, __: {"points": 1},
    "note_suicide_risk": lambda _, __: {"level": "none"},
    "add_adverse_event": lambda _, __: {"kind": "nausea", "severity": 1},
    "resolve_adverse_event": lambda _, __: {},
    "continue_infusion": lambda _, __: {"reason": "seen and discussed"},
    "note_left": lambda _, __: {"reason": "could not be kept"},
    "end_infusion": lambda _, __: {**GIVEN},
    "discharge_session": lambda _, __: {**ALL_WELL},
    "note_signal": lambda _, __: {"kind": "craving", "on": "2020-06-02", "note": "dreams of it"},
    "complete_task": lambda _, __: {"note": "phoned"},
    "cancel_task": lambda _, __: {"note": None},
    "receive_reply": lambda practice, _: {
        "from": "+14155550142",
        "text": "STOP",
        "provider_id": "a text",
        "received_at": practice.town.clock().isoformat(),
    },
    "record_consent": lambda _, __: {
        "channel": "sms",
        "status": "opted-in",
        "wording": "I agree to texts about my appointments.",
        "source": "paper",
        "given_at": "2026-01-05T10:00:00Z",
    },
    "change_messaging": lambda _, __: {"per_day": 3},
    "pause_messaging": lambda _, __: {"reason": "the storm"},
    "resend_message": lambda _, __: {"reason": "nothing came"},
    "deal_with_message": lambda _, __: {"note": "phoned"},
    "write_to_patient": lambda _, __: {"text": "Please bring your new card."},
    "publish_template": lambda _, __: dict(A_TEXT),
    "preview_template": lambda _, __: dict(A_TEXT),
    "send_test": lambda _, __: {**A_TEXT, "phone": "+14155550150"},
    "contact_alert": lambda _, __: {"note": "spoke by phone"},
    "regrade_alert": lambda _, __: {"tier": 4, "reason": "meant last year"},
    "close_alert": lambda _, __: {"reason": "safety plan reviewed"},
    "publish_rota": lambda _, __: a_rota(),
    "publish_alert_rules": lambda practice, _: {"rules": rules_in_force(practice)},
    "enter_answers": lambda _, __: {"answers": ANSWERS, "entered_by": "Nurse Ames"},
    "cancel_check_in": lambda _, __: {"reason": "mistake"},
    "publish_plan": lambda _, __: {"questions": QUESTIONS},
    "load_text": lambda _, __: {
        "language": "en",
        "source": "the owner's form",
        "items": {"pain": "Pain?", "enjoyment": "Enjoyment?", "activity": "Activity?"},
        "options": {str(value): str(value) for value in range(11)},
    },
    "replay_held": lambda _, __: {"despite_gap": False},
    "republish": lambda practice, _: {
        "since": (practice.town.clock() - timedelta(minutes=1)).isoformat(),
        "until": practice.town.clock().isoformat(),
        "clinic_id": practice.id,
    },
    "hear_again": lambda _, __: {"events": []},
}
"""What each route with a body takes, in a clinic of which one patient is known."""

QUERIES: Final[Mapping[str, Mapping[str, str]]] = {
    "list_sessions": {"from_date": "2027-01-04", "until_date": "2027-01-10"},
    "show_day_sheet": {"on": "2027-01-04"},
    "show_utilisation": {"from_date": "2027-01-04", "until_date": "2027-01-10"},
    "sum_utilisation": {"from_date": "2027-01-04", "until_date": "2027-01-10"},
    "share_summary": {"recipient": RECIPIENT},
    "show_outcomes": {"instrument": "phq-9"},
    "search_responses": {"patient": NOBODY},
    "search_observations": {"patient": NOBODY},
    "show_told": {"since": "2026-03-09T00:00:00Z", "until": "2026-03-10T00:00:00Z"},
}
"""What those reads need that cannot do without a query."""
