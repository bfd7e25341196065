"""A clinic with its people, as the end-to-end tests make one: each test has its own."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from deploy.local.clear_patient import clear_patient
from deploy.local.treatment_day import OBSERVED, Dose
from shared.localtime import to_local
from tests.e2e.town import Http, Town, a_phone, a_word, eventually, next_weekday, ok

SCOPES: Final = ("admin", "clinician", "front_desk", "integration", "nurse", "psychiatrist")
NOBODY: Final = "00000000-0000-7000-8000-000000000000"
WEEK: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
ALWAYS: Final = [{"weekday": day, "opens": "00:00", "closes": "23:59"} for day in WEEK]
SIX: Final = "mood-iv-6x2w"
ONE: Final = "booster-single"
MON_WED_FRI: Final = (0, 2, 4, 7, 9, 11)


@dataclass(frozen=True)
class Practice:
    """A clinic that is known to every service, with an access key of all scopes."""

    town: Town
    id: str
    key: str
    zone: str
    resources: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def http(self) -> Http:
        return Http(self.town.url, self.key)

    def at(self, service: str, rest: str = "") -> str:
        return f"/{service}/v1/clinics/{self.id}{rest}"

    def do(self, path: str, body: Any) -> Any:
        """What booking answers when it does something for the clinic."""
        return ok(self.http.post(self.at("booking", path), body))

    def register(self, **details: Any) -> dict[str, Any]:
        """A new patient who is cleared for a course against depression; `details` replace what nobody cares about."""
        patient: dict[str, Any] = self.do("/patients", a_patient(**details))
        self.clear(patient["id"])
        return patient

    def clear(self, patient_id: str, **course: Any) -> None:
        """Assess a patient for a course (`protocol`, `condition`), and have everything signed."""
        clear_patient(self.do, patient_id, self.now.date(), **course)

    def book(self, patient_id: str, starts: Sequence[datetime] = (), protocol: str = SIX) -> dict[str, Any]:
        """A series at these wall times; without any the earliest that fits."""
        series: dict[str, Any] = self.do("/series", a_wish(patient_id, starts, protocol))
        return series

    def dose(self, series: Mapping[str, Any], number: int = 1) -> Dose:
        """A dose of a series, given by somebody who may do everything."""
        return Dose(self.do, series["id"], number)

    def treat(self, series: Mapping[str, Any], number: int = 1) -> None:
        """Give a dose now, and let the patient go home as early as can be: the clock moves on."""
        dose = self.dose(series, number)
        dose.give(self.now, self.supervisor)
        self.town.move_to(self.town.clock() + OBSERVED)
        dose.leave()

    @property
    def supervisor(self) -> str:
        """Resource of a clinician who is always in the house."""
        return self.resources["clinician"][0]

    @property
    def now(self) -> datetime:
        """The instant, on the clinic's wall."""
        return self.town.clock().astimezone(ZoneInfo(self.zone))

    def soon(self, hour: int = 10, minute: int = 0) -> datetime:
        """A wall time on a Monday one to two weeks ahead: far enough for every reminder to be planned."""
        day = next_weekday(self.town.today(self.zone) + timedelta(days=8), 0)
        return datetime(day.year, day.month, day.day, hour, minute)  # noqa: DTZ001 -- a wall time

    def wall(self) -> datetime:
        """What the clock on the clinic's wall shows."""
        return to_local(self.town.clock(), self.zone)

    def messages(self, **query: Any) -> list[dict[str, Any]]:
        """What notify has planned or sent, at most 200."""
        items: list[dict[str, Any]] = ok(self.http.get(self.at("notify", "/messages"), limit=200, **query))["items"]
        return items

    def issue_key(self, *scopes: str, **more: Any) -> dict[str, Any]:
        """`{"access_key": …, "key": text}`, known to booking at once, to the others soon."""
        body = {"label": "test key", "scopes": list(scopes), **more}
        issued: dict[str, Any] = ok(self.http.post(self.at("booking", "/access-keys"), body))
        return issued

    def probes(self) -> list[str]:
        """One path per service that any key of this clinic may read."""
        return [
            self.at("booking"),
            self.at("followup", f"/patients/{NOBODY}/check-ins"),
            self.at("notify", "/messages"),
        ]

    def statuses(self, key: str) -> list[int]:
        """How booking, followup and notify answer this key."""
        return [Http(self.town.url, key).get(path).status_code for path in self.probes()]

    def is_everywhere(self) -> bool:
        """Whether every service has heard of the clinic itself, and with it of the key that seals what is personal."""
        return all(database["clinics"].find_one({"_id": self.id}) for database in self.town.databases())

    def wait_known(self, key: str) -> None:
        """Until all services have heard of a key."""
        eventually(lambda: 401 not in self.statuses(key), "hearing of the key")


