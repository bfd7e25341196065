from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.booking.domain.treatment.adverse_event import (
    AdverseEvent,
    AdverseEventKind,
    Severity,
    require_noteworthy,
)
from shared.converters import from_document, to_document
from shared.errors import Conflict, RuleBroken

START = datetime(2026, 3, 10, 13, 0, tzinfo=UTC)
A_MILLISECOND = timedelta(milliseconds=1)
VOCABULARY = [
    "dissociation",
    "hallucination",
    "sedation",
    "dizziness",
    "nausea",
    "vomiting",
    "headache",
    "anxiety-panic",
    "blurred-vision",
    "raised-blood-pressure",
    "tachycardia",
    "low-spo2",
    "agitation",
    "infusion-site-reaction",
    "allergic-reaction",
    "urinary-symptoms",
    "other",
]


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


NAUSEA = AdverseEvent("a1", AdverseEventKind.NAUSEA, Severity.MILD, at(12), at(20), "nurse-1")


def code_of(refusal: pytest.ExceptionInfo[RuleBroken]) -> tuple[str, str]:
    (fault,) = refusal.value.faults
    assert fault.code == refusal.value.code
    return fault.code, fault.pointer


def test_the_vocabulary_is_complete():
    assert list(AdverseEventKind) == VOCABULARY
    assert [(one.name.lower(), int(one)) for one in Severity] == [
        ("none", 0),
        ("mild", 1),
        ("moderate", 2),
        ("severe", 3),
    ]


@pytest.mark.parametrize("kind", AdverseEventKind)
@pytest.mark.parametrize("severity", Severity)
def test_each_event_comes_back_from_its_document_as_it_was(kind: AdverseEventKind, severity: Severity):
    event = replace(NAUSEA, kind=kind, severity=severity, note="n").resolved(at(15), "nurse-2", at(20))
    require_noteworthy(event, START)
    assert from_document(AdverseEvent, to_document(event)) == event


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"onset_at": START - A_MILLISECOND}, ("adverse-event.onset-before-start", "/onset_at")),
        ({"onset_at": at(20) + A_MILLISECOND}, ("adverse-event.future", "/onset_at")),
        ({"kind": AdverseEventKind.OTHER}, ("adverse-event.note-missing", "/note")),
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, object], found: tuple[str, str]):
    with pytest.raises(RuleBroken) as refusal:
        require_noteworthy(replace(NAUSEA, **change), START)  # type: ignore[arg-type]
    assert code_of(refusal) == found


@pytest.mark.parametrize("onset", [START, at(20)])
def test_an_onset_at_the_start_or_right_now_is_noted(onset: datetime):
    require_noteworthy(replace(NAUSEA, onset_at=onset), START)


def test_another_event_is_noted_in_words():
    require_noteworthy(replace(NAUSEA, kind=AdverseEventKind.OTHER, note="hiccups"), START)


@pytest.mark.parametrize(
    ("resolved", "found"),
    [
        (at(12) - A_MILLISECOND, "adverse-event.resolved-before-onset"),
        (at(30) + A_MILLISECOND, "adverse-event.future"),
    ],
)
def test_an_end_lies_between_the_onset_and_now(resolved: datetime, found: str):
    with pytest.raises(RuleBroken) as refusal:
        NAUSEA.resolved(resolved, "nurse-2", at(30))
    assert code_of(refusal) == (found, "/resolved_at")


@pytest.mark.parametrize("resolved", [at(12), at(30)])
def test_an_event_ends_once(resolved: datetime):
    over = NAUSEA.resolved(resolved, "nurse-2", at(30))
    assert (NAUSEA.is_over, over.is_over, over.resolved_at, over.resolved_by) == (False, True, resolved, "nurse-2")
    with pytest.raises(Conflict) as refusal:
        over.resolved(resolved, "nurse-2", at(31))
    assert refusal.value.code == "adverse-event.resolved"
