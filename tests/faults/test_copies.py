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
WAITED_FOR = {("confirmation", "email"): 1, ("change-notice", "sms"): 1, ("reminder", "sms"): 3 * SESSIONS}
"""Messages to the patient of the series that the story waits for. Of the links it waits for two: weeks pass in seconds,
so another one may be heard of when its form has expired already, and is then rightly never sent."""


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
    rows = stage.evidence(clinic).rows("notify", "messages", status="sent")
    ((treated, _), *_) = Counter(row["patient_id"] for row in rows).most_common()
    sent = Counter((row["kind"], row["channel"]) for row in rows if row["patient_id"] == treated)
    links = sent.pop(("check-in-link", "sms"))
    assert (sent, 2 <= links <= MOST_LINKS) == (WAITED_FOR, True)
    stage.conclude(clinic)
