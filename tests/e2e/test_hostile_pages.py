"""The public page of a check-in, met with bad intent: nothing leaks, nothing breaks, nothing is kept."""

import json
import re
import secrets
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
import requests

from shared.http.pages import HEADERS
from shared.private_link import WRONG_YEARS_ALLOWED, digest
from tests.e2e.mailbox import BORN, Invited, Mailbox
from tests.e2e.practice import AWAKE, Practice, open_practice
from tests.e2e.town import Town, eventually, ok

GATE: Final = "In which year were you born?"
THANKS: Final = "we have your answers"
LOCKED: Final = "This link is locked"
UNKNOWN: Final = "This link does not work"
PRIVATE: Final = ("Ada", "Byron", "1980", "PHQ", "Traceback", "pymongo", "werkzeug")
FULL: Final = {f"phq-9.{item}": "1" for item in range(1, 10)}
FORM: Final = "application/x-www-form-urlencoded"
LOGGED: Final = {"event", "level", "timestamp", "trace_id", "correlation_id", "clinic_id", "check_in_id", "wrong"}
"""All that is logged of a wrong year."""
Body = str | bytes | Mapping[str, str]


@dataclass(frozen=True)
class Visitor:
    """Somebody with a browser of their own and the link of a check-in."""

    invited: Invited
    practice: Practice

    def read(self, link: str = "", **options: Any) -> requests.Response:
        return self._ask("GET", link, **options)

    def send(self, data: Body, link: str = "", **options: Any) -> requests.Response:
        return self._ask("POST", link, data=data, **options)

    def passed(self) -> dict[str, str]:
        """The cookies of somebody who knows the year of birth."""
        answer = self.send({"year": BORN}, allow_redirects=False)
        assert answer.status_code == 303
        return answer.cookies.get_dict()

    def check_in(self) -> dict[str, Any]:
        """As staff see it."""
        path = self.practice.at("followup", f"/check-ins/{self.invited.check_in_id}")
        shown: dict[str, Any] = ok(self.practice.http.get(path))
        return shown

    def _ask(self, method: str, link: str, **options: Any) -> requests.Response:
        return requests.request(method, link or self.invited.link, timeout=20, **options)


@pytest.fixture(scope="module")
def mailbox(town: Town) -> Mailbox:
    practice = open_practice(town, chairs=8, nurses=8, **AWAKE)
    return Mailbox(practice, town.platform.installation.mail_folder)


@pytest.fixture(scope="module")
def visitors() -> list[Visitor]:
    """All that were invited so far for tests that leave a check-in as it is."""
    return []


@pytest.fixture
def visitor(mailbox: Mailbox, visitors: list[Visitor]) -> Visitor:
    """Whose check-in stays open for weeks, also when another one is opened: that moves the clock by days."""
    soon = mailbox.practice.town.clock() + timedelta(weeks=2)
    if not visitors or datetime.fromisoformat(visitors[-1].check_in()["expires_at"]) < soon:
        visitors.append(Visitor(mailbox.check_in("phq-9"), mailbox.practice))
    return visitors[-1]


@pytest.fixture
def untouched(visitor: Visitor) -> Iterator[None]:
    before = visitor.check_in()
    yield
    after = visitor.check_in()
    assert {**after, "version": 0} == {**before, "version": 0}


def is_harmless(answer: requests.Response) -> bool:
    """Whether it is a page of ours that gives nothing away; a server that refuses to read on has no page."""
    assert answer.status_code < 500, answer.text
    assert not any(word in answer.text for word in PRIVATE), answer.text
    assert "<script" not in answer.text
    if "<html" in answer.text and "</main>" in answer.text:
        assert {name: answer.headers.get(name) for name in HEADERS} == dict(HEADERS)
    return True


# --- links -----------------------------------------------------------------------------------------------------------


