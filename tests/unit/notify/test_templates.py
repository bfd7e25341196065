"""A clinic's own texts: published in editions, tried, sent as a test, and what messages are then made of."""

from dataclasses import replace
from typing import Any

import pytest

from services.notify.domain.message import Channel, Kind, Status
from services.notify.domain.recipient import Privacy
from services.notify.domain.template import Place, Template
from services.notify.operations.templates import (
    ListTemplates,
    PublishTemplate,
    SendTest,
    TryTemplate,
    list_templates,
    preview_template,
    publish_template,
    send_test,
)
from services.notify.templates.writer import load_writer
from shared.errors import NotFound, RuleBroken
from tests.support.notify_builders import CLINIC, a_world, at, patient_heard
from tests.support.notify_fakes import FakeNotify, providers

VISIT = "2026-03-16 10:00"
OWN: dict[str, Any] = {
    "key": "reminder P1D",
    "language": "en",
    "privacy": Privacy.STANDARD,
    "sms": "{{alias}}: we expect you {{when}}. Nothing to eat from {{solids}} on. Call {{phone}}.",
    "subject": "{{alias}}: tomorrow",
    "email": "{{alias}}: we expect you {{when}}. Nothing to eat from {{solids}} on. Call {{phone}}.",
}


def publish(world: FakeNotify, **changes: Any) -> Template:
    template: Template = world.run(CLINIC, publish_template, PublishTemplate(**{**OWN, **changes}))
    return template


def reminded(world: FakeNotify) -> tuple[str, int]:
    """What the patient reads the day before, and of which edition it was made."""
    world.now = at("2026-03-15 10:00")
    channels = providers()
    world.drain(channels)
    row = world.message(kind=Kind.REMINDER, offset="P1D", channel=Channel.SMS)
    return channels[Channel.SMS].texts()[-1], row.edition


def test_messages_are_made_of_the_clinics_own_text_from_then_on():
    world = a_world(VISIT)
    assert publish(world).edition == 1
    text, edition = reminded(world)
    assert text.startswith("Riverside Clinic: we expect you Mon Mar 16, 10:00 AM. Nothing to eat from 4:00 AM on.")
    assert edition == 1


def test_without_a_text_of_its_own_a_clinic_has_the_platforms():
    text, edition = reminded(a_world(VISIT))
    assert text.startswith("Riverside Clinic: see you Mon Mar 16, 10:00 AM.")
    assert edition == 0


def test_publishing_again_makes_the_next_edition_and_keeps_the_last():
    world = a_world(VISIT)
    first = publish(world)
    second = publish(world, sms=OWN["sms"].replace("expect", "await"))
    assert (first.edition, second.edition) == (1, 2)
    kept = {row.edition: row for row in world.rows[Template].values()}
    assert kept[1].replaced_at == world.now
    assert kept[1].sms == OWN["sms"]
    text, edition = reminded(world)
    assert text.startswith("Riverside Clinic: we await you")
    assert edition == 2


def test_another_clinics_text_is_another_clinics():
    world = a_world(VISIT)
    world.rows[Template] = {("clinic-2", row.id): row for row in [publish(world)]}
    assert reminded(world)[1] == 0


@pytest.mark.parametrize(
    ("privacy", "edition"), [(Privacy.MINIMAL, 0), (Privacy.STANDARD, 1), (Privacy.DETAILED, 1)]
)  # fmt: skip
def test_a_level_without_a_text_takes_the_next_ones_and_never_a_more_open_one(privacy: Privacy, edition: int):
    world = a_world(VISIT, patient=patient_heard(privacy=privacy))
    publish(world)
    text, of = reminded(world)
    assert of == edition
    assert ("eat" in text or "food" in text) is (privacy is not Privacy.MINIMAL)


def test_another_language_has_its_own():
    world = a_world(VISIT, patient=patient_heard(locale="de"))
    publish(world)
    assert reminded(world)[0].startswith("Riverside Clinic: Ihr Termin Mo 16.03. 10:00 Uhr.")


def test_a_text_that_can_no_longer_be_filled_gives_way_to_the_platforms():
    world = a_world(VISIT)
    world.rows[Template] = {key: replace(row, sms="{{ gone }}") for key, row in _published(world).items()}
    text, edition = reminded(world)
    assert text.startswith("Riverside Clinic: see you")
    assert edition == 0


def _published(world: FakeNotify) -> dict[tuple[str, str], Template]:
    publish(world)
    return dict(world.rows[Template])


