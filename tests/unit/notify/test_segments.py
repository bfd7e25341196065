"""What an SMS costs, at the lengths where it changes."""

import pytest

from services.notify.templates.segments import Encoding, size_of

GSM, UCS = Encoding.GSM_7, Encoding.UCS_2


@pytest.mark.parametrize(
    ("text", "encoding", "units", "parts"),
    [
        ("", GSM, 0, 1),
        ("A" * 160, GSM, 160, 1),
        ("A" * 161, GSM, 161, 2),
        ("A" * 306, GSM, 306, 2),
        ("A" * 307, GSM, 307, 3),
        ("á" * 70, UCS, 70, 1),
        ("á" * 71, UCS, 71, 2),
        ("á" * 134, UCS, 134, 2),
        ("á" * 135, UCS, 135, 3),
        ("€" * 80, GSM, 160, 1),
        ("€" * 81, GSM, 162, 2),
        ("See you tomorrow at 9:00 \N{SLIGHTLY SMILING FACE}", UCS, 27, 1),
        ("\N{SLIGHTLY SMILING FACE}" * 35, UCS, 70, 1),
        ("\N{SLIGHTLY SMILING FACE}" * 36, UCS, 72, 2),
        ("mañana", GSM, 6, 1),
        ("después", GSM, 7, 1),
        ("sólidos", UCS, 7, 1),
        ("Getränke, Grüße", GSM, 15, 1),
        ("[brackets]", GSM, 12, 1),
        ("ç", UCS, 1, 1),
        ("Ç", GSM, 1, 1),
    ],
)
def test_an_sms_takes_so_many_units_and_parts(text: str, encoding: Encoding, units: int, parts: int):
    size = size_of(text)
    assert (size.encoding, size.units, size.parts) == (encoding, units, parts)


def test_no_character_is_cut_in_two_by_the_end_of_a_part():
    # The sign of 153 septets' last place takes two: it goes to the next part, and a third one is needed.
    assert size_of("A" * 152 + "€€" + "A" * 151).parts == 3
    assert size_of("A" * 153 + "€" + "A" * 151).parts == 2
    smile = "\N{SLIGHTLY SMILING FACE}"
    assert size_of("á" * 66 + smile + "á" * 66).parts == 3
    assert size_of("á" * 65 + smile + "á" * 67).parts == 2
