"""Calendar files, read back with the library and line by line."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from shared.calendar_file import Entry, EntryStatus, calendar_file, method_of, uid_of
from shared.localtime import resolve, resolve_forward

STAMP = datetime(2026, 3, 1, 12, tzinfo=UTC)
VISIT = timedelta(minutes=145)


def an_entry(local="2026-03-04 09:00", zone="America/New_York", **changes):
    starts_at = resolve_forward(datetime.fromisoformat(local), zone)
    entry = Entry(
        uid=uid_of("series/s-1/sessions/3"),
        sequence=2,
        starts_at=starts_at,
        ends_at=starts_at + VISIT,
        zone=zone,
        summary="Riverside",
    )
    return replace(entry, **changes)


def read(*entries):
    return Calendar.from_ical(calendar_file(entries, stamped_at=STAMP))


def lines(*entries):
    unfolded = calendar_file(entries, stamped_at=STAMP).decode().replace("\r\n ", "")
    return unfolded.split("\r\n")


def test_entry_says_who_when_and_how_often_changed():
    written = lines(an_entry())

    for line in (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "METHOD:PUBLISH",
        "UID:series-s-1-sessions-3@kadence",
        "SEQUENCE:2",
        "DTSTAMP:20260301T120000Z",
        "DTSTART;TZID=America/New_York:20260304T090000",
        "DTEND;TZID=America/New_York:20260304T112500",
        "STATUS:CONFIRMED",
        "CLASS:PRIVATE",
        "SUMMARY:Riverside",
    ):
        assert written.count(line) == 1, line


def test_cancelling_keeps_the_uid_and_outranks_what_it_cancels():
    off = an_entry(status=EntryStatus.CANCELLED)

    event = read(off).events[0]

    assert read(off)["METHOD"] == "CANCEL"
    assert event["UID"] == read(an_entry()).events[0]["UID"]
    assert event["STATUS"] == "CANCELLED"
    assert event["SEQUENCE"] > read(an_entry()).events[0]["SEQUENCE"]


def test_file_with_one_entry_that_takes_place_does_not_cancel():
    assert method_of([an_entry(), an_entry(status=EntryStatus.CANCELLED)]) == "PUBLISH"


def test_file_without_entries_is_an_empty_calendar():
    assert read().events == []
    assert read()["METHOD"] == "PUBLISH"


@pytest.mark.parametrize(
    ("local", "zone"),
    [
        ("2026-03-08 08:00", "America/New_York"),
        ("2026-03-08 00:30", "America/New_York"),
        ("2026-11-01 08:00", "America/New_York"),
        ("2026-11-01 00:30", "America/New_York"),
        ("2026-03-29 08:00", "Europe/Berlin"),
        ("2026-03-29 01:00", "Europe/Berlin"),
        ("2026-10-25 01:00", "Europe/Berlin"),
        ("2026-10-25 08:00", "Europe/Berlin"),
        ("2026-04-05 00:30", "Australia/Lord_Howe"),
        ("2026-04-05 08:00", "Australia/Lord_Howe"),
        ("2026-10-04 01:00", "Australia/Lord_Howe"),
        ("2026-10-04 08:00", "Australia/Lord_Howe"),
    ],
)
def test_both_nights_of_the_clock_change_are_read_back_as_the_same_instants(local, zone):
    entry = an_entry(local, zone)

    event = read(entry).events[0]

    assert event["DTSTART"].dt.astimezone(UTC) == entry.starts_at
    assert event["DTEND"].dt.astimezone(UTC) == entry.ends_at


@pytest.mark.parametrize(
    ("local", "zone", "offset"),
    [
        ("2026-03-08 08:00", "America/New_York", -4),
        ("2026-11-01 08:00", "America/New_York", -5),
        ("2026-03-29 08:00", "Europe/Berlin", 2),
        ("2026-10-25 08:00", "Europe/Berlin", 1),
        ("2026-10-04 08:00", "Australia/Lord_Howe", 11),
        ("2026-04-05 08:00", "Australia/Lord_Howe", 10.5),
    ],
)
def test_file_carries_the_rules_of_its_zone(local, zone, offset):
    """A device that knows no zones finds the offset in the file itself."""
    rules = read(an_entry(local, zone)).timezones[0]

    assert rules["TZID"] == zone
    assert rules.to_tz().utcoffset(datetime.fromisoformat(local)) == timedelta(hours=offset)


def test_second_of_two_wall_times_is_written_in_utc():
    starts_at = resolve(datetime.fromisoformat("2026-11-01 01:30"), "America/New_York", second=True)
    entry = an_entry(starts_at=starts_at, ends_at=starts_at + VISIT)

    assert "DTSTART:20261101T063000Z" in lines(entry)
    assert read(entry).events[0]["DTSTART"].dt == starts_at


def test_lines_are_folded_at_75_bytes_without_tearing_letters():
    summary = "Zahnräder 🦷 " * 20

    file = calendar_file([an_entry(summary=summary)], stamped_at=STAMP)

    assert max(len(line) for line in file.split(b"\r\n")) <= 75
    assert read(an_entry(summary=summary)).events[0]["SUMMARY"] == summary.strip()


HOSTILE = "A, b; c\\n\r\nBEGIN:VALARM\nX: 🙂\x00\x1b[2J\u2028END:VCALENDAR"


def test_hostile_text_stays_text():
    entry = an_entry(summary=HOSTILE, location=HOSTILE, organizer="desk@clinic.example")

    calendar = read(entry)

    assert len(calendar.events) == 1
    assert not calendar.walk("VALARM")
    assert calendar.events[0]["SUMMARY"] == "A, b; c\\n BEGIN:VALARM X: 🙂[2J END:VCALENDAR"
    assert "SUMMARY:A\\, b\\; c\\\\n BEGIN:VALARM X: 🙂[2J END:VCALENDAR" in lines(entry)


def test_organizer_goes_by_the_neutral_name():
    organizer = read(an_entry(summary='The "Mill"', organizer="desk@clinic.example")).events[0]["ORGANIZER"]

    assert organizer == "mailto:desk@clinic.example"
    assert organizer.params["CN"] == "The 'Mill'"


@given(st.text(max_size=300))
def test_no_text_adds_a_line_of_its_own(text):
    names = [line.partition(":")[0] for line in lines(an_entry(summary=text))]

    assert names == [line.partition(":")[0] for line in lines(an_entry())]


@given(st.integers(0, 7 * 366 * 24 * 12), st.sampled_from(["Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe"]))
def test_any_instant_is_read_back(five_minutes, zone):
    starts_at = datetime(2024, 1, 1, tzinfo=UTC) + five_minutes * timedelta(minutes=5)

    event = read(an_entry(zone=zone, starts_at=starts_at, ends_at=starts_at + VISIT)).events[0]

    assert event["DTSTART"].dt.astimezone(UTC) == starts_at
    assert event["DTEND"].dt.astimezone(UTC) == starts_at + VISIT