HOSTILE = {
    "an escape": {"sms": "{{ ''.__class__ }}"},
    "a loop": {"email": "{% for a in alias %}{{ a }}{% endfor %}"},
    "a multiplication": {"sms": "{{ alias * 10**9 }}"},
    "ten thousand ifs": {"sms": "{% if link %}" * 10_000 + "{% endif %}" * 10_000},
    "ten megabytes": {"email": "a" * 10_000_000},
    "a header": {"subject": "{{alias}}\r\nBcc: everybody@example.com"},
    "reversed reading": {"sms": "{{alias}} {{when}} {{solids}} {{phone}} \N{RIGHT-TO-LEFT OVERRIDE}"},
    "half a character": {"sms": "{{alias}} {{when}} {{solids}} {{phone}} \ud83d"},
    "a foreign link": {"sms": "{{alias}} {{when}} {{solids}} {{phone}} www.evil.com"},
    "the treatment": {"subject": "{{alias}}: your infusion"},
}


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE)
def test_what_is_refused_is_neither_kept_nor_sent(change: dict[str, str]):
    world = a_world(VISIT)
    before = {kind: dict(rows) for kind, rows in world.rows.items()}
    with pytest.raises(RuleBroken) as refused:
        publish(world, **change)
    assert (refused.value.code, bool(refused.value.faults)) == ("template.refused", True)
    with pytest.raises(RuleBroken):
        world.run(CLINIC, send_test, SendTest(**{**OWN, **change}, channel=Channel.SMS, to="+12125550100"))
    assert {kind: dict(rows) for kind, rows in world.rows.items()} == before
    shown = world.run(CLINIC, preview_template, TryTemplate(**{**OWN, **change}))
    assert [fault.code for fault in shown.faults] == [fault.code for fault in refused.value.faults]


def test_the_list_shows_what_counts():
    world = a_world(VISIT)
    publish(world)
    publish(world, sms=OWN["sms"] + " Thank you.")
    texts = world.run(CLINIC, list_templates, ListTemplates()).items
    assert len(texts) == len(load_writer().places())
    own = [text for text in texts if text.edition]
    assert [(text.key, text.language, text.privacy, text.edition) for text in own] == [
        ("reminder P1D", "en", Privacy.STANDARD, 2)
    ]
    some = world.run(CLINIC, list_templates, ListTemplates(key="reminder P1D", language="de")).items
    assert {(text.key, text.language) for text in some} == {("reminder P1D", "de")}
    assert {text.privacy for text in some} == {Privacy.MINIMAL, Privacy.STANDARD}


def test_a_level_of_its_own_is_listed_too():
    world = a_world(VISIT)
    publish(world, privacy=Privacy.DETAILED)
    texts = world.run(CLINIC, list_templates, ListTemplates(key="reminder P1D", language="en")).items
    assert {text.privacy for text in texts} == set(Privacy)


def test_a_preview_shows_the_usual_and_the_longest():
    shown = a_world().run(CLINIC, preview_template, TryTemplate(**OWN))
    assert shown.faults == ()
    assert shown.usual.sms == (
        "Riverside Clinic: we expect you Thu Mar 5, 9:00 AM. Nothing to eat from 3:00 AM on. Call 555-0100."
    )
    assert (shown.usual.encoding, shown.usual.units, shown.usual.parts) == ("gsm-7", len(shown.usual.sms), 1)
    assert shown.usual.html.startswith("<!doctype html>")
    assert shown.longest.parts == 2
    assert "10:30 PM UTC+11:00" in shown.longest.sms
    assert shown.longest.sms.endswith(" STOP to opt out, HELP for help.")


def test_a_preview_of_what_cannot_be_read_has_no_samples():
    shown = a_world().run(CLINIC, preview_template, TryTemplate(**{**OWN, "sms": "{{ alias"}))
    assert (shown.usual, shown.longest) == (None, None)
    assert [fault.code for fault in shown.faults] == ["template.syntax"]


@pytest.mark.parametrize(("channel", "to"), [(Channel.SMS, "+12125550100"), (Channel.EMAIL, "desk@example.com")])
def test_a_test_goes_out_like_any_message(channel: Channel, to: str):
    world = a_world()
    message = world.run(CLINIC, send_test, SendTest(**OWN, channel=channel, to=to))
    assert (message.kind, message.patient_id, message.to) == (Kind.TEST, "", f"sealed:{to}")
    channels = providers()
    world.drain(channels)
    [letter] = channels[channel].taken.values()
    assert letter.to == to
    assert letter.text.startswith("Riverside Clinic: we expect you Thu Mar 5, 9:00 AM.")
    assert "STOP" not in letter.text
    assert world.message(kind=Kind.TEST).status is Status.SENT


def test_a_clinic_that_is_not_known_yet_has_no_preview():
    with pytest.raises(NotFound):
        a_world().run("clinic-2", preview_template, TryTemplate(**OWN))


def test_an_edition_says_where_it_stands():
    assert publish(a_world()).place == Place("reminder P1D", "en", Privacy.STANDARD)
