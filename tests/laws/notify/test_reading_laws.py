"""However long a text is and whatever stands in it: reading it takes no longer than it should."""

import time

import pytest

from tests.support.notify_reading import LONGEST, read_it


@pytest.mark.parametrize("unit", ["stop ", "dont stop texting ", "stop sending me these ", "a", "1 ", "kill ", "no ",
                                  "\u200b", "\ufdfa", "\u0301", "dont not "])  # fmt: skip
def test_the_longest_text_takes_milliseconds_and_twice_the_text_twice_the_time(unit):
    def seconds(length: int) -> float:
        text = (unit * length)[:length]
        times = []
        for _ in range(5):
            began = time.perf_counter()
            read_it(text)
            times.append(time.perf_counter() - began)
        return min(times)

    assert seconds(LONGEST) < 0.1
    assert seconds(8 * LONGEST) < 0.1 + 40 * seconds(LONGEST)