def a_patient(**details: Any) -> dict[str, Any]:
    """A body that registers somebody who is nobody else."""
    return {"name": f"Somebody {a_word()}", "birth_date": "1980-05-17", "phone": a_phone(), **details}


def a_wish(patient_id: str, starts: Sequence[datetime] = (), protocol: str = SIX) -> dict[str, Any]:
    """A body that books a series."""
    wish: dict[str, Any] = {"patient_id": patient_id, "protocol": protocol, "condition": "depression"}
    if not starts:
        return {**wish, "first_fit": {"time_of_day": "09:00"}}
    return {**wish, "sessions": [{"starts_local": f"{start:%Y-%m-%dT%H:%M}"} for start in starts]}


def six_times(first: datetime) -> list[datetime]:
    """Monday, Wednesday and Friday for two weeks, when `first` is a Monday."""
    return [first + timedelta(days=days) for days in MON_WED_FRI]


AWAKE: Final[Mapping[str, Any]] = {"quiet_from": "03:00", "quiet_until": "03:01"}
"""For a clinic whose messages go out at whatever hour the tests before it left the clock."""


def open_practice(
    town: Town, *, zone: str = "America/New_York", chairs: int = 1, nurses: int = 1, **details: Any
) -> Practice:
    """Open a clinic, staff it, and wait until every service has heard of it."""
    clinic = {"name": "Test Clinic", "sender_alias": "Your Clinic", "zone": zone, "country": "US", "phone": "555-0100"}
    made = ok(town.operator.post("/booking/v1/clinics", {**clinic, **details}))
    keys = f"/booking/v1/clinics/{made['id']}/access-keys"
    key = ok(town.operator.post(keys, {"label": "all scopes", "scopes": list(SCOPES)}))["key"]
    practice = Practice(town, made["id"], key, zone)
    practice.wait_known(key)
    eventually(practice.is_everywhere, "hearing of the clinic")
    staff = {"chair": chairs, "nurse": nurses, "clinician": 1}
    return replace(practice, resources={kind: add_resources(practice, kind, count) for kind, count in staff.items()})


def run_to(town: Town, practices: Sequence[Practice], until: datetime) -> None:
    """Let the clock stop wherever a message of these clinics is due, and wait there until it was dealt with."""
    for at in iter(lambda: min((one for one in _looks(practices) if one <= until), default=None), None):
        town.move_to(at)
        eventually(lambda: min(_looks(practices), default=until) > town.clock(), "dealing with what is due")
    town.move_to(until)


def _looks(practices: Sequence[Practice]) -> Iterator[datetime]:
    for practice in practices:
        waiting = (row for row in practice.messages() if row["status"] in {"queued", "sending"})
        yield from (datetime.fromisoformat(row["next_at"]) for row in waiting)


def add_resources(practice: Practice, kind: str, count: int) -> list[str]:
    """Resources that are there day and night, clinicians with what a supervisor must hold; their ids."""
    path = practice.at("booking", "/resources")
    there = {"kind": kind, "hours": ALWAYS, "skills": [{"code": "acls"}] if kind == "clinician" else []}
    bodies = ({**there, "name": f"{kind} {number}"} for number in range(1, count + 1))
    return [ok(practice.http.post(path, body))["id"] for body in bodies]


def block(practice: Practice, resource_id: str, day: date) -> None:
    """Close a resource on a date."""
    path = practice.at("booking", f"/resources/{resource_id}")
    version = ok(practice.http.get(path))["version"]
    ok(practice.http.patch(path, {"closed_on": [day.isoformat()]}, version))
