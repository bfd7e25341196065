from services.notify.templates.html import as_html

TEXT = """Riverside <Clinic>: booked.

- Mon 9:00 AM
- Wed 9:00 AM

See all, confirm or change: https://care.example/a/b?c=1&d=2

Call 555-0100,
or look at https://care.example/x any time.
"""


def test_paragraphs_lists_and_the_link_as_a_button():
    html = as_html(TEXT)
    assert "<p>Riverside &lt;Clinic&gt;: booked.</p><ul><li>Mon 9:00 AM</li><li>Wed 9:00 AM</li></ul>" in html
    assert '<a href="https://care.example/a/b?c=1&amp;d=2" style="display:inline-block;' in html
    assert ">See all, confirm or change</a></p>" in html
    assert (
        '<p>Call 555-0100,<br>or look at <a href="https://care.example/x">https://care.example/x</a> any time.</p>'
        in html
    )


def test_nothing_in_a_text_becomes_html():
    html = as_html('<script>alert(1)</script>\n\nClick: https://x.example/"onmouseover="alert(1)\n\n- <img src=x>\n')
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="https://x.example/&quot;onmouseover=&quot;alert(1)"' in html