def forged(link: str) -> Iterator[str]:
    start, _, token = link.rpartition("/")
    for other in (
        *(token[:-1], token[1:], token + "x", token.swapcase(), token[::-1], digest(token), "x", "a" * 43, "a" * 3000),
        *("%00", "%ff%fe", "%0d%0aSet-Cookie:%20a=b", "..%2f..%2fv1%2fclinics", "%7b%24ne%3a1%7d", "'%20or%201=1--"),
        *("<script>alert(1)</script>", "ключ", "{{7*7}}", "%25s%25n", f"{token}%00", f"{token}/", f"{token}/answers"),
        *("", "?year=1980", ";" + token),
    ):
        yield f"{start}/{other}"
    yield link.replace("/followup/c/", "/booking/a/")
    yield link.replace("/followup/c/", "/notify/p/")
    yield link.replace("/followup/c/", "/notify/u/")


@pytest.mark.usefixtures("untouched")
def test_a_forged_or_truncated_link_says_so_and_nothing_else(visitor):
    cookies = visitor.passed()
    for link in forged(visitor.invited.link):
        for answer in (
            visitor.read(link, cookies=cookies),
            visitor.send({**FULL, "year": BORN}, link, cookies=cookies),
        ):
            assert is_harmless(answer)
            assert answer.status_code in {400, 404, 414}, (link, answer.status_code)
            assert (UNKNOWN in answer.text) is (answer.status_code == 404), link


def test_links_of_other_pages_open_no_check_in(mailbox, visitor):
    appointments, stop = mailbox.appointments()
    for link in (appointments, stop):
        foreign = re.sub(r"/(booking/a|notify/u)/", "/followup/c/", link)
        assert UNKNOWN in visitor.read(foreign).text


@pytest.mark.usefixtures("untouched")
def test_a_pass_opens_no_other_patients_check_in(mailbox, visitor):
    other = Visitor(mailbox.check_in("phq-9"), mailbox.practice)
    for cookies in (other.passed(), {"pass": "x"}, {"pass": ""}, {"pass": "a" * 3000}, {"pass": digest("x")}):
        assert GATE in visitor.read(cookies=cookies).text
        assert GATE in visitor.send(FULL, cookies=cookies).text


def test_a_link_that_was_used_or_has_expired_takes_nothing_more(town, mailbox):
    used = Visitor(mailbox.check_in("phq-9"), mailbox.practice)
    late = Visitor(mailbox.check_in("phq-9", open_hours=24), mailbox.practice)
    cookies, late_cookies = used.passed(), late.passed()
    assert THANKS in used.send(FULL, cookies=cookies).text
    before = used.check_in()
    for fields in (FULL, {**FULL, "phq-9.1": "3"}, {"phq-9.9": "3"}, {"year": BORN}, {"year": "1"}):
        replayed = used.send(fields, cookies=cookies)
        assert THANKS in replayed.text
        assert is_harmless(replayed)
    assert used.check_in() == before
    town.move_to(town.clock() + timedelta(hours=25))
    eventually(lambda: late.check_in()["status"] == "missed", "closing the check-in")
    for fields in ({}, FULL, {"year": BORN}):
        assert "This check-in is closed" in late.send(fields, cookies=late_cookies).text
    assert late.check_in()["parts"][0]["answers"] == {}


# --- answers ---------------------------------------------------------------------------------------------------------

