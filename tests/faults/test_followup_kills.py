"""Kill -9 at any step between a patient's answer and the last of the staff who is paged for it.

No answer is lost that the page said it has, no alert is lost, and nobody is paged twice for the same step.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any, Final

import pytest
import requests

from deploy.local.story import Clinic
from deploy.local.story_stage import BIRTH_YEAR, ZONE
from deploy.local.waiting import wait_until
from tests.e2e.followed import BORN, CheckIn, Followed, moment
from tests.e2e.on_call import OnCall
from tests.e2e.practice import ONE, Practice
from tests.e2e.town import Town, eventually
from tests.support.fault_checks import Evidence
from tests.support.fault_stage import Stage

pytestmark = pytest.mark.timeout(600)

PATIENTS: Final = 6
KILLS: Final = 8
STARTS: Final = (8, 11, 14)
ITEMS: Final = range(1, 10)
WORST: Final = 3
FIVE: Final = timedelta(minutes=5)
PARTS: Final = ("followup.web", "followup.worker", "notify.worker")
SAID_WITHIN: Final = 120.0
"""Seconds in which a patient who tries again and again is answered, whatever dies meanwhile."""
STEPS: Final = ("clinician", "backup", "director")


@dataclass
class Phone:
    """A patient who tries again until the page says that it has the answer; `promised` is what it said it has."""

    patient: Followed
    link: str
    promised: dict[str, int] = field(default_factory=dict)
    is_done: bool = False
    tries: Counter[str] = field(default_factory=Counter)

    def answer(self, chance: Random, until: Callable[[], bool] = lambda: True) -> None:
        """All items, changed again and again `until` something, the worst answer to item 9 first; then for good."""
        with requests.Session() as session:
            self._until(lambda: "radio" in self._post(session, {"year": str(BIRTH_YEAR)}))
            self._save(session, {"phq-9.9": WORST})
            while not (until() and len(self.promised) == len(ITEMS)):
                self._save(session, {f"phq-9.{chance.choice(ITEMS)}": chance.randrange(WORST)})
            rest = {f"audit-c.{item}": 0 for item in (1, 2, 3)}
            self._until(lambda: "have your answers" in self._post(session, self.promised | rest))
            self.is_done = True

    def _save(self, session: requests.Session, said: Mapping[str, int]) -> None:
        self._until(lambda: "?saved" in self._sent(session, {**said, "save": "1"}))
        self.promised.update(said)

    def lost(self) -> list[str]:
        """What the page said it has and has not."""
        [kept] = [one for one in self.patient.check_ins("open", "answered") if one["kind"] == "baseline"]
        there = {
            f"{part['instrument']}.{item}": value for part in kept["parts"] for item, value in part["answers"].items()
        }
        faults = [
            f"{name} was {value}, is {there.get(name)}"
            for name, value in self.promised.items()
            if there.get(name) != value
        ]
        return faults + ([f"{kept['id']} is {kept['status']}"] if self.is_done and kept["status"] != "answered" else [])

    def _until(self, is_said: Callable[[], bool]) -> None:
        def attempt() -> bool:
            try:
                return is_said()
            except requests.RequestException as failure:
                self.tries[type(failure).__name__] += 1
                return False

        assert wait_until(attempt, SAID_WITHIN, every=0.2), f"no answer: {self.tries}"

    def _post(self, session: requests.Session, fields: Mapping[str, Any]) -> str:
        page = session.post(self.link, data=fields, timeout=20)
        page.raise_for_status()
        return page.text

    def _sent(self, session: requests.Session, fields: Mapping[str, Any]) -> str:
        """Where the browser is sent."""
        answer = session.post(self.link, data=fields, timeout=20, allow_redirects=False)
        answer.raise_for_status()
        return answer.headers.get("Location", "")


@dataclass(frozen=True)
class Evening:
    """A clinic that can be paged, and patients with the form of the evening before their first session."""

    stage: Stage
    clinic: Clinic
    on_call: OnCall
    phones: Sequence[Phone]

    def nobody_takes_anything_on(self, something_dies: Callable[[], None]) -> None:
        """Until the last one was to be paged, a quarter of an hour later."""
        for _ in range(4):
            something_dies()
            self.stage.clock.move_to(self.stage.clock() + FIVE)

    def conclude(self) -> None:
        """No answer is lost, no alert, and nobody was paged twice."""
        self.stage.conclude(self.clinic)
        evidence = self.stage.evidence(self.clinic)
        lost = [fault for phone in self.phones for fault in phone.lost()]
        faults = [*lost, *alerts_amiss(evidence), *pages_amiss(evidence)]
        assert not faults, "\n".join(faults)
        tries = sum((phone.tries for phone in self.phones), Counter[str]())
        mails = {role: len(self.on_call.mailed(role)) for role in STEPS}
        print(f"{PATIENTS} alerts, mails {mails}, patients tried again after {dict(tries)}")


@pytest.fixture
def evening(stage: Stage, clinic: Clinic) -> Evening:
    """Three sessions fit into a day of each of the two chairs."""
    practice = Practice(Town(stage.platform, stage.clock, stage.databases), clinic.id, clinic.key, ZONE)
    on_call = OnCall(practice, stage.platform.installation.mail_folder)
    on_call.publish()
    everybody = [Followed(practice, practice.register(birth_date=BORN), lambda _: None) for _ in range(PATIENTS)]
    for number, one in enumerate(everybody):
        practice.book(one.id, [practice.soon(STARTS[number // 2])], ONE)
    forms = [_form_of(one, "scheduled") for one in everybody]
    stage.clock.move_to(max(moment(form["due_at"]) for form in forms) + timedelta(seconds=1))
    links = [one.link_to(_form_of(one, "open")) for one in everybody]
    return Evening(stage, clinic, on_call, [Phone(*each) for each in zip(everybody, links, strict=True)])


def _form_of(patient: Followed, status: str) -> CheckIn:
    return eventually(lambda: patient.check_ins(status), f"a form that is {status}")[0]


def test_whatever_dies_while_patients_answer_nothing_is_lost_and_nobody_paged_twice(evening: Evening, seed: int):
    chance, platform, is_over = Random(seed), evening.stage.platform, threading.Event()

    def dies(victim: str) -> None:
        platform.kill(victim)
        platform.wait_ready(victim)

    with ThreadPoolExecutor(PATIENTS) as pool:
        answering = [pool.submit(one.answer, Random(chance.random()), is_over.is_set) for one in evening.phones]
        for victim in chance.sample(PARTS * 3, KILLS):
            dies(victim)
            wait_until(lambda: False, chance.random())
        is_over.set()
        for one in answering:
            one.result()
    evening.nobody_takes_anything_on(lambda: dies(chance.choice(PARTS[1:])))
    evening.conclude()


@pytest.mark.parametrize(
    ("point", "part"),
    [
        ("unit.in_transaction", "followup.web"),
        ("relay.after_send", "followup.worker"),
        ("consumer.after_effect", "notify.worker"),
    ],
)
def test_who_dies_at_the_worst_instant_loses_nothing_and_pages_nobody_twice(
    evening: Evening, seed: int, point: str, part: str
) -> None:
    stage, before = evening.stage, evening.stage.deaths[part]

    def has_died() -> bool:
        """Of a web process only patients notice: its parent has a new one ready at once."""
        return stage.deaths[part] > before or any(phone.tries for phone in evening.phones)

    with stage.armed(f"{point}:kill:2", part), ThreadPoolExecutor(PATIENTS) as pool:
        list(pool.map(lambda phone: phone.answer(Random(seed)), evening.phones))
        evening.nobody_takes_anything_on(lambda: None)
        assert wait_until(has_died, SAID_WITHIN), f"{part} lives"
    evening.conclude()


def alerts_amiss(evidence: Evidence) -> Iterator[str]:
    """One alert for each patient, each of its steps told once."""
    alerts = evidence.rows("followup", "alerts", trigger="suicidal-thoughts-high")
    if len({alert["check_in_id"] for alert in alerts}) != PATIENTS or len(alerts) != PATIENTS:
        yield f"{len(alerts)} alerts of {PATIENTS} patients"
    told = Counter(
        (event["subject"], event["data"]["step"])
        for event in evidence.rows("followup", "events", type="page.wanted.v1")
    )
    wanted = Counter((f"alert/{alert['_id']}", step) for alert in alerts for step in range(len(STEPS)))
    if told != wanted:
        yield f"pages too many {told - wanted}, too few {wanted - told}"


def pages_amiss(evidence: Evidence) -> Iterator[str]:
    """Each of the staff got one SMS for each alert, and one e-mail at most: what died in a mail server's answer is
    never sent again.
    """
    rows = evidence.rows("notify", "messages", kind="staff-page")
    counts = Counter((row["about"], row["reader"], row["channel"]) for row in rows)
    pages = {row["about"] for row in rows}
    wanted = {(page, f"staff/{role}", channel) for page in pages for role in STEPS for channel in ("sms", "email")}
    if len(pages) != PATIENTS or set(counts) != wanted or max(counts.values()) > 1:
        yield f"{len(pages)} pages; {counts - Counter(wanted)} too many, {Counter(wanted) - counts} too few"
    yield from (
        f"{row['channel']} to {row['reader']} is {row['status']}"
        for row in rows
        if row["status"] not in _SAID[row["channel"]]
    )


_SAID: Final[Mapping[str, frozenset[str]]] = {"sms": frozenset({"sent"}), "email": frozenset({"sent", "unknown"})}
