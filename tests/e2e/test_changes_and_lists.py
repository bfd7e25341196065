"""Every PATCH and PUT says which version it means; every list is walked in pages."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest

from shared.ids import new_id
from tests.e2e.described import BODIES, QUERIES, QUESTIONS, Operation, operations
from tests.e2e.practice import ONE, Practice, open_practice
from tests.e2e.town import Town, a_phone, eventually, ok, problem
from tests.e2e.world import Peopled, hold, leave_alert, leave_task, make_feed, make_offer, people, raise_page

NAMES: Final = {
    "change_clinic": "/clinics/{clinic_id}",
    "change_patient": "/clinics/{clinic_id}/patients/{patient_id}",
    "change_assessment": "/clinics/{clinic_id}/patients/{patient_id}/assessments/{assessment_id}",
    "change_resource": "/clinics/{clinic_id}/resources/{resource_id}",
    "move_session": "/clinics/{clinic_id}/series/{series_id}",
    "publish_consent_texts": "/clinics/{clinic_id}/consent-texts",
    "change_messaging": "/clinics/{clinic_id}/messaging",
    "publish_rota": "/clinics/{clinic_id}/rota",
    "publish_alert_rules": "/clinics/{clinic_id}/alert-rules",
}
"""Where the version of what each PATCH or PUT changes is read."""


@pytest.fixture(scope="module")
def peopled(town: Town) -> Peopled:
    return people(open_practice(town, chairs=2, nurses=2))


@pytest.fixture(scope="module")
def routes(town: Town) -> Mapping[str, Operation]:
    return {route.name: route for route in operations(town)}


def test_every_change_is_walked(routes):
    changing = {route.name for route in routes.values() if route.method in {"PATCH", "PUT", "DELETE"}}
    assert changing == NAMES.keys()


@pytest.mark.parametrize("name", NAMES)
def test_a_change_names_the_version_that_it_is_meant_for(peopled, routes, name):
    practice, ids = peopled.practice, {**peopled.ids, "clinic_id": peopled.practice.id}
    path, read = routes[name].filled(**ids), f"/{routes[name].service}/v1{NAMES[name].format(**ids)}"
    body = BODIES[name](practice, ids["patient_id"])
    before = practice.http.get(read)
    etag, version = before.headers["ETag"], before.json()["version"]
    assert etag == f'"{version}"'

    def change(headers: Mapping[str, str]) -> Any:
        return practice.http.send(routes[name].method, path, json=body, headers=headers)

    problem(change({}), 428, "if-match-required")
    problem(change({"If-Match": "*"}), 428)
    problem(change({"If-Match": '"x"'}), 428)
    for stale in {max(version - 1, 0), version + 1} - {version}:
        problem(change({"If-Match": f'"{stale}"'}), 412, "stale")
    assert practice.http.get(read).content == before.content
    changed = change({"If-Match": etag})
    assert ok(changed)["version"] == version + 1
    assert changed.headers["ETag"] == f'"{version + 1}"'
    problem(change({"If-Match": etag}), 412, "stale")
    after = practice.http.get(read)
    assert (after.json(), after.headers["ETag"]) == (changed.json(), changed.headers["ETag"])


# --- lists ------------------------------------------------------------------------------------------------------------


def _noted(practice: Practice) -> str:
    resource = f"resource/{_resources(practice)}"
    return str(ok(practice.http.get(practice.at("booking", "/audit"), record=resource))["items"][0]["id"])


def _patients(practice: Practice) -> str:
    return str(practice.register()["id"])


def _resources(practice: Practice) -> str:
    body = {"kind": "pump", "name": "Pump"}
    return str(ok(practice.http.post(practice.at("booking", "/resources"), body))["id"])


def _keys(practice: Practice) -> str:
    return str(practice.issue_key("front_desk")["access_key"]["id"])


def _series(practice: Practice) -> str:
    return str(practice.book(practice.register()["id"], (), ONE)["id"])


def _tasks(practice: Practice) -> str:
    return leave_task(practice, practice.register()["id"])


def _replies(practice: Practice) -> str:
    body = {
        "from": a_phone(),
        "text": "hello",
        "provider_id": new_id(),
        "received_at": practice.town.clock().isoformat(),
    }
    return str(ok(practice.http.post(practice.at("notify", "/replies"), body))["id"])


def _holds(practice: Practice) -> str:
    return str(hold(practice)["id"])


def _feeds(practice: Practice) -> str:
    return make_feed(practice)["feed_id"]


def _offers(practice: Practice) -> str:
    return make_offer(practice)["offer_id"]


def _entries(practice: Practice) -> str:
    entry = {"series_id": _series(practice), "number": 1}
    return str(ok(practice.http.post(practice.at("booking", "/waitlist"), entry))["id"])


def _alerts(practice: Practice) -> str:
    return leave_alert(practice, practice.register()["id"])


def _plans(practice: Practice) -> str:
    return str(ok(practice.http.post(practice.at("followup", "/follow-up-plans"), {"questions": QUESTIONS}))["id"])


def _alert_rules(practice: Practice) -> str:
    path = practice.at("followup", "/alert-rules")
    found = practice.http.get(path)
    body = {"rules": ok(found)["rules"]}
    return str(ok(practice.http.send("PUT", path, json=body, headers={"If-Match": found.headers["ETag"]}))["id"])


LISTS: Final[Mapping[str, tuple[Callable[[Practice], str] | None, int]]] = {
    "list_audit": (_noted, 3),
    "list_patients": (_patients, 0),
    "list_resources": (_resources, 1),
    "list_keys": (_keys, 1),
    "list_series": (_series, 0),
    "list_protocols": (None, 16),
    "list_plans": (_plans, 1),
    "list_alert_rules": (_alert_rules, 0),
    "list_tasks": (_tasks, 0),
    "list_messages": (_series, 0),
    "list_replies": (_replies, 0),
    "list_pages": (raise_page, 0),
    "list_holds": (_holds, 0),
    "list_feeds": (_feeds, 0),
    "list_waitlist": (_entries, 0),
    "list_offers": (_offers, 0),
    "list_alerts": (_alerts, 0),
    "list_work": (_alerts, 1),
}
"""What makes an item, and how many are there in a clinic that has just been opened; None: there are enough."""
ON_CHAIRS: Final = {"list_series", "list_messages", "list_holds", "list_feeds", "list_waitlist", "list_offers"}
VIEWS: Final = {"list_sessions", "show_day_sheet", "show_timeline", "show_utilisation"}
OF_THE_DESK: Final = {"list_calls", "list_unconfirmed", "show_conversation"}
SHORT: Final = {"list_clinics", "list_check_ins", "list_assessments", *VIEWS, *OF_THE_DESK}
"""Lists that are walked by tests of their own, or never grow long."""


def test_every_list_is_walked(routes):
    paged = {route.name for route in routes.values() if "cursor" in _query(route)}
    assert paged == LISTS.keys() | SHORT


def _query(route: Operation) -> set[str]:
    return {one["name"] for one in route.described.get("parameters", []) if one["in"] == "query"}


@pytest.fixture
def fresh(town: Town) -> Practice:
    """A clinic in which nothing is but what the lists make."""
    return open_practice(town, chairs=0, nurses=0)


@pytest.fixture(scope="module")
def busy(town: Town) -> Practice:
    """A clinic with seven series and their messages."""
    return open_practice(town, chairs=7, nurses=7)


def walk(practice: Practice, path: str, limit: int) -> list[list[str]]:
    """The ids on each page."""
    pages, query = [], {"limit": limit}
    while True:
        page = ok(practice.http.get(path, **query))
        pages.append([item["id"] for item in page["items"]])
        if page["next_cursor"] is None:
            return pages
        assert len(pages) < 100, "a list without an end"
        query = {"limit": limit, "cursor": page["next_cursor"]}


@pytest.mark.parametrize("name", LISTS)
def test_seven_items_come_in_pages_of_three(fresh, busy, routes, name):
    make, there = LISTS[name]
    practice = busy if name in ON_CHAIRS else fresh
    made = [make(practice) for _ in range(7)] if make else []
    path = routes[name].filled(clinic_id=practice.id, resource_id=next(iter(practice.resources.get("chair", ())), ""))
    if name == "list_messages":
        series = {f"series/{id}" for id in made}
        eventually(lambda: {row["about"] for row in practice.messages()} >= series, "planning the messages")

    def pages_of_three() -> list[list[str]]:
        """None as long as the list still grows."""
        found = walk(practice, path, 3)
        return found if [id for page in found for id in page] == walk(practice, path, 200)[0] else []

    pages = eventually(pages_of_three, f"{name} read by threes like read at once")
    ids = [id for page in pages for id in page]
    assert [len(page) for page in pages[:-1]] == [3] * (len(pages) - 1)
    assert 0 < len(pages[-1]) <= 3
    assert len(set(ids)) == len(ids)
    assert name == "list_messages" or set(made) <= set(ids)
    if practice is fresh:
        assert len(ids) == len(made) + there


def test_clinics_come_in_pages_too(town):
    made = {open_practice(town, chairs=0, nurses=0).id for _ in range(2)}
    operator = Practice(town, "", town.platform.platform_key, "")
    pages = walk(operator, "/booking/v1/clinics", 2)
    assert made <= {id for page in pages for id in page}
    assert [len(page) for page in pages[:-1]] == [2] * (len(pages) - 1)


def test_forged_cursors_are_refused(fresh):
    path = fresh.at("booking", "/patients")
    while (cursor := ok(fresh.http.get(path, limit=1))["next_cursor"]) is None:
        fresh.register()
    said, _, signature = cursor.rpartition(".")
    changed = f"{said}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"
    forged = [changed, f"A{cursor}", said, "x", "a.b"]
    for one in forged:
        refused = problem(fresh.http.get(path, cursor=one), 422, "cursor-refused")
        assert [fault["pointer"] for fault in refused["errors"]] == ["/query/cursor"]
    problem(fresh.http.get(fresh.at("booking", "/access-keys"), cursor=cursor), 422, "cursor-refused")


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 201}, {"limit": "many"}, {"cursor": ""}, {"page": 2}])
def test_wrong_ways_to_walk_are_named(fresh, query):
    for service, rest in (("booking", "/patients"), ("notify", "/messages")):
        refused = problem(fresh.http.get(fresh.at(service, rest), **query), 422, "invalid")
        assert [fault["pointer"] for fault in refused["errors"]] == [f"/query/{name}" for name in query]


def test_the_agenda_asks_for_its_dates(fresh):
    path = fresh.at("booking", "/sessions")
    refused = problem(fresh.http.get(path), 422, "invalid")
    assert {fault["pointer"] for fault in refused["errors"]} == {f"/query/{name}" for name in QUERIES["list_sessions"]}
    assert ok(fresh.http.get(path, **QUERIES["list_sessions"])) == {"items": [], "next_cursor": None}
