"""A busy front desk: clients that book, move and cancel, and repeat every request until it has an answer.

What they were answered is the history that the checks of `fault_checks` hold against the databases.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from http import HTTPStatus
from random import Random
from string import ascii_lowercase
from types import TracebackType
from typing import Any, Final, Self

import requests

from deploy.local.clear_patient import TO_BOOK, clear_patient
from deploy.local.story import Clinic
from deploy.local.waiting import wait_until
from shared.ids import new_id

PATIENCE_SECONDS: Final = 90.0
CALL_SECONDS: Final = 20.0
UNREACHABLE: Final = {429, 502, 503, 504}
LOST: Final = "no answer"
PROTOCOL: Final = "mood-iv-3x3w"
_A_WEEK: Final = timedelta(weeks=1)


@dataclass(frozen=True)
class Answered:
    """A request and its final answer. `before` tells how earlier attempts at it ended."""

    method: str
    path: str
    body: Any
    key: str
    version: int | None
    status: int
    content: Any
    before: tuple[str, ...] = ()

    @property
    def is_done(self) -> bool:
        return self.status < HTTPStatus.BAD_REQUEST

    @property
    def acts(self) -> bool:
        return self.method == "POST"


class Client:
    """One program at the front desk. It takes no "try again" for an answer."""

    def __init__(self, url: str, access_key: str) -> None:
        self._url = url
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {access_key}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()

    def post(self, path: str, body: Any = None, key: str = "") -> Answered:
        """Act once, however often it has to be said."""
        return self.ask(Answered("POST", path, body or {}, key or new_id(), None, 0, None))

    def patch(self, path: str, body: Any, version: int) -> Answered:
        """Change the version that was read."""
        return self.ask(Answered("PATCH", path, body, "", version, 0, None))

    def get(self, path: str) -> Any:
        """What is there now."""
        return self.ask(Answered("GET", path, None, "", None, 0, None)).content

    def ask(self, wanted: Answered) -> Answered:
        """Repeat the very same request until it has an answer other than "not now"."""
        before: list[str] = []
        found: list[requests.Response] = []

        def has_answer() -> bool:
            answer = self._try(wanted)
            if answer is None or answer.status_code in UNREACHABLE:
                before.append(_failure(answer))
                return False
            found.append(answer)
            return True

        if not wait_until(has_answer, PATIENCE_SECONDS, every=0.2):
            raise AssertionError(f"{wanted.method} {wanted.path} had no answer: {before[-5:]}")
        answer = found[0]
        return replace(wanted, status=answer.status_code, content=answer.json(), before=tuple(before))

    def _try(self, wanted: Answered) -> requests.Response | None:
        headers = {"Idempotency-Key": wanted.key} if wanted.acts else {}
        if wanted.version is not None:
            headers["If-Match"] = f'"{wanted.version}"'
        try:
            return self._session.request(
                wanted.method, f"{self._url}{wanted.path}", json=wanted.body, headers=headers, timeout=CALL_SECONDS
            )
        except requests.RequestException:
            return None


def _failure(answer: requests.Response | None) -> str:
    if answer is None:
        return LOST
    return f"{answer.status_code}" + ("" if "Retry-After" in answer.headers else " without Retry-After")


@dataclass
class Load:
    """Clients at work, as long as the block lasts. Each has its own patients and series; all want the same chairs."""

    url: str
    clinic: Clinic
    seed: int
    today: date
    clients: int = 8
    history: list[Answered] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _raised: list[BaseException] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._threads = [threading.Thread(target=self._work, args=(number,)) for number in range(self.clients)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        if self._raised and error is None:
            raise self._raised[0]

    def advance(self, by: int, within: float = 60.0, *, of: Callable[[Answered], bool] = lambda _: True) -> None:
        """Return when so many more requests (`of` one kind) have been answered: bookings go on."""
        wanted = self._count(of) + by
        assert wait_until(lambda: bool(self._raised) or self._count(of) >= wanted, within), "bookings stand still"
        if self._raised:
            raise self._raised[0]

    def _count(self, of: Callable[[Answered], bool]) -> int:
        return sum(map(of, tuple(self.history)))

    def _work(self, number: int) -> None:
        try:
            with Client(self.url, self.clinic.key) as client:
                desk = _Desk(self, client, Random(f"{self.seed}/{number}"), number)
                while not self._over.is_set():
                    desk.do_something()
        except BaseException as error:  # noqa: BLE001 - handed over to the test
            self._raised.append(error)


def word(number: int) -> str:
    """Another name for each number: people are told apart by letters."""
    return "".join(ascii_lowercase[int(digit)] for digit in f"{number:04}").title()


def family_name(clinic: Clinic) -> str:
    """That of all patients of one clinic: who were called the same elsewhere would be one person with two series."""
    return "".join(ascii_lowercase[int(digit, 16)] for digit in clinic.id.replace("-", "")).title()


def make_bookable(client: Client, clinic: Clinic, patient_id: str, today: date) -> None:
    """Have a patient assessed the day before, and let them sign what is signed before a course is booked."""

    def post(path: str, body: Any) -> Any:
        answered = client.post(f"/booking/v1/clinics/{clinic.id}{path}", body)
        assert answered.is_done, f"{path}: {answered.status} {answered.content}"
        return answered.content

    clear_patient(post, patient_id, today - timedelta(days=1), documents=TO_BOOK)


def is_booking(answered: Answered) -> bool:
    """A new series."""
    return answered.status == HTTPStatus.CREATED and answered.path.endswith("/series")


def _last_booked(series: Any) -> int:
    """Calling off the one before it would tear a gap that forbids every later move."""
    booked = [session["number"] for session in series["sessions"] if session["status"] == "booked"]
    return max(booked, default=1)


@dataclass
class _Desk:
    """One client's work. Nobody else changes its series, so it knows what each answer must be."""

    load: Load
    client: Client
    chance: Random
    number: int
    series: dict[str, Any] = field(default_factory=dict)

    def do_something(self) -> None:
        moves = (self._book, self._move, self._cancel) if self.series else (self._book,)
        self.chance.choices(moves, (4, 3, 1)[: len(moves)])[0]()

    def _book(self) -> None:
        patient = self._note(self.client.post(self._at("patients"), self._person()))
        if not patient.is_done:
            return
        make_bookable(self.client, self.load.clinic, patient.content["id"], self.load.today)
        wish = {
            "patient_id": patient.content["id"],
            "protocol": PROTOCOL,
            "sessions": [{"starts_local": moment.isoformat(timespec="minutes")} for moment in self._three_weeks()],
        }
        booked = self._note(self.client.post(self._at("series"), wish))
        if booked.is_done:
            self.series[booked.content["id"]] = booked.content

    def _move(self) -> None:
        series, session = self._any_session()
        moment = datetime.combine(datetime.fromisoformat(session["starts_local"]).date(), self._time())
        path = self._at(f"series/{series['id']}/sessions/{session['number']}")
        moved = self.client.patch(path, {"starts_local": moment.isoformat(timespec="minutes")}, series["version"])
        if moved.status == HTTPStatus.PRECONDITION_FAILED:
            moved = self._done_before(moved, series)
        self._change(moved)

    def _done_before(self, moved: Answered, series: Any) -> Answered:
        """An attempt whose answer was lost had its effect; only then the version can be another one."""
        assert moved.before, "stale, although nobody else changed it"
        return replace(moved, status=200, content=self.client.get(self._at(f"series/{series['id']}")))

    def _cancel(self) -> None:
        series, _ = self._any_session()
        path = self._at(f"series/{series['id']}/sessions/{_last_booked(series)}/cancel")
        self._change(self.client.post(path, {"reason": self.chance.choice(("patient", "weather"))}))

    def _change(self, answered: Answered) -> None:
        self._note(answered)
        if answered.is_done:
            self.series[answered.content["id"]] = answered.content

    def _any_session(self) -> tuple[Any, Any]:
        series = self.chance.choice(list(self.series.values()))
        return series, self.chance.choice(series["sessions"])

    def _note(self, answered: Answered) -> Answered:
        self.load.history.append(answered)
        return answered

    def _person(self) -> dict[str, str]:
        mailbox = f"p{self.number}.{self.chance.randrange(10**9)}@example.com"
        name = f"{''.join(self.chance.choices(ascii_lowercase, k=12)).title()} {family_name(self.load.clinic)}"
        return {"name": name, "birth_date": "1985-12-10", "phone": "+12125550123", "email": mailbox}

    def _three_weeks(self) -> list[datetime]:
        """Three dates a week apart within a few crowded weeks."""
        monday = self.load.today + timedelta(days=7 - self.load.today.weekday())
        first = monday + timedelta(days=self.chance.randrange(5), weeks=self.chance.randrange(8))
        return [datetime.combine(first + number * _A_WEEK, self._time()) for number in range(3)]

    def _time(self) -> time:
        return time(self.chance.randrange(8, 15), self.chance.choice((0, 15, 30)))

    def _at(self, rest: str) -> str:
        return f"/booking/v1/clinics/{self.load.clinic.id}/{rest}"
