import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain.keywords import folded
from services.notify.domain.reading import Reading
from services.notify.domain.reply import Answer
from tests.support.notify_reading import LONGEST, read_it


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("1", Answer.CONFIRM),
        ("2", Answer.CHANGE),
        ("3", Answer.LATE),
        (" 1 ", Answer.CONFIRM),
        ("1.", Answer.CONFIRM),
        ("(2)", Answer.CHANGE),
        ("\n3!\r\n", Answer.LATE),
        ("\u00a01\u200b", Answer.CONFIRM),
        ("\uff11", Answer.CONFIRM),  # fullwidth, as East Asian keyboards write it
        ("\u0662", Answer.CHANGE),
        ("\u0969", Answer.LATE),
        ("\u2460", Answer.CONFIRM),
        ("2\ufe0f\u20e3", Answer.CHANGE),
        ("", Answer.OTHER),
        ("...", Answer.OTHER),
        ("0", Answer.OTHER),
        ("4", Answer.OTHER),
        ("12", Answer.OTHER),
        ("1 2", Answer.OTHER),
        ("1 please", Answer.OTHER),
        ("one", Answer.OTHER),
    ],
)
def test_only_a_digit_alone_is_an_answer_about_a_session(text, answer):
    assert read_it(text).answer is answer


@given(st.text(max_size=40))
def test_no_text_with_letters_in_it_is_taken_for_an_answer_about_a_session(text):
    if any(letter.isalpha() for letter in text):
        assert read_it(text).answer not in {Answer.CONFIRM, Answer.CHANGE, Answer.LATE}


STOPS = [
    "STOP", "STOPALL", "STOP ALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "OPT OUT", "OPT-OUT",
    "REMOVE", "ARRET", "Arrêt", "TD", "STOPP", "ABMELDEN", "PARAR", "BAJA", "ALTO", "no mas", "No más",
]  # fmt: skip
"""What carriers, providers and the FCC take for an opt-out, and what is said in other languages."""


@pytest.mark.parametrize("text", STOPS)
def test_an_opt_out_word_alone_is_one_and_nobody_has_to_read_it(text):
    found = read_it(text)
    assert (found.answer, found.opts_out, found.is_plain) == (Answer.OPT_OUT, True, True)


@pytest.mark.parametrize(
    "text",
    [
        "Stop",
        " stop. ",
        "\u201cstop\u201d!!!",
        "S.T.O.P",
        "s t o p",
        "ＳＴＯＰ",  # noqa: RUF001
        "\U0001d412\U0001d413\U0001d40e\U0001d40f",  # mathematical bold
        "\u0405\u0422\u041e\u0420",  # Cyrillic letters only
        "S\u200bT\u00adOP",  # with invisible signs inside
        "ŠTÓP",
        "STOP \U0001f6d1",
    ],
)
def test_however_it_is_written(text):
    assert read_it(text) == Reading(Answer.OPT_OUT, opts_out=True)


@pytest.mark.parametrize(
    "text",
    [
        "STOP PLEASE",
        "please stop",
        "stop stop STOP",
        "please stop texting me",
        "Stop sending me these texts",
        "STOP with the messages already",
        "quit texting me!",
        "don't text me anymore",
        "Dont text me",
        "do not send me any more messages",
        "I don\u2019t want to receive your texts",
        "no more texts please",
        "please unsubscribe my number",
        "I would like to opt out",
        "take me off your list",
        "remove my number",
        "leave me alone",
        "No más, por favor",
        "no quiero recibir más mensajes",
        "dejen de mandarme mensajes",
        "Por favor no me escriban",
        "bitte keine SMS mehr",
        "Ich möchte keine Nachrichten mehr erhalten",
        "Bitte nicht mehr schreiben!",
        "Hören Sie auf, mir zu schreiben",
    ],
)
def test_an_opt_out_in_ones_own_words_counts_and_a_person_reads_it(text):
    found = read_it(text)
    assert (found.answer, found.opts_out, found.is_plain) == (Answer.OPT_OUT, True, False)


@pytest.mark.parametrize(
    "text",
    [
        "I can't stop crying",
        "I can\u2019t stop texting my ex",
        "please don't stop texting me",
        "I do not want you to stop sending texts",
        "Should I stop taking my pills?",
        "When do I have to stop eating?",
        "You never text me",
        "You did not text me the time",
        "if you don't text me I won't know",
        "I got no more texts from you",
        "take me off the waitlist",
        "please cancel my appointment",
        "the end of the week is better",
        "don't leave me alone",
        "no dejen de escribirme",
        "Ich kann nicht mehr kommen",
        "ich habe keine SMS mehr bekommen",
        "stopping by at nine",
        "",
        "\U0001f6d1",
    ],
)
def test_what_only_sounds_like_an_opt_out_is_read_by_a_person(text):
    assert read_it(text) == Reading(Answer.OTHER, is_plain=False)


