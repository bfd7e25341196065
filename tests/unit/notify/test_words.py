from typing import Any

import pytest

from services.notify.domain.reading import read
from services.notify.words import FOLDER, WordsFault, faults_of, load_words


def test_every_language_that_patients_are_written_to_in_has_words_for_all_things():
    words = load_words()
    for file in ("en", "es", "de"):
        assert (FOLDER / f"{file}.yaml").exists()
    assert all(vars(words).values())


def test_no_word_has_two_meanings():
    words = load_words()
    meanings = [words.opt_out, words.opt_in, words.help, words.assent, words.crisis]
    assert sum(map(len, meanings)) == len(frozenset().union(*meanings))
    assert words.may_mean_visit <= words.opt_out


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ([], "is no mapping"),
        ({"opt_out_words": ["stop"], "stop": []}, "stop is no list of words"),
        ({"opt_out_words": [True]}, "opt_out_words: True is no text"),
        ({"opt_out_words": ["!"]}, "opt_out_words: '!' says nothing"),
        ({"opt_out_phrases": [".. texts"]}, "opt_out_phrases: '.. texts' begins or ends with a gap"),
        ({"opt_out_phrases": ["no .."]}, "opt_out_phrases: 'no ..' begins or ends with a gap"),
    ],
)
def test_a_list_that_cannot_be_meant_so_is_a_fault(content: Any, fault: str):
    assert fault in faults_of(content)


def test_all_faults_are_told_at_start(tmp_path):
    (tmp_path / "en.yaml").write_text("opt_out_words: [stop]\nhelp: []\n")
    (tmp_path / "xx.yaml").write_text("opt_out_words: [yes]\n")
    with pytest.raises(WordsFault) as found:
        load_words(tmp_path)
    assert "en.yaml: help is no list" in str(found.value)
    assert "xx.yaml: opt_out_words: True is no text" in str(found.value)


def test_a_new_language_is_a_file(tmp_path):
    (tmp_path / "it.yaml").write_text(
        "opt_out_words: [basta, ferma]\nopt_out_phrases: [non .. scrivete]\nbetween: [mi]\n"
    )
    words = load_words(tmp_path)
    assert read("Ferma!", words).opts_out
    assert read("per favore non mi scrivete", words).opts_out
    assert not read("stop", words).opts_out
