from pathlib import Path
from typing import Final

from deploy.local.story import Clinic, Story
from tests.e2e.town import Town

SHOWN: Final = (
    ("step", "plan 1 of "),
    ("step", "booked plan 1, 6 sessions"),
    ("mail", "Riverside Clinic: your visits"),
    ("page", "the link, after the year of birth"),
    ("step", "session 3 to "),
    ("step", "the refusal proposes the smallest re-plan: 3 to "),
    ("step", "sent back, and moved: "),
    ("sms", "Riverside Clinic: your visits have new times."),
    ("sms", "Riverside Clinic: an earlier time is free"),
    ("page", "taken on the patient's page: "),
    ("step", "session 1: check-in"),
    ("step", "the gate is closed, "),
    ("step", "a dose ordered by a clinician"),
    ("step", "session 1: start"),
    ("step", "4 readings, the last 128/80 mmHg"),
    ("step", "session 1: discharge, no driving until "),
    ("step", "the place that came free was used"),
    ("step", "session 6: discharge"),
    ("step", "PHQ-9 after session 6"),
)
"""What the story is there to show, in this order."""


def test_the_story_of_the_demo_happens(town: Town, clinic: Clinic, mail_folder: Path) -> None:
    told: list[tuple[str, str]] = []
    Story(town.url, clinic, town.clock, mail_folder, lambda kind, text: told.append((kind, text))).play()
    texts = [text for kind, text in told if kind == "sms"]
    assert len(texts) == len(set(texts)), "a message was told twice"
    assert sum("discharge" in text for _, text in told) == 6
    news = iter(told)
    missing = [shown for shown in SHOWN if not any(one[0] == shown[0] and one[1].startswith(shown[1]) for one in news)]
    assert missing == [], told
