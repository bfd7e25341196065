"""The patient's page and the calendar feeds on a real database, from booking to the tap on the phone."""

from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from icalendar import Calendar

from services.booking.pages.appointment import appointment_pages
from services.booking.pages.feed import feed_pages
from shared.http.pages import in_units
from shared.private_link import WRONG_YEARS_ALLOWED
from tests.integration.booking.booking_host import ThisBooking
from tests.integration.booking.front_desk import Clinic
from tests.support.at_once import at_once


@pytest.fixture
def clinic(booking) -> Clinic:
    return Clinic(booking)


def a_phone(booking: ThisBooking) -> FlaskClient:
    """The web application with its pages, as the process serves it."""
    run = in_units(booking.host.units)
    public_url = booking.host.settings.public_url
    pages = [appointment_pages(run, public_url=public_url), feed_pages(run)]
    return booking.host.app(pages=pages).test_client()


def links(booking: ThisBooking) -> list[str]:
    """Addresses that were told, in the order of booking."""
    rows = booking.database["series"].find({}, {"outbox": 1}, sort=[("_id", 1)])
    told = [event["data"]["link"] for row in rows for event in row["outbox"] if event["type"] == "series.booked.v1"]
    assert all(link.startswith("sealed:") for link in told)
    opened = [booking.host.sealer.unseal(link) for link in told]
    return [link.removeprefix(booking.host.settings.public_url) for link in opened]


def test_the_link_of_a_booked_series_leads_to_its_page_and_a_tap_confirms(clinic):
    series = clinic.booked()
    [link] = links(clinic.booking)
    phone = a_phone(clinic.booking)

    assert "Wednesday, March 4, 2026" in phone.get(link).text
    assert phone.post(f"{link}/1", data={"year": "1980"}).status_code == 303
    assert "Last food" in phone.get(f"{link}/1").text
    for _ in range(2):
        assert phone.post(f"{link}/1", data={"do": "confirm"}).status_code == 303

    [confirmed] = [event for event in clinic.booking.told() if event["type"] == "session.confirmed.v1"]
    assert (confirmed["data"]["number"], confirmed["data"]["by"]) == (1, "patient")
    shown = clinic.desk.get(f"{clinic.path}/series/{series['id']}").get_json()
    assert shown["sessions"][0]["confirmed_at"] is not None


def test_nothing_stored_holds_the_link(clinic):
    clinic.booked()
    [link] = links(clinic.booking)
    token = link.rpartition("/")[2]
    database = clinic.booking.database
    assert [name for name in database.list_collection_names() if token in str(list(database[name].find({})))] == []


def test_the_link_of_one_clinic_opens_nothing_of_another_one(booking):
    clinics = [Clinic(booking) for _ in range(2)]
    clinics[1].patient_id = clinics[1].register()  # nobody who is treated in the first one
    for clinic in clinics:
        clinic.booked()
    phone, (first, second) = a_phone(booking), links(booking)
    phone.post(first, data={"year": "1980"})

    assert "Not confirmed yet" in phone.get(first).text
    assert "In which year were you born?" in phone.get(second).text
    assert phone.get(f"{first}x").status_code == phone.get(first[:-1]).status_code == 404


def test_guesses_at_the_same_time_are_all_counted(clinic):
    clinic.booked()
    [link] = links(clinic.booking)
    app = a_phone(clinic.booking).application

    def guess(year: int) -> Any:
        return app.test_client().post(link, data={"year": str(year)}).status_code

    at_once(*(lambda year=year: guess(year) for year in range(1900, 1900 + WRONG_YEARS_ALLOWED)))

    assert "More is not shown here" in app.test_client().post(link, data={"year": "1980"}).text


def test_a_wish_of_the_patient_is_on_the_desks_list_sealed_at_rest(clinic):
    clinic.booked()
    [link] = links(clinic.booking)
    phone = a_phone(clinic.booking)
    phone.post(link, data={"year": "1980"})
    for _ in range(2):
        wish = {"do": "change", "mornings": "yes", "words": "Tuesdays, my sister drives"}
        assert phone.post(f"{link}/2", data=wish).status_code == 303

    [task] = clinic.desk.get(f"{clinic.path}/tasks").get_json()["items"]
    assert (task["kind"], task["number"], task["words"]) == ("change-requested", 2, "Tuesdays, my sister drives")
    [kept] = clinic.booking.database["tasks"].find({})
    assert "sister" not in str(kept)
    assert "has your wish" in phone.get(f"{link}/2").text


def test_the_desk_confirms_and_gives_out_the_calendar_file(clinic):
    series = clinic.booked()
    assert clinic.act(series, 2, "confirm").status_code == 200
    path = f"{clinic.path}/series/{series['id']}/sessions/2/calendar"

    answer = clinic.desk.get(path)

    calendar: Any = Calendar.from_ical(answer.data)
    [event] = calendar.events
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert event["DTSTART"].dt.astimezone(UTC) == datetime.fromisoformat(series["sessions"][1]["starts_at"])
    assert event["SUMMARY"] == "Lakeside Clinic"
    assert clinic.act(series, 2, "cancel", {"reason": "clinic"}).status_code == 200
    assert "METHOD:CANCEL" in clinic.desk.get(path).text
    assert clinic.desk.get(path.replace("/2/", "/9/")).get_json()["code"] == "not-found"


def test_a_feed_is_read_by_its_secret_until_it_is_revoked(clinic):
    clinic.booked()
    chair = clinic.desk.get(f"{clinic.path}/resources", kind="chair").get_json()["items"][0]
    path = f"{clinic.path}/resources/{chair['id']}/feeds"
    made = clinic.desk.post(path, {"label": "phone at the desk"}).get_json()
    address = made["url"].removeprefix(clinic.booking.host.settings.public_url)
    phone = a_phone(clinic.booking)

    first = phone.get(address)
    assert first.text.count("BEGIN:VEVENT") == 6
    assert phone.get(address, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    [listed] = clinic.desk.get(path).get_json()["items"]
    assert (listed["label"], listed["revoked_at"], "url" in listed) == ("phone at the desk", None, False)
    assert clinic.desk.post(f"{path}/{made['feed']['id']}/revoke", {}).status_code == 200
    assert phone.get(address).status_code == 404
