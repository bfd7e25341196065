"""Words that a clinic loads, and what may be put before a patient."""

from dataclasses import replace

import pytest
from marshmallow import ValidationError

from services.followup.api import instrument_schemas
from services.followup.domain.asking import reasons_against
from services.followup.domain.check_in import CancelReason, CheckIn, Status
from services.followup.domain.crisis import LINES
from services.followup.operations.check_in import EnterAnswers, OpenCheckIn, enter_answers, open_check_in
from services.followup.operations.courses import hear_session_discharged
from services.followup.operations.instruments import (
    ListInstruments,
    LoadText,
    list_instruments,
    load_text,
    wording_for,
    wording_named,
)
from shared.errors import Invalid, NotFound
from tests.support.followup_builders import (
    CLINIC,
    a_clinic,
    a_discharge,
    a_patient,
    a_plan,
    a_world,
    a_world_with_an_open_check_in,
)
from tests.support.followup_instruments import TREE_WORDS, the

PEG_WORDS = LoadText(
    code="peg",
    language="en",
    source="the owner's form",
    items={"pain": "Pain?", "enjoyment": "Enjoyment?", "activity": "Activity?"},
    options={value: str(value) for value in range(11)},
)


def offers(world, clinic=CLINIC):
    return {offer.instrument.id: offer for offer in world.run(clinic, list_instruments, ListInstruments()).items}


def test_every_instrument_is_listed_with_its_languages_and_why_it_is_not_asked():
    found = offers(a_world())
    assert {"phq-9", "c-ssrs", "y-bocs", "bpi-sf"} <= found.keys()
    assert [text.language for text in found["phq-9"].texts] == ["de", "en", "es"]
    reasons = {id: found[id].not_asked_because for id in ("phq-9", "gad-7", "peg", "c-ssrs", "y-bocs")}
    assert reasons == {
        "phq-9": (),
        "gad-7": (),
        "peg": ("no-text",),
        "c-ssrs": ("no-text",),
        "y-bocs": ("clinician-rated", "no-text"),
    }


def test_a_loaded_wording_is_offered_in_this_clinic_only():
    world = a_world()
    world.run(CLINIC, load_text, TREE_WORDS)
    found = offers(world)["c-ssrs"]
    assert [(text.name, text.is_own, text.source) for text in found.texts] == [
        ("c-ssrs.1.en.c1", True, "the owner's form")
    ]
    assert found.not_asked_because == ()
    assert offers(world, "clinic-2")["c-ssrs"].texts == ()


def test_a_new_wording_is_the_next_edition_and_the_old_one_stays():
    world = a_world()
    first = world.run(CLINIC, load_text, PEG_WORDS)
    second = world.run(CLINIC, load_text, replace(PEG_WORDS, prompt="In the past week"))
    in_german = world.run(CLINIC, load_text, replace(PEG_WORDS, language="de"))
    assert [text.name for text in (first, second, in_german)] == ["peg.1.en.c1", "peg.1.en.c2", "peg.1.de.c1"]
    unit = world.unit(CLINIC)
    assert wording_for(unit, the("peg"), "en-US") == second
    assert wording_for(unit, the("peg"), "de") == in_german
    assert wording_for(unit, the("peg"), "es") == second
    assert wording_named(unit, the("peg"), first.name).prompt == ""
    with pytest.raises(LookupError):
        wording_named(unit, the("peg"), "peg.1.en.c3")


def test_the_words_of_a_clinic_come_before_the_shipped_ones():
    world = a_world()
    items = {str(item): f"Our words of {item}" for item in range(1, 10)}
    own = LoadText("phq-9", "en", "another official wording", items, options=dict(enumerate("abcd")))
    assert world.run(CLINIC, load_text, own).edition == 1
    text = wording_for(world.unit(CLINIC), the("phq-9"), "en")
    assert text is not None
    assert text.name == "phq-9.1.en.c1"


def test_a_check_in_keeps_the_words_it_was_opened_with():
    world, _ = a_world_with_an_open_check_in()
    items = {str(item): "Later words" for item in range(1, 10)}
    world.run(CLINIC, load_text, LoadText("phq-9", "en", "s", items, options=dict(enumerate("abcd"))))
    [check_in] = world.all(CheckIn)
    assert check_in.parts[0].text == "phq-9.1.en.1"
    assert "Little interest" in wording_named(world.unit(CLINIC), the("phq-9"), check_in.parts[0].text).items["1"]


def test_an_unknown_instrument_has_no_words():
    with pytest.raises(NotFound):
        a_world().run(CLINIC, load_text, replace(PEG_WORDS, code="phq-8"))


