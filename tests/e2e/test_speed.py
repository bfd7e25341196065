"""How long the news of a booking takes when the platform has nothing else to do."""

import statistics
import time
from functools import partial

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
