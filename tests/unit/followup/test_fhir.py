import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from fhir.resources.R4B.observation import Observation
from fhir.resources.R4B.questionnaire import Questionnaire
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.followup.api.fhir import ROUTES
from services.followup.domain.check_in import CheckIn, Part
from services.followup.domain.scoring import score
from services.followup.fhir.observation import observation
from services.followup.fhir.questionnaire import computable
from services.followup.fhir.response import response as as_response
from services.followup.operations import exchange
from services.followup.operations.exchange import Answered
from services.followup.operations.instruments import LoadText, load_text
from shared.errors import NotFound
from shared.http.routes import File, Route
from tests.support.followup_builders import CLINIC, PATIENT, a_world, an_open_check_in
from tests.support.followup_fakes import FakeFollowup
from tests.support.followup_instruments import LIBRARY, the
from tests.support.followup_measured import measured, values_of

BASE = "https://care.example/followup/v1/clinics/clinic-1/fhir"
BY_NAME: dict[str, Route] = {route.name: route for route in ROUTES}
MODELS: dict[str, Any] = {
    "Questionnaire": Questionnaire,
    "QuestionnaireResponse": QuestionnaireResponse,
    "Observation": Observation,
}


def a_world_with(*check_ins: CheckIn) -> FakeFollowup:
    world = a_world()
    world.rows[CheckIn] = {(CLINIC, one.id): one for one in check_ins}
    return world


def read(operation: Callable[..., Any], command: Any, *check_ins: CheckIn, clinic_id: str = CLINIC) -> dict[str, Any]:
    """What the route of this operation answers, judged by the FHIR model of its kind."""
    found = a_world_with(*check_ins).run(clinic_id, operation, command)
    answer = BY_NAME[operation.__name__].answer
    assert isinstance(answer, File)
    resource: dict[str, Any] = json.loads(answer.write(found))
    if resource["resourceType"] == "Bundle":
        Bundle.model_validate(resource)
    for each in (entry["resource"] for entry in resource.get("entry", [])):
        MODELS[each["resourceType"]].model_validate(each)
    if resource["resourceType"] in MODELS:
        MODELS[resource["resourceType"]].model_validate(resource)
    return resource


def questionnaire(id: str) -> dict[str, Any]:
    return read(exchange.show_questionnaire, exchange.ShowQuestionnaire(id))


def response(one: CheckIn, instrument: str) -> dict[str, Any]:
    return read(exchange.show_response, exchange.ShowResponse(f"{one.id.partition('.')[0]}.{instrument}"), one)


def named(one: CheckIn, **changes: Any) -> CheckIn:
    """With an id as followup gives them, which has no full stop."""
    return replace(one, id="c0ffee", **changes)


def seen(one: CheckIn, instrument: str) -> dict[str, Any]:
    return read(exchange.show_observation, exchange.ShowObservation(f"{one.id}.{instrument}"), one)


@pytest.mark.parametrize("instrument", LIBRARY.instruments, ids=lambda each: each.id)
def test_every_instrument_is_a_valid_questionnaire(instrument):
    found = questionnaire(f"{instrument.id}.{instrument.version}")
    asked = [item for item in found["item"] if item["type"] != "display"]
    assert [item["linkId"] for item in asked] == [item.id for item in instrument.items]
    assert len({item["linkId"] for item in found["item"]}) == len(found["item"])
    assert len(found["id"]) <= 64


def test_a_questionnaire_has_its_official_address_codes_words_and_notice():
    found = questionnaire("phq-9.1")
    assert (found["url"], found["version"], found["name"]) == ("http://loinc.org/q/44249-1", "1", "PHQ9")
    assert found["code"] == [{"system": "http://loinc.org", "code": "44249-1"}]
    assert "Pfizer" in found["copyright"]
    assert found["item"][0]["type"] == "display"
    last = found["item"][-1]
    assert (last["code"][0]["code"], last["required"]) == ("44260-8", True)
    assert last["text"].startswith("Thoughts that you would be better off dead")
    assert last["answerOption"][0]["valueCoding"]["display"] == "Not at all"
    assert [option["extension"][0]["valueDecimal"] for option in last["answerOption"]] == [0, 1, 2, 3]


def test_words_that_may_not_be_shipped_are_not_in_it():
    found = questionnaire("c-ssrs.1")
    assert all("text" not in item for item in found["item"])
    assert "display" not in json.dumps(found)
    assert (found["url"], questionnaire("oci-r.1")["url"]) == (
        "http://loinc.org/q/93373-9",
        "urn:clinic:instrument:oci-r",
    )


def test_a_branch_says_which_answers_lead_to_it():
    by_id = {item["linkId"]: item for item in questionnaire("c-ssrs.1")["item"]}
    [leading] = by_id["3"]["enableWhen"]
    assert (leading["question"], leading["operator"], leading["answerCoding"]["code"]) == ("2", "=", "1")
    assert "enableWhen" not in by_id["6"]