def test_every_part_of_a_wording_that_is_missing_or_wrong_is_named():
    wrong = replace(
        PEG_WORDS,
        source=" ",
        items={"pain": "Pain?", "activity": "", "wine": "Wine?"},
        options={value: str(value) for value in range(1, 12)},
        item_options={"enjoyment": {0: "None"}, "beer": {0: "None"}},
    )
    world = a_world()
    with pytest.raises(Invalid) as refusal:
        world.run(CLINIC, load_text, wrong)
    found = {(fault.code, fault.pointer) for fault in refusal.value.faults}
    assert found == {
        ("text.no-source", "/source"),
        ("text.missing", "/items/enjoyment"),
        ("text.missing", "/items/activity"),
        ("text.unknown", "/items/wine"),
        ("text.missing", "/options/0"),
        ("text.unknown", "/options/11"),
        *(("text.missing", f"/item_options/enjoyment/{value}") for value in range(1, 11)),
        ("text.unknown", "/item_options/beer"),
    }
    assert offers(world)["peg"].texts == ()


def test_the_list_and_a_wording_as_json():
    world = a_world()
    said = instrument_schemas.InstrumentsAnswer().dump(world.run(CLINIC, list_instruments, ListInstruments()))
    phq_9 = next(each for each in said["items"] if each["code"] == "phq-9")
    assert (phq_9["version"], phq_9["name"], phq_9["licence"]["may_ship"]) == (1, "PHQ-9", True)
    assert phq_9["texts"][0]["name"] == "phq-9.1.de.1"
    body = instrument_schemas.TextRequest().load(dict(instrument_schemas.TextRequest.Meta.example))
    loaded = world.run(CLINIC, load_text, LoadText("peg", **body))
    assert instrument_schemas.TextAnswer().dump(loaded)["name"] == "peg.1.en.c1"


@pytest.mark.parametrize(
    "body",
    [
        {"language": "tlh"},
        {"source": ""},
        {"options": {"many": "Many"}},
        {"options": {"100": "Too much"}},
        {"items": {"": "Nothing"}},
        {"items": {str(item): "x" for item in range(61)}},
        {"items": {"1": "x" * 1001}},
        {"item_options": {"1": ["No"]}},
    ],
)
def test_a_wording_that_cannot_be_read_is_refused(body):
    with pytest.raises(ValidationError):
        instrument_schemas.TextRequest().load({"language": "en", "source": "s", "items": {"1": "x"}, **body})


# --- what may be asked ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", ["phq-9", "c-ssrs", "bsl-23"])
@pytest.mark.parametrize("country", ["IS", "", "FR", "xx"])
def test_without_a_crisis_line_nothing_that_asks_about_suicide_is_asked(id, country):
    assert "no-crisis-line" in reasons_against(the(id), None, country)


@pytest.mark.parametrize("country", LINES)
def test_with_a_crisis_line_it_is_asked(country):
    assert "no-crisis-line" not in reasons_against(the("phq-9"), None, country)


@pytest.mark.parametrize("id", ["gad-7", "pcl-5", "peg", "asrm", "mdq", "audit-c"])
def test_other_instruments_need_no_crisis_line(id):
    assert reasons_against(the(id), None, "IS") == ("no-text",)


def test_the_list_speaks_for_the_clinics_own_country():
    assert offers(a_world(clinic=a_clinic(country="IS")))["phq-9"].not_asked_because == ("no-crisis-line",)


def test_a_patient_where_no_crisis_line_is_known_is_not_asked_the_phq_9():
    world = a_world(patient=a_patient(country="IS"), plan=a_plan("phq-9", "gad-7"))
    world.run(CLINIC, hear_session_discharged, a_discharge())
    world.pass_time(hours=24)
    [check_in] = world.all(CheckIn)
    opened = world.run(CLINIC, open_check_in, OpenCheckIn(check_in.id))
    assert [part.instrument for part in opened.parts] == ["gad-7"]


def test_where_nothing_may_be_asked_the_check_in_is_cancelled():
    world = a_world(plan=a_plan("c-ssrs"))
    world.run(CLINIC, hear_session_discharged, a_discharge())
    world.pass_time(hours=24)
    [check_in] = world.all(CheckIn)
    cancelled = world.run(CLINIC, open_check_in, OpenCheckIn(check_in.id))
    assert (cancelled.status, cancelled.reason) == (Status.CANCELLED, CancelReason.NOTHING_TO_ASK)


def test_staff_enter_what_no_page_asks():
    world, _ = a_world_with_an_open_check_in("gad-7")
    [check_in] = world.all(CheckIn)
    answers = {
        "gad-7": {str(item): 1 for item in range(1, 8)},
        "y-bocs": {str(item): 3 for item in range(1, 11)},
        "c-ssrs": {"1": 0, "2": 0, "6": 1, "6-recent": 0},
    }
    answered = world.run(CLINIC, enter_answers, EnterAnswers(check_in.id, answers, "Dr. Ames"))
    scored = {part.instrument: (part.text, part.score and part.score.band) for part in answered.parts}
    assert scored == {"gad-7": ("gad-7.1.en.1", "mild"), "y-bocs": ("", "severe"), "c-ssrs": ("", "moderate")}
