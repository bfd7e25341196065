"""A clinic's own texts on a real database and over HTTP."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient

from services.notify.api.templates import SendTestRequest, TemplateRequest
from services.notify.domain.recipient import Privacy
from services.notify.operations.templates import PublishTemplate, TryTemplate, publish_template
from shared.ids import new_id
from tests.integration.notify.notify_host import ThisNotify, a_key
from tests.support.notify_builders import BOOKED_AT

PATH = "/notify/v1/clinics/clinic-1/templates"
TEXT: dict[str, Any] = dict(TemplateRequest.Meta.example)


@pytest.fixture
def opened(notify: ThisNotify) -> ThisNotify:
    notify.open("clinic-1", "2026-03-16 10:00", now=BOOKED_AT)
    return notify


@pytest.fixture
def api(opened: ThisNotify) -> FlaskClient:
    return opened.host.app().test_client()


def post(notify: ThisNotify, api: FlaskClient, path: str = PATH, scope: str = "admin", **changes: Any) -> Any:
    headers = {**a_key(notify, scope), "Idempotency-Key": new_id()}
    return api.post(path, data=json.dumps({**TEXT, **changes}), content_type="application/json", headers=headers)


def test_a_text_is_published_listed_and_replaced(opened: ThisNotify, api: FlaskClient):
    first = post(opened, api)
    assert (first.status_code, first.get_json()["edition"]) == (201, 1)
    assert post(opened, api, subject="{{alias}}: soon").get_json()["edition"] == 2
    asked = {"key": TEXT["key"], "language": "en"}
    found = api.get(PATH, query_string=asked, headers=a_key(opened, "front_desk")).get_json()["items"]
    assert [(text["privacy"], text["edition"], text["subject"]) for text in found] == [
        ("minimal", 0, "{{alias}}: your visit"),
        ("standard", 2, "{{alias}}: soon"),
    ]
    assert opened.database["templates"].count_documents({}) == 2
    assert opened.database["templates"].count_documents({"replaced_at": None}) == 1


def test_of_many_who_publish_at_once_each_gets_a_number_of_their_own(opened: ThisNotify):
    command = PublishTemplate(**{**TEXT, "privacy": Privacy.STANDARD})
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: opened.run("clinic-1", publish_template, command), range(8)))
    assert sorted(template.edition for template in made) == list(range(1, 9))
    assert opened.database["templates"].count_documents({"replaced_at": None}) == 1


def test_a_preview_keeps_nothing(opened: ThisNotify, api: FlaskClient):
    shown = post(opened, api, f"{PATH}/preview", "front_desk").get_json()
    assert (shown["usual"]["encoding"], shown["usual"]["parts"], shown["faults"]) == ("gsm-7", 1, [])
    refused = post(opened, api, f"{PATH}/preview", sms="{{ alias.x }}").get_json()
    assert (refused["usual"], refused["faults"][0]["code"]) == (None, "template.construct")
    assert opened.database["templates"].count_documents({}) == 0


def test_a_test_waits_in_the_ledger_with_its_number_sealed(opened: ThisNotify, api: FlaskClient):
    sent = post(opened, api, f"{PATH}/test-send", **SendTestRequest.Meta.example)
    assert (sent.status_code, sent.get_json()["kind"], sent.get_json()["text"]) == (201, "test", "")
    [row] = opened.database["messages"].find({"kind": "test"})
    assert "2125550100" not in str(row)
    assert "expect you" not in str(row)
    assert post(opened, api, f"{PATH}/test-send").status_code == 422
    assert post(opened, api, f"{PATH}/test-send", phone="+12125550100", to_email="a@example.com").status_code == 422


HOSTILE = {
    "an escape": {"sms": "{{ ''.__class__ }}"},
    "ten megabytes": {"email": "a" * 10_000_000},
    "2,001 characters": {"email": "a" * 2001},
    "a header": {"subject": "{{alias}}\r\nBcc: everybody@example.com"},
    "a turn of reading": {"sms": f"{TEXT['sms']} \u202e"},
    "half a character": {"sms": f"{TEXT['sms']} \ud800"},
    "a null": {"sms": f"{TEXT['sms']} \0"},
    "no such key": {"key": "reminder P9D"},
    "no such language": {"language": "xx"},
    "a list": {"sms": ["a"]},
    "the treatment": {"subject": "{{alias}}: your infusion"},
}


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE)
def test_what_is_hostile_is_refused_clearly_and_not_kept(opened: ThisNotify, api: FlaskClient, change: dict[str, Any]):
    for path, also in ((PATH, {}), (f"{PATH}/test-send", {"phone": "+12125550100"})):
        answer = post(opened, api, path, **change, **also)
        assert answer.status_code in {409, 413, 422}, answer.get_data(as_text=True)
        assert answer.status_code == 413 or answer.get_json()["errors"]
    assert post(opened, api, f"{PATH}/preview", **change).status_code in {200, 413, 422}
    assert opened.database["templates"].count_documents({}) == 0
    assert opened.database["messages"].count_documents({"kind": "test"}) == 0


def test_only_administrators_publish(opened: ThisNotify, api: FlaskClient):
    for path in (PATH, f"{PATH}/test-send"):
        assert post(opened, api, path, "front_desk").status_code == 403
    assert TryTemplate(**{**TEXT, "privacy": Privacy.STANDARD}).place.key == TEXT["key"]
