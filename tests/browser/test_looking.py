"""The look at a page itself: what stands in somebody's way is found."""

import pytest

from tests.browser.looking import Looking

GOOD = """<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>Good</title>
<style>button {{ min-height: 44px; color: #000; background: #fff }}
@media (prefers-color-scheme: dark) {{ {night} }}</style>
<main><h1>Good</h1>{more}<button>Go on</button></main></html>"""


def test_a_good_page_passes(page):
    page.set_content(GOOD.format(more="", night=""))
    Looking(None)(page, "good")


@pytest.mark.parametrize(
    ("more", "night", "found"),
    [
        ('<p style="color: #bbb; background: #fff">pale</p>', "", "color-contrast"),
        ("", "button { color: #333; background: #000 }", "at night: color-contrast"),
        ('<input id="year">', "", "label"),
        ('<button style="min-height: 20px">x</button>', "", "min-height: 20px"),
        ('<div style="width: 500px">wide</div>', "", "px wide on a screen of 320 px"),
    ],
)
def test_what_stands_in_somebodys_way_is_found(page, more, night, found):
    page.set_content(GOOD.format(more=more, night=night))
    with pytest.raises(AssertionError, match=found):
        Looking(None)(page, "bad")
