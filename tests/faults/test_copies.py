"""Several copies of everything at once: they share the work, and one that dies is not missed for long."""

from collections import Counter

import pytest

from deploy.local.story import Clinic, Story
from tests.support.fault_stage import PATIENCE_SECONDS, Stage

pytestmark = pytest.mark.timeout(400)

COPIED = ("booking.web", "booking.worker", "followup.worker", "notify.worker")
SESSIONS = 6
MOST_LINKS = 3 * SESSIONS + 2
"""Before each session, hours and a day after it; three days after the first, a week after the last."""
WAITED_FOR = {
    ("confirmation", ""): 1,
    ("change-notice", ""): 1,
    ("reminder", "P1D"): SESSIONS,
    ("reminder", "PT2H"): SESSIONS,
}
"""Messages to the patient that the story waits for, by kind and offset; three days ahead a week of sessions is said at
once. Of the links it waits for three: weeks pass in seconds, so another one may be heard of when its form has expired
already, and is then rightly never sent; so it is with what asks about the way home.
"""
LINKS_WAITED_FOR = 3


def test_nothing_fires_twice_when_everything_runs_twice(stage: Stage, clinic: Clinic) -> None:
    platform = stage.platform
    killed = {"session 2: check-in": "notify.worker", "session 4: check-in": "booking.worker"}

    def tell(_: str, text: str) -> None:
        if text in killed:
            platform.kill(killed[text])

    with stage.copies(*COPIED):
        mails = platform.installation.mail_folder
        Story(platform.url, clinic, stage.clock, mails, tell, patience_seconds=PATIENCE_SECONDS).play()
        stage.recover()
        stage.settle(clinic)
    rows = [row for row in stage.evidence(clinic).rows("notify", "messages", status="sent") if row["channel"] != "desk"]
    ((treated, _), *_) = Counter(row["patient_id"] for row in rows).most_common()
    told = [row for row in rows if row["patient_id"] == treated]
    sent = Counter((row["kind"], row["offset"]) for row in told)
    assert {meaning: sent[meaning] for meaning in WAITED_FOR} == WAITED_FOR
    assert LINKS_WAITED_FOR <= sent["check-in-link", ""] <= MOST_LINKS
    assert set(Counter((row["about"], row["kind"], row["offset"]) for row in told).values()) == {1}
    stage.conclude(clinic)
