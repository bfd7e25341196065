"""What the practice's own software reads of a patient's scores: the chart, the rates, the export, FHIR."""

from typing import Any
from xml.etree import ElementTree as ET

import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from fhir.resources.R4B.observation import Observation
from fhir.resources.R4B.questionnaire import Questionnaire
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse

from tests.e2e.practice import Practice, open_practice
from tests.e2e.town import Town, ok, problem
from tests.e2e.world import open_check_in

PHQ_9 = {**{str(item): 2 for item in range(1, 9)}, "9": 0}
NO_TROUBLE = {
    **dict.fromkeys(("mood", "sleep", "dizzy", "headache", "unreal", "bladder", "vomiting"), 0),
    **dict.fromkeys(("chest-pain", "breathing", "fainted", "suicide"), 0),
}


class Measured:
    """A practice with one patient who was asked, and what can be read of them."""

    def __init__(self, town: Town) -> None:
        self.practice: Practice = open_practice(town, chairs=1, nurses=1)
        self.patient_id = self.practice.register()["id"]
        self.check_in = open_check_in(self.practice, self.patient_id)
        said = {"answers": {"day-after": NO_TROUBLE, "phq-9": PHQ_9}, "entered_by": "Nurse Ames"}
        answers = self.practice.at("followup", f"/check-ins/{self.check_in['id']}/answers")
        ok(self.practice.http.post(answers, said))

    def get(self, path: str, **query: str) -> Any:
        return self.practice.http.get(self.practice.at("followup", path), **query)


@pytest.fixture(scope="module")
def measured(town: Town) -> Measured:
    return Measured(town)


def test_the_chart_is_a_picture_that_can_be_read_aloud(measured):
    answer = measured.get(f"/patients/{measured.patient_id}/charts/phq-9.svg")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/svg+xml; charset=utf-8")
    about = ET.fromstring(answer.content).find("{http://www.w3.org/2000/svg}desc")  # noqa: S314 - our own
    assert about is not None
    assert "16 (moderately severe), the baseline." in (about.text or "")
    problem(measured.get(f"/patients/{measured.patient_id}/charts/day-after.svg"), 404, "not-found")


def test_of_one_patient_neither_rates_nor_scores_are_told(measured):
    rates = ok(measured.get("/outcomes", instrument="phq-9"))
    assert (rates["instrument"], rates["n"], rates["weeks"]) == ("phq-9", None, [])
    problem(measured.get("/outcomes.csv"), 422, "outcomes.too-few")
    problem(measured.get("/outcomes", instrument="phq-8"), 422, "instrument.unknown")


def test_what_is_read_as_fhir_is_valid(measured):
    found = {}
    for model, path, query in (
        (CapabilityStatement, "metadata", {}),
        (Bundle, "Questionnaire", {}),
        (Questionnaire, "Questionnaire/phq-9.1", {}),
        (Bundle, "QuestionnaireResponse", {"patient": measured.patient_id}),
        (QuestionnaireResponse, f"QuestionnaireResponse/{measured.check_in['id']}.day-after", {}),
        (Bundle, "Observation", {"patient": f"Patient/{measured.patient_id}"}),
        (Observation, f"Observation/{measured.check_in['id']}.phq-9", {}),
    ):
        answer = measured.get(f"/fhir/{path}", **query)
        assert answer.headers["Content-Type"] == "application/fhir+json; charset=utf-8"
        found[path] = ok(answer)
        model.model_validate(found[path])
    assert found["QuestionnaireResponse"]["total"] == 2
    [entry] = found["Observation"]["entry"]
    assert entry["resource"] == found[f"Observation/{measured.check_in['id']}.phq-9"]
    assert entry["resource"]["valueQuantity"]["value"] == 16
    assert measured.practice.http.get(entry["fullUrl"].partition(measured.practice.town.url)[2]).ok
