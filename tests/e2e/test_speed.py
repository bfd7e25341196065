"""How long the news of a booking takes when the platform has nothing else to do."""

import statistics
import time
from datetime import timedelta
from functools import partial
from pathlib import Path

from deploy.local.mail_catcher import caught
from shared.localtime import to_local
from tests.e2e.practice import ONE, open_practice
from tests.e2e.town import Town, eventually

BOOKINGS = 30
P95_SECONDS = 1.0


def test_notify_has_planned_within_a_second_of_the_answer(town: Town):
    """From the HTTP 201 to the hearer's commit, seen in notify's own database."""
    practice = open_practice(town, chairs=2, nurses=2)
    messages = town.databases()[2]["messages"]
    seconds = []
    for _ in range(BOOKINGS):
        patient = practice.register()["id"]
        booked = practice.book(patient, (), ONE)["id"]
        answered = time.monotonic()
        about = {"clinic_id": practice.id, "about": f"series/{booked}"}
        eventually(partial(messages.find_one, about), "planning the messages")
        seconds.append(time.monotonic() - answered)
    middle, worst = statistics.median(seconds), statistics.quantiles(seconds, n=20)[-1]
    print(f"\nfrom 201 to the hearer's commit over {BOOKINGS} bookings: p50 {middle:.3f} s, p95 {worst:.3f} s")
    assert worst < P95_SECONDS, sorted(seconds)


def test_the_confirmation_with_its_calendar_file_is_at_the_mail_server_within_a_second(town: Town, mail_folder: Path):
    """From the HTTP 201 to the file that the mail catcher wrote."""
    far = to_local(town.clock(), "America/New_York") + timedelta(hours=12)
    quiet = {"quiet_from": f"{far:%H:%M}", "quiet_until": f"{far + timedelta(minutes=1):%H:%M}"}
    practice = open_practice(town, chairs=2, nurses=2, **quiet)
    seconds = []
    for number in range(BOOKINGS):
        address = f"speed.{number}.{practice.id[-12:]}@example.com"
        patient = practice.register(email=address)["id"]
        known = set(mail_folder.glob("*.eml"))
        practice.book(patient, (), ONE)
        answered = time.monotonic()
        fresh = eventually(partial(_new_mail, mail_folder, known), "sending the confirmation")
        seconds.append(time.monotonic() - answered)
        [mail] = [mail for mail in caught(mail_folder) if mail.file in fresh]
        assert mail.recipients == (address,)
        assert [file.get_content_type() for file in mail.message.iter_attachments()] == ["text/calendar"]
    middle, worst = statistics.median(seconds), statistics.quantiles(seconds, n=20)[-1]
    print(f"\nfrom 201 to the mail over {BOOKINGS} bookings: p50 {middle:.3f} s, p95 {worst:.3f} s")
    assert worst < P95_SECONDS, sorted(seconds)


def _new_mail(folder: Path, known: set[Path]) -> set[Path]:
    return set(folder.glob("*.eml")) - known
