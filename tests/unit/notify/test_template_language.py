"""The language of texts: what it can say, and that nothing else gets in."""

import pytest

from services.notify.templates.language import LONGEST, CannotRender, mistakes, render

NAMES = {"alias", "when", "link", "is_confirmed", "can_reply"}
FACTS: dict[str, str | bool] = {
    "alias": "Riverside",
    "when": "Mon",
    "link": "",
    "is_confirmed": False,
    "can_reply": True,
}


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("See you", "See you"),
        ("{{alias}}: {{ when }}.", "Riverside: Mon."),
        ("{% if link %}a{% elif can_reply %}b{% else %}c{% endif %}", "b"),
        ("{% if not link and can_reply %}a{% endif %}", "a"),
        ("{% if is_confirmed or link or can_reply %}a{% endif %}", "a"),
        ("{%- if can_reply -%} a {%- endif -%}", "a"),
        ("<b>{{alias}}</b> & co", "<b>Riverside</b> & co"),
        ("100 % sure, 5 { 6 } 7 #1", "100 % sure, 5 { 6 } 7 #1"),
    ],
)
def test_texts_have_words_names_and_ifs(source: str, text: str):
    assert mistakes(source, NAMES) == []
    assert render(source, FACTS) == text


ESCAPES = [
    "{{ ''.__class__.__mro__ }}",
    "{{ alias.__class__ }}",
    "{{ alias.__init__.__globals__ }}",
    "{{ alias['__class__'] }}",
    "{{ alias|attr('__class__') }}",
    "{{ alias | upper }}",
    "{{ alias() }}",
    "{{ alias * 1000000000 }}",
    "{{ alias ~ alias }}",
    "{{ alias + alias }}",
    "{{ 9 ** 99999999 }}",
    "{{ 'a' }}",
    "{{ (alias) }}",
    "{{ [alias] }}",
    "{{ {} }}",
    "{{ alias, alias }}",
    "{{ alias if alias else when }}",
    "{{ alias is defined }}",
    "{{ alias == when }}",
    "{{ range }}",
    "{{ self }}",
    "{{ lipsum }}",
    "{{ cycler.__init__ }}",
    "{{ config }}",
    "{{ loop }}",
    "{{ true }}",
    "{{ None }}",
    "{{ is_confirmed }}",
    "{{ alias and when }}",
    "{{ not alias }}",
    "{% for a in alias %}{{ a }}{% endfor %}",
    "{% set alias = when %}",
    "{% macro a() %}{% endmacro %}",
    "{% include 'x' %}",
    "{% import 'os' as o %}",
    "{% extends 'x' %}",
    "{% block a %}{% endblock %}",
    "{% with %}{% endwith %}",
    "{% filter upper %}a{% endfilter %}",
    "{% raw %}{{ alias }}{% endraw %}",
    "{% autoescape false %}{% endautoescape %}",
    "{% do alias %}",
    "{# a note #}",
    "{% if alias %}",
    "{% endif %}",
    "{% if %}a{% endif %}",
    "{% alias %}",
    "{{ alias",
    "{{ }}",
    "{{ alias alias }}",
    "{{ patient_name }}",
    "{{ name }}",
    "{{ drug }}",
    "{% if diagnosis %}a{% endif %}",
]


@pytest.mark.parametrize("source", ESCAPES)
def test_what_is_not_in_the_language_is_refused(source: str):
    found = mistakes(f"Hello {source}", NAMES)
    assert found
    assert {one.code.partition(".")[0] for one in found} == {"template"}


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("{{ alias|upper }}", "template.construct"),
        ("{% for a in alias %}{% endfor %}", "template.construct"),
        ("{{ patient_name }}", "template.unknown-name"),
        ("{% if alias %}", "template.syntax"),
        ("{{ is_confirmed }}", "template.not-a-text"),
        ("{% if link %}" * 6 + "{% endif %}" * 6, "template.too-deep"),
        ("{% if link" + " and link" * 9 + " %}a{% endif %}", "template.too-deep"),
        ("{% if " + "not " * 9 + "link %}a{% endif %}", "template.too-deep"),
        ("a" * (LONGEST + 1), "template.too-long"),
    ],
)
def test_every_refusal_has_its_code(source: str, code: str):
    assert code in {one.code for one in mistakes(source, NAMES)}


EXPLOSIONS = [
    pytest.param("{% if link %}" * 10_000 + "{% endif %}" * 10_000, id="ifs within ifs"),
    pytest.param("{{" + "(" * 10_000 + "alias" + ")" * 10_000 + "}}", id="brackets"),
    pytest.param("{{ " + "not " * 10_000 + "alias }}", id="nots"),
    pytest.param("{% if alias " + "and alias " * 10_000 + "%}{% endif %}", id="ands"),
    pytest.param("a" * 10_000_000, id="10 MB"),
    pytest.param("{{" * 5_000_000, id="10 MB of openings"),
]


@pytest.mark.parametrize("source", EXPLOSIONS)
@pytest.mark.timeout(10)
def test_what_would_explode_is_refused_at_once(source: str):
    assert [one.code for one in mistakes(source, NAMES)] == ["template.too-long"]
    assert mistakes(source[:LONGEST] + "{{", NAMES)
    assert mistakes(source[: LONGEST - 2] + "{{", NAMES)


@pytest.mark.parametrize("depth", [1, 5, 6, 80])
def test_ifs_lie_in_each_other_five_deep_at_most(depth: int):
    source = "{% if link %}" * depth + "{% endif %}" * depth
    assert [one.code for one in mistakes(source, NAMES)] == (["template.too-deep"] if depth > 5 else [])


def test_all_mistakes_are_named_at_once():
    codes = [one.code for one in mistakes("{{ a }}{{ b }}{{ alias|upper }}", NAMES)]
    assert codes.count("template.unknown-name") == 3  # `upper` is no name either
    assert "template.construct" in codes


def test_a_name_that_is_not_there_is_no_empty_text():
    with pytest.raises(CannotRender):
        render("{{ gone }}", FACTS)


def test_what_a_fact_says_is_not_read_as_a_template():
    assert render("{{alias}}", {"alias": "{{ when }}{% if"}) == "{{ when }}{% if"