MALFORMED: Final[Mapping[str, Body]] = {
    **{f"value {value[:9]}": {**FULL, "phq-9.1": value} for value in ("4", "-1", "1e0", "²", "0x1", " ", "1" * 5000)},
    **{f"name {name[:9]}": {**FULL, name: "1"} for name in ("phq-9.10", "gad-7.1", "phq-9.", ".1", ".", "phq-9.1.2")},
    **{f"name {name[:9]}": {name: "1"} for name in ("__proto__.x", "$where.1", "a.$gt", "x" * 9000 + ".1", "\0.\0")},
    "markup": {"<script>alert(1)</script>.1": "1", "phq-9.<img src=x>": "<script>"},
    "both": "phq-9.1=9&phq-9.1=0",
    "no text": b"phq-9.1=%ff%fe&%80.%81=1&\xff\xfe\x00=\x00",
    "json": '{"phq-9.1": 0}',
    "many fields": "&".join(f"phq-9.{number}=0" for number in range(9, 5000)),
    "many instruments": "&".join(f"phq-{number}.1=0" for number in range(10, 5000)),
    "too large": "phq-9.1=" + "0" * 2**20,
}


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_and_oversized_answers_are_refused_and_none_of_them_is_kept(visitor, name):
    answer = visitor.send(MALFORMED[name], cookies=visitor.passed(), headers={"Content-Type": FORM})
    assert is_harmless(answer)
    assert answer.status_code in {400, 413, 422}


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    "kind", ["application/json", "text/plain", "multipart/form-data", "multipart/form-data; boundary=x", "?"]
)
def test_a_body_of_another_kind_keeps_nothing(visitor, kind):
    answer = visitor.send("phq-9.1=0&phq-9.2=0", cookies=visitor.passed(), headers={"Content-Type": kind})
    assert is_harmless(answer)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "PROPFIND"])
def test_no_other_method_does_anything(visitor, method):
    assert is_harmless(requests.request(method, visitor.invited.link, data=FULL, cookies=visitor.passed(), timeout=20))


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("step", ["-1", "99999", "0x1", "1" * 3000, "<script>"])
def test_no_query_shows_or_breaks_anything(visitor, step):
    query = f"?step={step}&saved&save=1&year={BORN}"
    assert is_harmless(visitor.read(visitor.invited.link + query))
    assert GATE in visitor.read(visitor.invited.link + query).text
    assert visitor.read(visitor.invited.link + query, cookies=visitor.passed()).status_code == 200


# --- the second factor -----------------------------------------------------------------------------------------------


def logged(town: Town) -> str:
    files = (town.platform.installation.folder / "logs").glob("*.log*")
    return "\n".join(file.read_text(errors="replace") for file in files)


def test_a_script_that_guesses_the_year_is_stopped_and_leaves_traces(town, mailbox):
    guessed, other = (Visitor(mailbox.check_in("phq-9"), mailbox.practice) for _ in range(2))
    years = [str(year) for year in range(1930, 1970)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda year: guessed.send({"year": year}), years))
    assert all(answer.status_code in {200, 422, 503} for answer in answers)
    assert sum(answer.status_code == 422 for answer in answers) <= WRONG_YEARS_ALLOWED
    assert not any(answer.cookies for answer in answers)
    assert LOCKED in guessed.send({"year": BORN}).text
    assert LOCKED in guessed.read().text
    assert GATE in other.read().text

    log = logged(town)
    traces = [
        line for line in log.splitlines() if guessed.invited.check_in_id in line and "wrong year of birth" in line
    ]
    assert len(traces) == WRONG_YEARS_ALLOWED
    assert guessed.invited.link.rpartition("/")[2] not in log
    assert {name for line in traces for name in json.loads(line)} == LOGGED


def test_staff_take_by_phone_what_a_locked_link_cannot(mailbox):
    locked = Visitor(mailbox.check_in("phq-9"), mailbox.practice)
    for _ in range(WRONG_YEARS_ALLOWED):
        locked.send({"year": str(1900 + secrets.randbelow(50))})
    assert LOCKED in locked.read().text
    path = locked.practice.at("followup", f"/check-ins/{locked.invited.check_in_id}/answers")
    answers = {"phq-9": {str(item): 0 for item in range(1, 10)}}
    entered = ok(locked.practice.http.post(path, {"answers": answers, "entered_by": "Nurse Ames", "taken": "by-phone"}))
    assert (entered["status"], entered["entered_by"], entered["taken"]) == ("answered", "Nurse Ames", "by-phone")
    assert THANKS in locked.read().text
