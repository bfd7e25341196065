from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError, fields

from shared.errors import Invalid
from shared.http.cursors import MAX_LIMIT, Cursors, PageQuery, page_schema
from shared.paging import Page, page_of

CAKES = "/bakery/v1/clinics/clinic-1/cakes"
cursors = Cursors("key")


@given(st.text(), st.text(), st.text(min_size=1))
def test_a_cursor_continues_where_it_was_written(clinic_id, path, after):
    assert cursors.read(clinic_id, path, cursors.write(clinic_id, path, after)) == after


def test_the_last_page_has_no_cursor_and_the_first_needs_none():
    assert cursors.write("clinic-1", CAKES, None) is None
    assert cursors.read("clinic-1", CAKES, None) is None


@pytest.mark.parametrize(
    ("clinic_id", "path"), [("clinic-2", CAKES), ("clinic-1", f"{CAKES}/x"), ("*", CAKES), ("", "")]
)
def test_a_cursor_is_good_for_its_own_clinic_and_list_only(clinic_id, path):
    written = cursors.write("clinic-1", CAKES, "cake-7")
    with pytest.raises(Invalid) as refused:
        cursors.read(clinic_id, path, written)
    assert [(fault.code, fault.pointer) for fault in refused.value.faults] == [("cursor-refused", "/query/cursor")]


def test_a_cursor_of_another_installation_is_refused():
    with pytest.raises(Invalid):
        cursors.read("clinic-1", CAKES, Cursors("other").write("clinic-1", CAKES, "cake-7"))


@given(st.text(max_size=60))
def test_a_forged_cursor_is_refused(text):
    with pytest.raises(Invalid):
        cursors.read("clinic-1", CAKES, text)


def test_every_changed_character_is_noticed():
    written = cursors.write("clinic-1", CAKES, "cake-7") or ""
    for place, old in enumerate(written):
        forged = f"{written[:place]}{'A' if old != 'A' else 'B'}{written[place + 1 :]}"
        if place < len(written) - 1:  # of the last character only some bits count
            with pytest.raises(Invalid):
                cursors.read("clinic-1", CAKES, forged)


@dataclass(frozen=True)
class Cake:
    id: str


@given(st.integers(0, 12), st.integers(1, 5))
def test_pages_together_are_the_whole_list(count, limit):
    cakes = [Cake(f"cake-{number:02}") for number in range(count)]
    seen: list[Cake] = []
    after: str | None = ""
    while after is not None:
        page = page_of([cake for cake in cakes if cake.id > after][: limit + 1], limit)
        assert len(page.items) <= limit
        seen += page.items
        after = page.after
    assert seen == cakes


def test_a_page_that_holds_all_has_nothing_behind_it():
    assert page_of([Cake("a"), Cake("b")], 2) == Page([Cake("a"), Cake("b")], None)
    assert page_of([], 2) == Page([], None)


def test_how_many_are_asked_for_is_bounded():
    assert PageQuery().load({}) == {"limit": 50, "cursor": None}
    for limit in (0, -1, MAX_LIMIT + 1, "many"):
        with pytest.raises(ValidationError):
            PageQuery().load({"limit": limit})


def test_an_empty_cursor_is_none_of_ours():
    with pytest.raises(ValidationError):
        PageQuery().load({"cursor": ""})


class CakeAnswer(Schema):
    id = fields.String()


def test_a_list_answer_names_its_items_and_the_next_page():
    answer = page_schema(CakeAnswer)
    assert answer().dump({"items": [Cake("a")], "next_cursor": None}) == {"items": [{"id": "a"}], "next_cursor": None}
    assert answer.__name__ == "CakeAnswerPage"
