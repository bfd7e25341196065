"""What is told arrives as it was told; what cannot be ours never reaches a handler."""

import json
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.envelope import Envelope, from_wire, to_wire
from shared.errors import PoisonMessage

AN_ENVELOPE = Envelope(
    id="0199d2a4-0000-7000-8000-00000000000e",
    type="cake.baked.v1",
    source="bakery",
    subject="cake/cake-1",
    seq=3,
    time=datetime(2026, 3, 8, 6, 59, 59, 123000, tzinfo=UTC),
    clinic_id="clinic-1",
    correlation_id="correlation",
    causation_id="cause",
    traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    data={"flavour": "plum", "tiers": [1, 2], "note": None},
)
NAMES = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
ENVELOPES = st.builds(
    Envelope,
    id=NAMES,
    type=NAMES,
    source=NAMES,
    subject=st.tuples(NAMES, NAMES).map("/".join),
    seq=st.integers(1, 2**53),
    time=st.datetimes(datetime.fromisoformat("2000-01-01"), timezones=st.just(UTC)).map(
        lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000)
    ),
    clinic_id=NAMES,
    correlation_id=NAMES,
    causation_id=NAMES,
    traceparent=st.just(""),
    data=st.dictionaries(NAMES, JSON, max_size=4),
)


def rewritten(**attributes: Any) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
    """The record of `AN_ENVELOPE` with other attributes in its body; `...` takes one away."""
    key, value, headers = to_wire(AN_ENVELOPE)
    body = {**json.loads(value), **attributes}
    return key, json.dumps({name: it for name, it in body.items() if it is not ...}).encode(), headers


def test_the_record_is_a_cloudevent_in_structured_mode():
    key, value, headers = to_wire(AN_ENVELOPE)
    body = json.loads(value)
    assert key == b"clinic-1/cake/cake-1"
    assert (body["specversion"], body["id"], body["type"]) == ("1.0", AN_ENVELOPE.id, "cake.baked.v1")
    assert (body["sequence"], body["clinicid"], body["subject"]) == ("3", "clinic-1", "cake/cake-1")
    assert body["data"] == AN_ENVELOPE.data
    assert dict(headers)["ce_clinicid"] == b"clinic-1"
    assert dict(headers)["ce_id"] == AN_ENVELOPE.id.encode()


def test_one_aggregate_has_one_key_and_one_name_across_services():
    assert AN_ENVELOPE.key == "clinic-1/cake/cake-1"
    assert AN_ENVELOPE.aggregate == "bakery/cake/cake-1"


def test_it_arrives_as_it_was_told():
    assert from_wire(*to_wire(AN_ENVELOPE)) == AN_ENVELOPE


@given(ENVELOPES)
def test_any_envelope_arrives_as_it_was_told(envelope):
    assert from_wire(*to_wire(envelope)) == envelope


def test_unknown_attributes_of_a_newer_teller_are_ignored():
    assert from_wire(*rewritten(brandnew="yes")) == AN_ENVELOPE


@pytest.mark.parametrize("name", [
    "id", "type", "source", "subject", "time", "specversion", "sequence", "clinicid", "correlationid", "causationid",
    "traceparent", "data",
])  # fmt: skip
def test_an_envelope_without_one_of_its_attributes_is_poison(name):
    with pytest.raises(PoisonMessage):
        from_wire(*rewritten(**{name: ...}))


@pytest.mark.parametrize(
    "attributes",
    [
        {"sequence": "three"},
        {"sequence": "1.5"},
        {"time": "yesterday"},
        {"time": "2026-03-08T07:00:00"},
        {"data": "text"},
        {"data": [1]},
        {"data": None},
        {"specversion": "2.0"},
    ],
)
def test_an_attribute_that_cannot_be_is_poison(attributes):
    with pytest.raises(PoisonMessage):
        from_wire(*rewritten(**attributes))


def test_an_instant_arrives_in_utc_whatever_its_offset():
    heard = from_wire(*rewritten(time="2026-03-08T07:59:59.123+01:00"))
    assert heard == AN_ENVELOPE
    assert heard.time.utcoffset() == AN_ENVELOPE.time.utcoffset()


@pytest.mark.parametrize("value", [None, b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"specversion":"1.0"}'])
def test_what_is_no_cloudevent_is_poison(value):
    key, _, headers = to_wire(AN_ENVELOPE)
    with pytest.raises(PoisonMessage):
        from_wire(key, value, headers)


@given(st.binary(max_size=200), st.none() | st.binary(max_size=50))
def test_noise_is_poison_and_nothing_else(value, key):
    with pytest.raises(PoisonMessage):
        from_wire(key, value, [("content-type", b"application/cloudevents+json")])


def test_a_record_whose_key_names_another_clinic_is_poison():
    _, value, headers = to_wire(AN_ENVELOPE)
    with pytest.raises(PoisonMessage, match="clinic"):
        from_wire(b"clinic-2/cake/cake-1", value, headers)


def test_a_record_whose_body_names_another_clinic_is_poison():
    with pytest.raises(PoisonMessage, match="clinic-2"):
        from_wire(*rewritten(clinicid="clinic-2"))


def test_a_record_whose_header_names_another_clinic_or_none_is_poison():
    key, value, headers = to_wire(AN_ENVELOPE)
    for claimed in ([("ce_clinicid", b"clinic-2")], [("ce_clinicid", b"\xff")], []):
        others = [header for header in headers if header[0] != "ce_clinicid"]
        with pytest.raises(PoisonMessage):
            from_wire(key, value, [*others, *claimed])


def test_a_record_without_key_is_poison():
    _, value, headers = to_wire(AN_ENVELOPE)
    with pytest.raises(PoisonMessage):
        from_wire(None, value, headers)


@pytest.mark.parametrize("field", [field.name for field in fields(Envelope) if field.type is str])
def test_every_text_travels(field):
    changed: dict[str, Any] = {field: "ä/ñ-1"}
    envelope = replace(AN_ENVELOPE, **changed)
    assert from_wire(*to_wire(envelope)) == envelope
