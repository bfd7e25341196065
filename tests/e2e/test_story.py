"""The main job from end to end, and that nothing personal is readable on the way."""

from pathlib import Path

from deploy.local.story import Clinic, Story
from tests.e2e.town import Town


def test_the_story_of_the_demo_happens(town: Town, clinic: Clinic, mail_folder: Path) -> None:
    told: list[tuple[str, str]] = []
    Story(town.url, clinic, town.clock, mail_folder, lambda kind, text: told.append((kind, text))).play()
    texts = [text for kind, text in told if kind == "sms"]
    assert len(texts) == len(set(texts)), "a message was told twice"
    assert sum("discharge" in text for _, text in told) == 6
    assert [text for _, text in told if text.startswith("PHQ-9")] != []
