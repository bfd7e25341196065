from typing import Any

import pytest
import yaml

from services.followup.domain.instrument import CutOff
from services.followup.domain.library import Library
from services.followup.domain.scoring import score
from services.followup.domain.wording import best
from services.followup.instruments import FOLDER, InstrumentsFault, load_library
from tests.support.followup_instruments import LIBRARY, answers_to, the

SCORING = "phq-9.scoring.yaml"
TEXT = "phq-9.text.en.yaml"
MAY_SHIP = {"phq-9", "gad-7", "pcl-5", "pc-ptsd-5", "audit-c"}
"""Of the fifteen: whose owner says that the wording may be reproduced and distributed."""
OF_OTHERS = {
    *("phq-9", "gad-7", "pcl-5", "oci-r", "y-bocs", "peg", "bpi-sf", "mdq", "asrm", "bsl-23", "c-ssrs"),
    *("cadss-6", "cadss-23", "audit-c", "dast-10", "pc-ptsd-5"),
}

MADE_UP: dict[str, Any] = {
    "id": "tea-4",
    "version": 1,
    "name": "TEA-4",
    "recall_days": 7,
    "min_interval_days": 7,
    "items": [
        {"id": "thirst", "lowest": 0, "highest": 2},
        {"id": "cups", "lowest": 0, "highest": 2, "reversed": True},
        {"id": "milk", "lowest": 0, "highest": 1},
        {"id": "sugar", "lowest": 0, "highest": 2, "asked_if": {"items": ["milk"], "value": 1}},
    ],
    "total": {
        "id": "total",
        "items": ["thirst", "cups", "sugar"],
        "bands": [{"name": "calm", "lowest": 0, "highest": 2}, {"name": "parched", "lowest": 3, "highest": 6}],
    },
    "subscales": [{"id": "dryness", "items": ["thirst", "cups"], "method": "mean", "decimals": 1}],
    "findings": [{"name": "with everything", "when": [{"items": ["milk", "sugar"], "value": 1, "count": 2}]}],
    "cut_offs": [{"name": "case", "at_least": 3, "by_language": {"de": 4}}],
    "change": {"response_percent": 50},
    "escalating": [{"item": "score", "tiers": {6: 4}}],
    "licence": {"may_ship": True, "text": "ours"},
    "sources": ["made up"],
}
MADE_UP_WORDS: dict[str, Any] = {
    "instrument": "tea-4",
    "instrument_version": 1,
    "language": "en",
    "source": "made up",
    "items": {"thirst": "Thirst", "cups": "Cups", "milk": "Milk?", "sugar": "Sugar?"},
    "options": {0: "None", 1: "Some", 2: "Much"},
    "item_options": {"milk": {0: "No", 1: "Yes"}},
}


def write(folder, name, content):
    (folder / name).write_text(yaml.safe_dump(content))


def files_with(tmp_path, scoring=None, text=None):
    for name, changes in ((SCORING, scoring or {}), (TEXT, text or {})):
        write(tmp_path, name, {**yaml.safe_load((FOLDER / name).read_text()), **changes})
    return tmp_path


def fault_of(folder):
    with pytest.raises(InstrumentsFault) as fault:
        load_library(folder)
    return str(fault.value)


def test_a_new_instrument_is_a_file(tmp_path):
    write(tmp_path, "tea-4.scoring.yaml", MADE_UP)
    write(tmp_path, "tea-4.text.en.yaml", MADE_UP_WORDS)
    library = load_library(tmp_path)
    tea = library.newest("tea-4")
    found = score(tea, {"thirst": 2, "cups": 0, "milk": 1, "sugar": 2})
    assert (found.total, found.band, found.findings) == (6, "parched", ("with everything",))
    assert (found.subscales[0].shown, found.escalation[0].tier) == ("2.0", 4)
    assert score(tea, {"thirst": 1, "cups": 1, "milk": 0}).total == 2
    text = best(library.texts, tea, "en")
    assert text is not None
    assert [text.option(item, 1) for item in tea.items] == ["Some", "Some", "Yes", "Some"]