def test_every_shipped_branch_can_be_said_in_fhir():
    conditions = [item.asked_if for each in LIBRARY.instruments for item in each.items if item.asked_if]
    assert {condition.count for condition in conditions} == {1}


def test_an_answer_that_counts_the_other_way_round_keeps_its_code():
    [item] = [item for item in questionnaire("dast-10.1")["item"] if item["linkId"] == "3"]
    said = [(one["valueCoding"]["code"], one["extension"][0]["valueDecimal"]) for one in item["answerOption"]]
    assert said == [("0", 1), ("1", 0)]


def test_what_may_stay_blank_is_not_required():
    by_id = {item["linkId"]: item["required"] for item in questionnaire("bpi-sf.1")["item"]}
    assert (by_id["worst"], by_id["walking"]) == (True, False)


@pytest.mark.parametrize(
    ("name", "said"), [("PHQ-9", "PHQ9"), ("C-SSRS screener", "CSSRSScreener"), ("The day after", "TheDayAfter")]
)
def test_a_computable_name(name, said):
    assert computable(name) == said


def test_a_response_holds_the_words_that_were_shown():
    one = named(measured("phq-9", values_of("phq-9", 5, last=1), 24))
    found = response(one, "phq-9")
    assert (found["id"], found["questionnaire"]) == ("c0ffee.phq-9", "http://loinc.org/q/44249-1|1")
    assert (found["status"], found["authored"]) == ("completed", "2026-03-26T16:00:00.000Z")
    assert found["subject"] == found["source"] == found["author"] == {"reference": f"Patient/{PATIENT}"}
    assert len(found["item"]) == 9
    [answer] = found["item"][-1]["answer"]
    assert answer["valueCoding"]["code"] == "1"
    assert answer["valueCoding"]["display"]


def test_whoever_took_the_answers_down_is_their_author():
    one = named(measured("y-bocs", 24, 1), entered_by="Nurse Ames")
    assert response(replace(one, parts=tuple(replace(part, text="") for part in one.parts)), "y-bocs")["author"] == {
        "display": "Nurse Ames"
    }


def test_an_answer_on_a_branch_not_taken_is_not_in_it():
    one = named(measured("c-ssrs", {"1": 0, "2": 0, "6": 0}, 1))
    stray = replace(one.parts[0], answers={**one.parts[0].answers, "3": 1}, text="")
    assert [item["linkId"] for item in response(replace(one, parts=(stray,)), "c-ssrs")["item"]] == ["1", "2", "6"]


def test_a_score_is_a_quantity_with_its_word():
    found = seen(named(measured("phq-9", 12, 24)), "phq-9")
    assert found["code"]["coding"] == [{"system": "http://loinc.org", "code": "44261-6"}]
    assert found["category"][0]["coding"][0]["code"] == "survey"
    assert (found["valueQuantity"]["value"], found["valueQuantity"]["code"]) == (12, "{score}")
    assert found["interpretation"] == [{"text": "moderate"}]
    assert found["derivedFrom"] == [{"reference": "QuestionnaireResponse/c0ffee.phq-9"}]


def test_a_mean_is_as_precise_as_it_is_shown():
    one = named(measured("peg", 17, 24))
    found = seen(replace(one, parts=tuple(replace(part, text="") for part in one.parts)), "peg")
    assert found["valueQuantity"]["value"] == 5.7
    assert "interpretation" not in found


def test_a_level_is_a_concept_and_no_number():
    one = named(measured("c-ssrs", {"1": 1, "2": 0, "6": 0}, 1))
    found = seen(replace(one, parts=tuple(replace(part, text="") for part in one.parts)), "c-ssrs")
    assert found["valueCodeableConcept"] == {"text": "low"}
    assert "valueQuantity" not in found


def test_subscales_and_rules_are_components():
    found = seen(named(measured("pcl-5", dict.fromkeys([item.id for item in the("pcl-5").items], 2), 24)), "pcl-5")
    components = {each["code"]["text"]: each for each in found["component"]}
    assert components["B"]["valueQuantity"]["value"] == 10
    assert components["B"]["code"]["coding"] == [{"system": "urn:clinic:instrument", "code": "pcl-5.B"}]
    assert components["provisional DSM-5 rule"]["valueBoolean"] is True


def test_what_counts_nothing_has_answers_and_no_score():
    one = named(measured("day-after", {item.id: 0 for item in the("day-after").items}, 1))
    assert len(response(one, "day-after")["item"]) == 11
    with pytest.raises(NotFound):
        seen(one, "day-after")
    with pytest.raises(ValueError, match="no score"):
        observation(Answered(one, one.parts[0], the("day-after"), None))