@pytest.mark.parametrize(("text", "may"), [("cancel", True), ("END", True), ("quit", True), ("cancel please", True),
                                           ("CANCELAR", True), ("stop", False), ("unsubscribe", False)])  # fmt: skip
def test_some_opt_out_words_may_have_meant_a_visit(text, may):
    found = read_it(text)
    assert (found.opts_out, found.may_mean_visit) == (True, may)


@pytest.mark.parametrize("text", ["START", "unstop", "Start please", "Empezar", "anmelden"])
def test_an_opt_in_word(text):
    assert read_it(text) == Reading(Answer.OPT_IN)


@pytest.mark.parametrize("text", ["HELP", "info", " Help! ", "HILFE", "AYUDA", "aide"])
def test_a_call_for_help(text):
    assert read_it(text) == Reading(Answer.HELP)


@pytest.mark.parametrize("text", ["help me", "please help", "I need help"])
def test_a_cry_for_help_is_read_by_a_person(text):
    assert read_it(text) == Reading(Answer.OTHER, is_plain=False)


@pytest.mark.parametrize("text", ["yes", "YES!", "Sí", "ja"])
def test_yes_asks_for_texts_where_they_were_stopped_and_else_for_help(text):
    assert read_it(text) == Reading(Answer.HELP, says_yes=True, is_plain=False)


@pytest.mark.parametrize(
    "text",
    [
        "I want to die",
        "i wanna die",
        "I'm going to KILL MYSELF",
        "im gonna hurt myself tonight",
        "I don't want to live anymore",
        "i feel suicidal",
        "they'd be better off without me",
        "I just want to end it all",
        "I took too many pills",
        "kill  my\nself",
        "ｋｉｌｌ ｍｙｓｅｌｆ",  # noqa: RUF001
        "ḱíll mysélf",
        "quiero morirme",
        "No quiero vivir",
        "voy a suicidarme",
        "ya no puedo mas",
        "hacerme daño",
        "Ich will nicht mehr leben",
        "ich will mich umbringen",
        "Ich kann nicht mehr",
        "ich denke an Selbstmord",
    ],
)
def test_words_that_speak_of_danger(text):
    assert read_it(text) == Reading(Answer.CRISIS, is_plain=False)


@pytest.mark.parametrize("text", ["stop texting me, I want to die", "No más mensajes. Quiero morir.",
                                  "bitte keine SMS mehr, ich will sterben"])  # fmt: skip
def test_a_text_of_danger_that_also_asks_for_an_end_is_both(text):
    found = read_it(text)
    assert (found.answer, found.opts_out) == (Answer.CRISIS, True)


@pytest.mark.parametrize(
    "text",
    [
        "I cannot go on Tuesday",
        "I'm dying to know when my visit is",
        "my phone died",
        "no puedo mas tarde",
        "ich kann nicht mehr kommen, mein Auto ist kaputt",
        "the traffic is killing me",
        "I hurt myself at the gym, can I still come?",
    ],
)
def test_what_only_sounds_like_danger(text):
    assert read_it(text).answer is Answer.OTHER


VECTORS = [*STOPS, "STOP PLEASE", "please stop texting me", "don't text me anymore", "bitte keine SMS mehr",
           "I can't stop crying", "cancel", "yes", "START", "HELP", "I want to die", "Ich kann nicht mehr",
           "no quiero vivir", "see you tomorrow", "please don't stop texting me"]  # fmt: skip
BLANKS = st.sampled_from([" ", "  ", "\n", "\t", "\u00a0", "\u2003", " , ", " - ", "... ", " !\u200b ", '" '])
AROUND = st.sampled_from(["", " ", "!", "...", "\u00bf", "\u201c", "\u2026", "\n\n", "\u200f", "(", "*"])
CASES = st.sampled_from([str.upper, str.lower, str.title, str.swapcase, str])
WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


@given(st.sampled_from(VECTORS), st.data(), CASES, st.booleans())
def test_case_blanks_punctuation_and_width_change_nothing(text, data, cased, is_wide):
    words = text.split()
    said = words[0] + "".join(data.draw(BLANKS) + word for word in words[1:])
    written = f"{data.draw(AROUND)}{cased(said)}{data.draw(AROUND)}"
    assert read_it(written.translate(WIDE) if is_wide else written) == read_it(text)


@given(st.text(max_size=LONGEST))
def test_any_text_is_read(text):
    assert isinstance(read_it(text), Reading)
    assert folded(" ".join(folded(text))) == folded(text)