def test_what_is_not_asked_counts_as_little_as_it_can(tmp_path):
    items = [*MADE_UP["items"][:3], {**MADE_UP["items"][3], "lowest": 1}]
    total = {"id": "total", "items": ["thirst", "sugar"]}
    write(tmp_path, "tea-4.scoring.yaml", {**MADE_UP, "items": items, "total": total, "escalating": [], "findings": []})
    found = score(load_library(tmp_path).newest("tea-4"), {"thirst": 0, "cups": 0, "milk": 0})
    assert found.total == 1


def test_words_are_here_only_of_instruments_whose_owner_lets_them_be_shipped():
    spoken = {text.instrument for text in LIBRARY.texts}
    assert spoken & OF_OTHERS == MAY_SHIP
    assert {each.id for each in LIBRARY.instruments if each.id in OF_OTHERS and each.licence.may_ship} == MAY_SHIP


def test_words_that_may_not_be_shipped_stop_the_start(tmp_path):
    write(tmp_path, "tea-4.scoring.yaml", MADE_UP | {"licence": {"may_ship": False, "text": "theirs"}})
    write(tmp_path, "tea-4.text.en.yaml", MADE_UP_WORDS)
    assert "tea-4 version 1 in en: its words may not be shipped" in fault_of(tmp_path)


def test_the_codes_are_those_of_loinc():
    phq_9 = the("phq-9")
    assert (phq_9.codes.panel, phq_9.codes.score, phq_9.items[8].code) == ("44249-1", "44261-6", "44260-8")
    assert (the("c-ssrs").codes.score, the("c-ssrs").items[6].code) == ("93374-7", "93269-9")
    assert [item.code for item in the("peg").items] == ["75893-8", "91145-3", "91146-1"]


@pytest.mark.parametrize("id", ["oci-r", "y-bocs", "asrm", "bsl-23", "cadss-6", "cadss-23", "bpi-sf"])
def test_no_code_is_invented(id):
    assert {the(id).codes.panel, the(id).codes.score, *(item.code for item in the(id).items)} == {""}


@pytest.mark.parametrize("language", ["en", "es", "de"])
def test_the_text_keeps_its_notice(language):
    text = best(LIBRARY.texts, the("phq-9"), language)
    assert text is not None
    assert text.language == language
    assert "Pfizer" in text.notice


@pytest.mark.parametrize(
    ("id", "days"),
    [
        *(("phq-9", 7), ("gad-7", 7), ("pcl-5", 14), ("oci-r", 14), ("y-bocs", 14), ("peg", 7), ("bpi-sf", 7)),
        *(("asrm", 3), ("bsl-23", 7), ("c-ssrs", 0), ("cadss-6", 0), ("audit-c", 90), ("dast-10", 90)),
        *(("pc-ptsd-5", 90), ("mdq", 36500)),
    ],
)
def test_the_minimal_interval(id, days):
    assert the(id).min_interval_days == days


@pytest.mark.parametrize(
    ("id", "cut_off", "locale", "sex", "points"),
    [
        ("phq-9", "caseness", "en-US", "", 10),
        ("gad-7", "caseness", "en-GB", "", 8),
        ("pcl-5", "probable PTSD", "en-US", "", 33),
        ("pcl-5", "probable PTSD", "de-AT", "", 34),
        ("oci-r", "likely OCD", "en", "", 21),
        ("oci-r", "caseness", "en", "", 17),
        ("audit-c", "positive", "en", "male", 4),
        ("audit-c", "positive", "en", "female", 3),
        ("audit-c", "positive", "en", "", 3),
        ("dast-10", "may indicate a problem", "en", "", 3),
        ("pc-ptsd-5", "positive", "en", "", 4),
        ("cadss-6", "over the limit for discharge", "en", "", 5),
    ],
)
def test_cut_offs(id, cut_off, locale, sex, points):
    [found] = [each for each in the(id).cut_offs if each.name == cut_off]
    assert found.points(locale, sex) == points


