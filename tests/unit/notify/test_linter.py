"""What cannot be published, each reason with its code; and all that ships can."""

import re
from dataclasses import replace
from typing import Any

import pytest

from services.notify.domain.recipient import Privacy
from services.notify.domain.template import Place, Wording
from services.notify.domain.text_keys import KEYS
from services.notify.templates.language import LONGEST
from services.notify.templates.writer import load_writer
from shared.errors import Fault
from tests.support.notify_builders import a_clinic

WRITER = load_writer()
PLACE = Place("reminder P1D", "en", Privacy.STANDARD)
GOOD = Wording(
    sms="{{alias}}: see you {{when}}. No food after {{solids}}. Call {{phone}}.",
    subject="{{alias}}: your visit",
    email="{{alias}}: see you {{when}}.\n\n- No food after {{solids}}.\n\nCall {{phone}}.\n",
)


def faults(wording: Wording = GOOD, place: Place = PLACE, **changes: Any) -> list[Fault]:
    return WRITER.faults(place, replace(wording, **changes), a_clinic())


def broken_by(part: str, source: str) -> list[Fault]:
    changes: dict[str, Any] = {part: source}
    return faults(**changes)


def codes(wording: Wording = GOOD, place: Place = PLACE, **changes: Any) -> set[tuple[str, str]]:
    return {(fault.pointer, fault.code) for fault in faults(wording, place, **changes)}


@pytest.mark.parametrize("language", ["en", "es", "de"])
def test_all_that_ships_can_be_published(language: str):
    shipped = {place: WRITER.shipped(place) for place in WRITER.places() if place.language == language}
    assert [(place, found) for place, wording in shipped.items() if wording and (found := faults(wording, place))] == []


def test_every_text_ships_in_every_language_and_at_minimal_privacy():
    shipped = {(place.key, place.language) for place in WRITER.places() if place.privacy is Privacy.MINIMAL}
    open_keys = {key for key, text in KEYS.items() if not text.is_fixed}
    assert shipped == {(key, language) for key in open_keys for language in ("en", "es", "de")}


def test_a_good_text_is_published():
    assert faults() == []


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "your ketamine visit"),
        ("en", "KETAMINE"),
        ("en", "your infusion"),
        ("en", "the infusions"),
        ("en", "for your depression"),
        ("en", "50mg"),
        ("en", "your next dose"),
        ("en", "your PHQ-9 score"),
        ("en", "psychiatrist"),
        ("en", "ketámine"),
        ("en", "keta{% if link %}{% endif %}mine"),
        ("es", "su infusión"),
        ("es", "INFUSION"),
        ("es", "la próxima dosis"),
        ("es", "su depresión"),
        ("de", "Ihre Infusion"),
        ("de", "die Dosis"),
        ("de", "Ihre Depressionen"),
        ("de", "Angststörung"),
    ],
)
def test_what_somebody_is_treated_for_and_how_is_not_said(language: str, words: str):
    place = replace(PLACE, language=language)
    found = codes(
        place=place, sms=f"{GOOD.sms} {words}.", email=f"{GOOD.email}{words}", subject=f"{words} {{{{alias}}}}"
    )
    assert {("/sms", "template.forbidden-word"), ("/email", "template.forbidden-word")} <= found
    assert ("/subject", "template.forbidden-word") in found


@pytest.mark.parametrize("words", ["painting lessons", "the Doses road", "Drogheda", "Overdosed"])
def test_words_that_only_look_like_it_are_fine_unless_they_begin_like_it(words: str):
    begins_alike = words == "the Doses road"
    assert (("/sms", "template.forbidden-word") in codes(sms=f"{GOOD.sms} {words}")) is begins_alike


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "This works: guaranteed relief"), ("en", "you will feel better"), ("es", "se sentirá mejor"),
     ("es", "curación"), ("de", "nachgewiesen wirksam"), ("de", "Heilung")],
)  # fmt: skip
def test_nobody_is_promised_a_result(language: str, words: str):
    assert ("/sms", "template.claim") in codes(place=replace(PLACE, language=language), sms=f"{GOOD.sms} {words}")


@pytest.mark.parametrize("words", ["health", "medical visit", "your doctor", "session 3", "bring your driver"])
def test_a_subject_is_neutral(words: str):
    assert codes(subject=f"{{{{alias}}}}: {words}") == {("/subject", "template.subject-word")}


