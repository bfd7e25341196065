"""Charts as a browser draws them: nothing is cut off, nothing covers anything, and axe finds nothing."""

from collections.abc import Iterator
from datetime import date
from typing import Final

import pytest
from playwright.sync_api import Browser, Page

from services.followup.charts import as_svg
from services.followup.domain.chart import chart
from services.followup.domain.measure import history
from tests.support.followup_builders import NEW_YORK
from tests.support.followup_instruments import LIBRARY, the
from tests.support.followup_measured import a_course, measured, values_of

A_YEAR: Final = (
    *((-1, 20), (2, 18), (6, 16), (13, 11), (24, 6), (31, 7), (38, 5), (45, 4), (59, 6), (73, 6), (87, 8), (101, 7)),
    *((137, 6), (167, 7), (198, 4), (229, 5), (259, 9), (290, 11), (320, 12), (351, 14), (382, 13)),
)
_TEXTS: Final = """() => [...document.querySelectorAll("svg text")].map(one => {
  const box = one.getBoundingClientRect();
  return [one.textContent, box.left, box.top, box.right, box.bottom];
})"""


def a_chart(instrument: str, *rows: tuple[int, int]) -> str:
    """A page with the chart of somebody whose last item was worrying now and then."""
    check_ins = [
        measured(instrument, values_of(instrument, total, last=int(day in {6, 351})), day) for day, total in rows
    ]
    found = chart(the(instrument), history(check_ins, LIBRARY), [a_course()], zone=NEW_YORK, today=date(2027, 6, 1))
    style = "<style>body { margin: 0 } svg { display: block } h1 { position: absolute; clip-path: inset(50%) }</style>"
    return f"<!doctype html><html lang=en><title>x</title>{style}<main><h1>x</h1>{as_svg(found).decode()}</main>"


@pytest.fixture
def screen(chromium: Browser) -> Iterator[Page]:
    """A window on a desk."""
    with chromium.new_context(viewport={"width": 960, "height": 460}) as context:
        yield context.new_page()


def test_a_chart_stands_in_nobodys_way(screen, look):
    screen.set_content(a_chart("phq-9", *A_YEAR))
    look(screen, "chart-phq-9")


@pytest.mark.parametrize("instrument", ["phq-9", "gad-7", "pcl-5", "bsl-23", "peg", "y-bocs", "dast-10", "asrm"])
def test_no_words_are_cut_off_or_cover_others(screen, instrument):
    highest = the(instrument).reach[-1]
    rows = A_YEAR if instrument == "phq-9" else [(-1, highest), (20, highest // 2), (24, highest // 2), (60, 1)]
    screen.set_content(a_chart(instrument, *rows))
    texts = screen.evaluate(_TEXTS)
    assert [
        words for words, left, top, right, bottom in texts if left < 0 or top < 0 or right > 960 or bottom > 460
    ] == []
    assert covering(texts) == []


def covering(texts: list[tuple[str, float, float, float, float]]) -> list[tuple[str, str]]:
    """Words that stand on each other."""
    return [
        (one[0], other[0])
        for place, one in enumerate(texts)
        for other in texts[:place]
        if one[1] < other[3] - 1 and other[1] < one[3] - 1 and one[2] < other[4] - 1 and other[2] < one[4] - 1
    ]