@pytest.mark.parametrize(("total", "at_33", "at_31"), [(33, True, True), (32, False, True), (20, False, False)])
def test_a_cut_off_can_be_set_otherwise(total, at_33, at_31):
    [of_us] = the("pcl-5").cut_offs
    assert (total >= of_us.points("en")) is at_33
    assert (total >= CutOff(of_us.name, 31).points("en")) is at_31


@pytest.mark.parametrize(("id", "values"), [("cadss-6", (0, 1, 2, 1, 0, 1)), ("cadss-6", (0, 0, 1, 0, 0, 0))])
def test_the_limit_for_discharge_is_a_cut_off(id, values):
    total = score(the(id), answers_to(id, values)).total
    assert total is not None
    assert (total >= the(id).cut_offs[0].points()) is (values[1] == 1)


def test_an_old_answer_is_scored_with_its_old_version(tmp_path):
    newer = yaml.safe_load((FOLDER / SCORING).read_text())
    newer |= {"version": 2, "change": {"response_percent": 40}}
    newer["total"]["bands"] = [
        {"name": "well", "lowest": 0, "highest": 9},
        {"name": "ill", "lowest": 10, "highest": 27},
    ]
    write(files_with(tmp_path), "phq-9.v2.scoring.yaml", newer)
    write(tmp_path, "phq-9.v2.text.en.yaml", yaml.safe_load((FOLDER / TEXT).read_text()) | {"instrument_version": 2})
    library = load_library(tmp_path)
    answers = {str(item): 2 for item in range(1, 10)}
    assert library.newest("phq-9").version == 2
    assert score(library.get("phq-9", 1), answers).band == "moderately severe"
    assert score(library.get("phq-9", 2), answers).band == "ill"
    for version in (1, 2):
        text = best(library.texts, library.get("phq-9", version), "en")
        assert text is not None
        assert text.instrument_version == version


def test_a_version_that_was_never_here_is_a_bug():
    with pytest.raises(LookupError):
        LIBRARY.get("phq-9", 7)
    with pytest.raises(LookupError):
        LIBRARY.newest("phq-8")
    assert Library((), ()).find("phq-9") is None


def test_every_fault_of_every_file_is_named_at_once(tmp_path):
    scoring = {
        "escalating": [{"item": "9", "tiers": {4: 1}, "blank_tier": 3}, {"item": "10", "tiers": {1: 1}}],
        "total": {
            "id": "total",
            "items": [str(item) for item in range(1, 10)],
            "bands": [{"name": "low", "lowest": 0, "highest": 9}, {"name": "high", "lowest": 9, "highest": 26}],
        },
        "subscales": [{"id": "odd", "items": ["1", "x"]}],
        "sources": [],
    }
    items = {str(number): "words" for number in range(2, 11)}
    said = fault_of(
        files_with(tmp_path, scoring, {"items": items, "options": {0: "No", 1: "Yes", 2: "Very"}, "source": ""})
    )
    for fault in (
        "bands must reach from 0 to 27",
        "bands low and high must meet",
        "escalating item 9 never takes 4",
        "escalating item 10 is no item",
        "scale odd: x is no item",
        "names no source",
        "item 1 has no words",
        "item 10 is none of the instrument's",
        "option 3 has no words",
        "source of the official wording is missing",
    ):
        assert fault in said


def bands(*rows):
    return {**MADE_UP["total"], "bands": [{"name": n, "lowest": low, "highest": high} for n, low, high in rows]}


