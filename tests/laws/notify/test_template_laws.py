"""Whatever somebody writes as a text: it is refused, or it can be rendered; nothing in between, and soon."""

from hypothesis import given
from hypothesis import strategies as st

from services.notify.templates.language import FLAGS, mistakes, render

NAMES = ["alias", "when", "link", "is_confirmed", "can_reply"]
PIECES = [
    "{{", "}}", "{%", "%}", "{#", "#}", "{%-", "-%}", "if", "elif", "else", "endif", "and", "or", "not", "for", "in",
    "set", "is", "raw", "endraw", "block", "self", "true", "__class__", "|", ".", "(", ")", "[", "]", "*", "**", "'",
    '"', ",", ":", "=", "~", "1", "9", " ", "\n", "a", "é", "\ud800", "\u202e", "{", "}", "%", "#",
]  # fmt: skip
GRAMMAR = st.recursive(
    st.sampled_from(["Hello ", "{{alias}}", "{{ when }}", "{{link}}", ""]),
    lambda inner: st.tuples(st.sampled_from(NAMES), inner, inner).map(
        lambda parts: f"{{% if {parts[0]} %}}{parts[1]}{{% else %}}{parts[2]}{{% endif %}}"
    ),
    max_leaves=6,
)


def outcome(source: str) -> None:
    if mistakes(source, NAMES):
        return
    for is_there in (True, False):
        facts = {name: is_there if name in FLAGS else "x" * is_there for name in NAMES}
        assert len(render(source, facts)) <= len(source)


@given(st.lists(st.sampled_from(PIECES + NAMES), max_size=30).map("".join))
def test_pieces_of_the_language_in_any_order_are_refused_or_rendered(source: str):
    outcome(source)


@given(st.text(max_size=300))
def test_any_text_is_refused_or_rendered(source: str):
    outcome(source)


@given(GRAMMAR)
def test_what_the_language_makes_is_accepted_unless_it_is_too_deep(source: str):
    assert {one.code for one in mistakes(source, NAMES)} <= {"template.too-deep", "template.too-long"}
    outcome(source)