def test_a_patients_answers_and_scores_are_found():
    check_ins = [measured("phq-9", 20, 1), measured("phq-9", 6, 24), measured("gad-7", 9, 30)]
    check_ins.append(replace(an_open_check_in(), id="draft"))
    check_ins.append(measured("phq-9", 9, 2, series_id="another", patient_id="somebody else"))
    for patient in (PATIENT, f"Patient/{PATIENT}"):
        responses = read(exchange.search_responses, exchange.SearchResponses(patient), *check_ins)
        assert responses["total"] == 3
        scores = read(exchange.search_observations, exchange.SearchObservations(patient, None), *check_ins)
        assert [entry["resource"]["valueQuantity"]["value"] for entry in scores["entry"]] == [20, 6, 9]
    assert responses["entry"][0]["fullUrl"] == f"{BASE}/QuestionnaireResponse/{check_ins[0].id}.phq-9"


@pytest.mark.parametrize(
    ("code", "count"), [("44261-6", 1), ("http://loinc.org|44261-6", 1), ("70274-6", 1), ("1-8", 0), (None, 2)]
)
def test_scores_of_one_code_are_found(code, count):
    check_ins = (measured("phq-9", 20, 1), measured("gad-7", 9, 30))
    found = read(exchange.search_observations, exchange.SearchObservations(PATIENT, code), *check_ins)
    assert found["total"] == len(found["entry"]) == count


def test_all_questionnaires_are_listed():
    found = read(exchange.search_questionnaires, exchange.SearchQuestionnaires())
    assert found["total"] == len(LIBRARY.instruments)


def test_what_was_asked_in_the_clinics_own_words_is_told_in_them():
    world = a_world_with(named(measured("peg", 17, 24)))
    words = {item: item.title() for item in ("pain", "enjoyment", "activity")}
    numbers = {value: str(value) for value in range(11)}
    world.run(CLINIC, load_text, LoadText("peg", "en", "the owner", words, options=numbers))
    [part] = world.all(CheckIn)[0].parts
    world.rows[CheckIn][CLINIC, "c0ffee"] = named(measured("peg", 17, 24), parts=(replace(part, text="peg.1.en.c1"),))
    found = world.run(CLINIC, exchange.show_response, exchange.ShowResponse("c0ffee.peg"))
    assert [item["text"] for item in as_response(found)["item"]] == ["Pain", "Enjoyment", "Activity"]


def test_what_can_be_searched_is_said():
    found = read(exchange.show_capabilities, exchange.ShowCapabilities())
    CapabilityStatement.model_validate(found)
    assert found["implementation"]["url"] == BASE
    said = {each["type"]: [one["name"] for one in each.get("searchParam", [])] for each in found["rest"][0]["resource"]}
    taken = {
        route.path.rpartition("/")[2]: [*route.query().fields] if route.query else []
        for route in ROUTES
        if not route.path.endswith(("metadata", ">"))
    }
    assert said == taken


@pytest.mark.parametrize("id", ["c0ffee.gad-7", "c0ffee", "nobody.phq-9", ""])
def test_what_was_not_answered_is_not_found(id):
    one = named(measured("phq-9", 20, 1))
    for operation, command in (
        (exchange.show_response, exchange.ShowResponse(id)),
        (exchange.show_observation, exchange.ShowObservation(id)),
        (exchange.show_questionnaire, exchange.ShowQuestionnaire(id)),
    ):
        with pytest.raises(NotFound):
            read(operation, command, one)


def test_a_draft_is_nobodys_to_read():
    draft = named(an_open_check_in(parts=(Part("phq-9", 1, answers={"9": 3}),)))
    with pytest.raises(NotFound):
        response(draft, "phq-9")


def test_another_clinic_finds_nothing():
    with pytest.raises(NotFound):
        read(
            exchange.search_responses, exchange.SearchResponses(PATIENT), measured("phq-9", 1, 1), clinic_id="clinic-2"
        )


@given(data=st.data(), instrument=st.sampled_from(LIBRARY.instruments))
def test_whatever_was_answered_is_valid(data, instrument):
    items = {item.id: st.integers(item.lowest, item.highest) for item in instrument.items}
    answers = instrument.on_path(data.draw(st.fixed_dictionaries(items)))
    one = named(measured(instrument.id, answers, 1))
    one = replace(one, parts=tuple(replace(part, text="") for part in one.parts))
    assert len(response(one, instrument.id)["item"]) == len(answers)
    if score(instrument, answers).total is not None:
        seen(one, instrument.id)


def test_the_judge_finds_faults():
    found = questionnaire("phq-9.1")
    with pytest.raises(ValidationError):
        Questionnaire.model_validate({**found, "status": None, "items": []})