def when(**condition):
    return [{"items": ["milk"], "value": 1, **condition}]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"items": []}, "has no items"),
        ({"items": [*MADE_UP["items"], MADE_UP["items"][0]]}, "item thirst stands twice"),
        ({"items": [{"id": "score", "lowest": 0, "highest": 1}]}, "item score must have another name"),
        ({"items": [{"id": "a.b", "lowest": 0, "highest": 1}]}, "item a.b must have another name"),
        ({"items": [{"id": "x", "lowest": 3, "highest": 0}]}, "item x has an empty range"),
        (
            {"items": [{"id": "x", "lowest": 0, "highest": 1, "asked_if": {"items": ["x"], "value": 1}}]},
            "branch to item x: x is no (earlier) item",
        ),
        ({"items": [{"id": "x", "lowest": 0, "highest": "much"}]}, "highest"),
        ({"total": bands(("a", 0, 2), ("b", 4, 6))}, "bands a and b must meet"),
        ({"total": bands(("a", 0, 3), ("b", 3, 6))}, "bands a and b must meet"),
        ({"total": bands(("a", 1, 6))}, "bands must reach from 0 to 6"),
        ({"total": bands(("a", 0, 7))}, "bands must reach from 0 to 6"),
        ({"total": bands(("a", 0, 2), ("a", 3, 6))}, "band a stands twice"),
        ({"total": bands(("a", 0, 6), ("odd", 7, 6))}, "band odd is empty"),
        ({"total": {"id": "total", "items": ["thirst", "wine"]}}, "scale total: wine is no item"),
        ({"total": {"id": "total", "items": ["thirst", "thirst"]}}, "scale total: item thirst stands twice"),
        ({"total": {"id": "total", "items": ["thirst"], "may_lack": 1}}, "cannot do without 1 of 1 items"),
        (
            {"total": {"id": "t", "items": ["thirst", "cups"], "method": "mean", "may_lack": 1}},
            "cannot make up for blank",
        ),
        ({"total": {"id": "total", "items": ["thirst"], "method": "median"}}, "method"),
        ({"subscales": [{"id": "total", "items": ["cups"]}]}, "scale total stands twice"),
        ({"subscales": [{"id": "a", "items": ["wine"]}]}, "scale a: wine is no item"),
        ({"levels": [{"name": "a", "when": when()}, {"name": "b"}]}, "by bands or by levels, not by both"),
        ({"levels": [{"name": "a", "when": when()}]}, "the last level, a, must hold for whatever is left"),
        ({"levels": [{"name": "a"}, {"name": "b"}]}, "level a leaves nothing for the next"),
        ({"levels": [{"name": "a", "when": when()}, {"name": "a"}]}, "level a stands twice"),
        ({"cut_offs": [{"name": "a", "at_least": 3}, {"name": "a", "at_least": 4}]}, "cut-off a stands twice"),
        ({"items": [*MADE_UP["items"][1:], {**MADE_UP["items"][0], "optional": True}]}, "item thirst is optional"),
        ({"escalating": [{"item": "milk", "tiers": {1: 4}}] * 2}, "escalating item milk stands twice"),
        ({"total": {"id": "t", "items": ["thirst"], "never_imputed": ["wine"]}}, "scale t: wine is no item"),
        ({"findings": [{"name": "a", "when": when(items=["wine"])}]}, "a: wine is no (earlier) item"),
        ({"findings": [{"name": "a", "when": when(value=2)}]}, "a: item milk never reaches 2"),
        ({"findings": [{"name": "a", "when": when(value=0)}]}, "never reaches 0, or always does"),
        ({"findings": [{"name": "a", "when": when(count=2)}]}, "a: 2 of 1 items can never be"),
        (
            {"cut_offs": [{"name": "a", "at_least": 3, "by_language": {"de": 9}}]},
            "cut-off a: the total never reaches 9",
        ),
        ({"change": {"response_percent": 130}}, "change: response of 130 percent"),
        ({"change": {"response_percent": 30, "partial_percent": 30}}, "must be less than a response"),
        ({"change": {"remission_at_most": 7}}, "change: the total never comes to 7"),
        ({"escalating": [{"item": "thirst", "tiers": {1: 3, 2: 4}}]}, "thirst becomes less urgent as it rises"),
        ({"escalating": [{"item": "milk", "tiers": {1: 5}}]}, "escalating item milk: there is no tier 5"),
        (
            {"escalating": [{"item": "milk", "tiers": {1: 3}}]},
            "calls for crisis lines, and does not say that it needs them",
        ),
        ({"escalating": [{"item": "score", "tiers": {7: 1}}]}, "escalating item score never takes 7"),
        (
            {"total": {**MADE_UP["total"], "may_lack": 1}, "escalating": [{"item": "cups", "tiers": {1: 1}}]},
            "escalating item cups must never be imputed",
        ),
        ({"licence": {"may_ship": True, "text": " "}}, "does not say what its licence is"),
        ({"sources": [" "]}, "names no source"),
        ({"version": 0}, "versions count from 1"),
        ({"version": "one"}, "version"),
        ({"min_interval_days": -1}, "days cannot be negative"),
        ({"colour": "green"}, "colour: there is no such field"),
        (
            {"items": [{"id": "x", "lowest": 0, "highest": 1, "optionl": True}]},
            "items 1 optionl: there is no such field",
        ),
        ({"total": {**MADE_UP["total"], "may_lak": 1}}, "total may_lak: there is no such field"),
        ({"licence": None}, "licence"),
    ],
)
def test_a_wrong_pack_stops_the_start(tmp_path, changes, fault):
    write(tmp_path, "tea-4.scoring.yaml", {**MADE_UP, **changes})
    assert fault in fault_of(tmp_path)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"source": ""}, "source of the official wording is missing"),
        ({"items": {**MADE_UP_WORDS["items"], "milk": " "}}, "item milk has no words"),
        ({"items": {**MADE_UP_WORDS["items"], "wine": "Wine?"}}, "item wine is none of the instrument's"),
        ({"options": {0: "None", 1: "Some"}}, "option 2 has no words"),
        ({"options": {**MADE_UP_WORDS["options"], 3: "Lots"}}, "option 3 is none of the instrument's"),
        ({"item_options": {"milk": {0: "No"}}}, "item milk: option 1 has no words"),
        ({"item_options": {"wine": {0: "No"}}}, "options of item wine: there is no such item"),
        ({"instrument_version": 2}, "tea-4 version 2 in en: has no scoring file"),
        ({"promt": "Hello"}, "promt: there is no such field"),
    ],
)
def test_wrong_words_stop_the_start(tmp_path, changes, fault):
    write(tmp_path, "tea-4.scoring.yaml", MADE_UP)
    write(tmp_path, "tea-4.text.en.yaml", {**MADE_UP_WORDS, **changes})
    assert fault in fault_of(tmp_path)


def test_a_file_that_is_no_yaml_stops_the_start(tmp_path):
    (files_with(tmp_path) / "x.scoring.yaml").write_text("{")
    (tmp_path / "y.scoring.yaml").write_text("just words")
    said = fault_of(tmp_path)
    assert "x.scoring.yaml" in said
    assert "y.scoring.yaml" in said


def test_text_without_scoring_stops_the_start(tmp_path):
    (files_with(tmp_path) / SCORING).unlink()
    assert "phq-9 version 1 in en: has no scoring file" in fault_of(tmp_path)


def test_two_files_for_the_same_stop_the_start(tmp_path):
    (files_with(tmp_path) / "again.scoring.yaml").write_text((FOLDER / SCORING).read_text())
    (tmp_path / "again.text.en.yaml").write_text((FOLDER / TEXT).read_text())
    said = fault_of(tmp_path)
    assert "the same id and version" in said
    assert "the same instrument, language and edition" in said