@pytest.mark.parametrize(
    "link",
    ["https://evil.example/x", "http://1.2.3.4", "www.evil.com", "evil.com", "bit.ly/3xyz", "rvc.example/p/7Q2",
     "mailto:a@b.example", "javascript://x", "clinic.health"],
)  # fmt: skip
def test_the_only_link_is_the_patients_own(link: str):
    assert ("/sms", "template.foreign-link") in codes(sms=f"{GOOD.sms} {link}")
    assert ("/email", "template.foreign-link") in codes(email=f"{GOOD.email}\n{link}\n")


@pytest.mark.parametrize(
    "around", ["{{link}}/admin", "x{{link}}", "{{link}}.", "{{link}}{{alias}}", "{{link}}?p={{when}}"]
)
def test_nothing_clings_to_the_link(around: str):
    assert ("/sms", "template.link-not-alone") in codes(sms=f"{GOOD.sms} {around}")


@pytest.mark.parametrize("name", ["patient_name", "name", "first_name", "diagnosis", "clinic", "body", "until"])
def test_there_is_no_name_to_say_a_patients_name_with(name: str):
    assert ("/sms", "template.unknown-name") in codes(sms=f"{GOOD.sms} {{{{{name}}}}}")


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"sms": "See you {{when}}. Food until {{solids}}. {{phone}}"}, "{{alias}}"),
        ({"sms": "{{alias}}: food until {{solids}}. {{phone}}"}, "{{when}}"),
        ({"sms": "{{alias}} {{when}} {{solids}}"}, "{{link}} or {{phone}}"),
        ({"sms": "{{alias}} {{when}} {{solids}} {{link}}"}, "{{phone}}"),
        ({"sms": "{{alias}} {{when}} {{solids}}{% if can_reply %} {{phone}}{% endif %}"}, "{{link}} or {{phone}}"),
        ({"sms": "{{alias}} {{when}} {{phone}}"}, "{{solids}}"),
    ],
)
def test_what_has_to_be_said_is_said_in_every_case(change: dict[str, Any], missing: str):
    details = [fault.detail for fault in faults(**change) if fault.code == "template.name-missing"]
    assert f"{missing} has to be said in every case." in details


def test_a_link_instead_of_the_phone_is_enough_where_there_is_one():
    sms = "{{alias}} {{when}} {{solids}} {% if link %}{{link}}{% else %}{{phone}}{% endif %}"
    assert codes(sms=sms) == set()


def test_a_reminder_that_may_speak_for_others_names_them():
    place = Place("reminder P3D", "en", Privacy.MINIMAL)
    wording = Wording("{{alias}} {{when}} {{phone}}", "{{alias}}", "{{alias}} {{when}} {{visits}} {{phone}}")
    assert codes(wording, place) == {("/sms", "template.name-missing")}


@pytest.mark.parametrize("name", ["solids", "clear", "early", "link"])
def test_at_minimal_privacy_nothing_is_said_of_what_has_to_be_prepared(name: str):
    place = replace(PLACE, privacy=Privacy.MINIMAL)
    plain = Wording("{{alias}} {{when}} {{phone}}", "{{alias}}", "{{alias}} {{when}} {{phone}}")
    assert codes(plain, place) == set()
    assert codes(plain, place, sms=f"{plain.sms} {{{{{name}}}}}") == {("/sms", "template.unknown-name")}


@pytest.mark.parametrize(
    ("sign", "named"),
    [
        ("\r", "U+000D"),
        ("\n", "U+000A"),
        ("\0", "U+0000"),
        ("\x1b", "U+001B"),
        ("\N{RIGHT-TO-LEFT OVERRIDE}", "U+202E"),
        ("\N{RIGHT-TO-LEFT MARK}", "U+200F"),
        ("\N{ZERO WIDTH SPACE}", "U+200B"),
        ("\N{ZERO WIDTH JOINER}", "U+200D"),
        ("\N{ZERO WIDTH NO-BREAK SPACE}", "U+FEFF"),
        ("\N{SOFT HYPHEN}", "U+00AD"),
        ("\N{LINE SEPARATOR}", "U+2028"),
        ("\ud83d", "U+D83D"),
        ("\ude00", "U+DE00"),
        ("\ue000", "U+E000"),
        ("\N{CYRILLIC SMALL LETTER KA}", "U+043A"),
        ("\N{HANGUL FILLER}", "U+3164"),
        ("\N{FULLWIDTH LATIN SMALL LETTER K}", "U+FF4B"),
    ],
)
def test_signs_that_nobody_sees_or_that_break_lines_are_refused(sign: str, named: str):
    for part in ("sms", "subject"):
        [found] = [fault for fault in broken_by(part, f"{getattr(GOOD, part)}{sign}x") if fault.code == "template.sign"]
        assert (found.pointer, named in found.detail) == (f"/{part}", True)


