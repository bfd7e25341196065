import pytest
import yaml

from services.followup.instruments import FOLDER, InstrumentsFault, load_library
from tests.support.followup_builders import PHQ_9
from tests.support.followup_fakes import LIBRARY

SCORING = "phq-9.scoring.yaml"
TEXT = "phq-9.text.en.yaml"


def files_with(tmp_path, scoring=None, text=None):
    for name, changes in ((SCORING, scoring or {}), (TEXT, text or {})):
        whole = yaml.safe_load((FOLDER / name).read_text())
        (tmp_path / name).write_text(yaml.safe_dump({**whole, **changes}))
    return tmp_path


def fault_of(folder):
    with pytest.raises(InstrumentsFault) as fault:
        load_library(folder)
    return str(fault.value)


def test_the_shipped_instruments_are_sound():
    assert [(each.id, each.version) for each in LIBRARY.instruments] == [("phq-9", 1)]


def test_the_codes_are_those_of_loinc():
    assert (PHQ_9.codes.panel, PHQ_9.codes.total, PHQ_9.items[8].code) == ("44249-1", "44261-6", "44260-8")


def test_the_text_keeps_its_notice():
    assert "No permission required to reproduce" in LIBRARY.text(PHQ_9, "en").notice


@pytest.mark.parametrize("locale", ["en", "en-GB", "EN-us", "de-DE", ""])
def test_a_language_without_an_official_wording_gets_the_english_one(locale):
    assert LIBRARY.text(PHQ_9, locale).language == "en"


def test_an_official_wording_is_used_for_its_language(tmp_path):
    german = yaml.safe_load((FOLDER / TEXT).read_text()) | {"language": "de"}
    (files_with(tmp_path) / "phq-9.text.de.yaml").write_text(yaml.safe_dump(german))
    library = load_library(tmp_path)
    assert library.text(PHQ_9, "de-AT").language == "de"
    assert library.text(PHQ_9, "fr").language == "en"


def test_the_version_that_a_check_in_was_made_with_stays_readable(tmp_path):
    whole = yaml.safe_load((FOLDER / SCORING).read_text()) | {"version": 2}
    words = yaml.safe_load((FOLDER / TEXT).read_text()) | {"instrument_version": 2}
    (files_with(tmp_path) / "phq-9.v2.scoring.yaml").write_text(yaml.safe_dump(whole))
    (tmp_path / "phq-9.v2.text.en.yaml").write_text(yaml.safe_dump(words))
    library = load_library(tmp_path)
    assert library.newest("phq-9").version == 2
    assert library.get("phq-9", 1).version == 1
    assert library.text(library.get("phq-9", 1), "en").instrument_version == 1


def test_a_version_that_was_never_here_is_a_bug():
    with pytest.raises(LookupError):
        LIBRARY.get("phq-9", 7)


def test_every_fault_of_every_file_is_named_at_once(tmp_path):
    scoring = {
        "name": None,
        "bands": [{"name": "low", "lowest": 0, "highest": 9}, {"name": "high", "lowest": 9, "highest": 26}],
        "escalating": [
            {"item": "9", "tiers": {4: 1}, "blank_tier": 3},
            {"item": "10", "tiers": {1: 1}, "blank_tier": 3},
        ],
    }
    items = {str(number): "words" for number in range(2, 11)}
    said = fault_of(files_with(tmp_path, scoring, {"items": items, "options": {0: "No", 1: "Yes", 2: "Very"}}))
    for fault in (
        "bands must reach from 0 to 27",
        "bands low and high must meet",
        "escalating item 9 never takes 4",
        "escalating item 10 is no item",
        "item 1 has no words",
        "item 10 is none of the instrument's",
        "option 3 has no words",
    ):
        assert fault in said


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"items": []}, "has no items"),
        ({"bands": []}, "has no bands"),
        ({"items": [{"id": "1", "code": "x", "lowest": 3, "highest": 0}] * 2}, "item 1 stands twice"),
        ({"items": [{"id": "1", "code": "x", "lowest": 3, "highest": 0}]}, "item 1 has an empty range"),
        ({"bands": [{"name": "odd", "lowest": 9, "highest": 0}]}, "band odd is empty"),
        ({"method": "mean"}, "method"),
        ({"version": "one"}, "version"),
        ({"id": "phq-8"}, "phq-9: is planned, but has no scoring file"),
    ],
)
def test_a_fault_of_a_scoring_file_stops_the_start(tmp_path, changes, fault):
    assert fault in fault_of(files_with(tmp_path, changes))


def test_a_file_that_is_no_yaml_stops_the_start(tmp_path):
    (files_with(tmp_path) / "x.scoring.yaml").write_text("{")
    (tmp_path / "y.scoring.yaml").write_text("just words")
    said = fault_of(tmp_path)
    assert "x.scoring.yaml" in said
    assert "y.scoring.yaml" in said


def test_text_without_scoring_stops_the_start(tmp_path):
    (files_with(tmp_path) / SCORING).unlink()
    assert "phq-9 version 1 in en: has no scoring file" in fault_of(tmp_path)


def test_a_planned_instrument_needs_english_words(tmp_path):
    (files_with(tmp_path) / TEXT).unlink()
    assert "phq-9 version 1: is planned, but has no text in en" in fault_of(tmp_path)


def test_two_files_for_one_version_stop_the_start(tmp_path):
    (files_with(tmp_path) / "again.scoring.yaml").write_text((FOLDER / SCORING).read_text())
    assert "the same id and version" in fault_of(tmp_path)