def test_a_header_cannot_be_injected_by_a_subject():
    assert codes(subject="{{alias}}\r\nBcc: x@example.com") == {("/subject", "template.sign")}


def test_lines_are_fine_in_an_email_only():
    assert codes(email=f"{GOOD.email}\n\nmore\n") == set()
    assert ("/email", "template.sign") in codes(email=f"{GOOD.email}\r\n")


def test_an_sms_keeps_to_its_parts_with_every_field_at_its_longest():
    filler = "Please come in by the side door and ring twice. "
    assert codes(sms=GOOD.sms + filler * 4) == set()
    [fault] = faults(sms=GOOD.sms + filler * 6)
    assert (fault.code, fault.pointer) == ("template.too-many-parts", "/sms")
    assert re.search(r"4 parts of gsm-7 \(\d+ units\), not 3", fault.detail)


def test_one_letter_outside_of_gsm_7_may_cost_more_parts_than_there_are():
    long = GOOD.sms + "Please come in by the side door. " * 2
    assert codes(sms=long) == set()
    [fault] = faults(sms=long + "Adiós")
    assert (fault.code, "ucs-2" in fault.detail) == ("template.too-many-parts", True)


def test_a_text_is_neither_empty_nor_endless():
    assert codes(sms=" ", email="a" * (LONGEST + 1)) == {
        ("/sms", "template.empty"),
        ("/email", "template.too-long"),
    }
    assert codes(subject="a" * 121) == {("/subject", "template.too-long")}


def test_every_reason_is_told_at_once():
    found = codes(sms="{{ name }} {% for a in b %}", subject="Your infusion\n", email="{{alias}} see www.evil.com")
    assert found >= {
        ("/sms", "template.unknown-name"),
        ("/sms", "template.construct"),
        ("/subject", "template.sign"),
        ("/email", "template.foreign-link"),
        ("/email", "template.name-missing"),
    }


@pytest.mark.parametrize("key", ["manual", "test"])
def test_what_comes_whole_has_no_text_of_its_own(key: str):
    place = Place(key, "en", Privacy.MINIMAL)
    assert codes(Wording("{{body}}", "a", "{{body}}"), place) == {("/key", "template.fixed")}


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("Please bring your insurance card on Monday at 9.", set()),
        ("We moved. New door: 12 Elm St.", set()),
        ("Your infusion is on Monday.", {"template.forbidden-word"}),
        ("Dear Ada Byron, please call.", {"template.full-name"}),
        ("Byron, Ada: please call.", {"template.full-name"}),
        ("Dear Ada, please call.", set()),
        ("See www.evil.com", {"template.foreign-link"}),
        ("You will feel better.", {"template.claim"}),
        ("Please\N{RIGHT-TO-LEFT OVERRIDE} call", {"template.sign"}),
        ("Please\ncall", set()),
        ("Please\r\ncall\0", {"template.sign"}),
        ("Пожалуйста, позвоните нам.", set()),
        ("{{ alias }} {% for %}", set()),
    ],
)
def test_what_a_person_writes_keeps_to_the_same_rules(body: str, found: set[str]):
    faults = WRITER.body_faults(body, locale="en", patient_name="Ada Byron")
    assert {fault.code for fault in faults} == found


def test_what_a_person_writes_is_judged_in_the_patients_language_and_in_english():
    for body in ("Su infusión es el lunes.", "Your infusion is on Monday."):
        faults = WRITER.body_faults(body, locale="es-US", patient_name="Ana")
        assert [fault.code for fault in faults] == ["template.forbidden-word"]
