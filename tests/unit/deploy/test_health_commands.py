"""The operator's commands that say how the platform is, without a platform."""

from dataclasses import dataclass
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from deploy.admin.health import COUNTED_BY, backlog, doctor, waiting
from services.booking.store.counts import COUNTS as BOOKING
from services.followup.store.counts import COUNTS as FOLLOWUP
from services.notify.store.counts import COUNTS as NOTIFY

WELL = {"check": "mongodb", "state": "well", "says": "replica set rs0", "mend": ""}
SLOW = {"check": "hearing", "state": "warning", "says": "not heard yet: topic 2000", "mend": "wait"}
GONE = {"check": "relay", "state": "fault", "says": "no worker tells", "mend": "docker-compose up -d"}
CALM = {"untold": 0, "oldest_untold_at": None, "held": 0, "poison": 0,
        "waiting": {"tasks.open": 3, "alerts.raised": 0},
        "members": 1, "behind": {"kadence.booking.v1": 7}}  # fmt: skip


@dataclass(frozen=True)
class Answers:
    """What each service says; a service without an answer is down."""

    of: dict[str, Any]

    def get(self, path: str) -> Any:
        service = path.split("/")[1]
        if service not in self.of:
            raise click.ClickException("502: bad gateway")
        return self.of[service]


def examined(**findings: Any) -> Result:
    return CliRunner().invoke(doctor, obj=Answers({name: {"items": rows} for name, rows in findings.items()}))


def test_all_well_and_warnings_are_no_reason_to_fail():
    result = examined(booking=[WELL], followup=[WELL], notify=[WELL, SLOW])
    assert result.exit_code == 0
    assert result.output.splitlines()[0].split() == ["well", "booking", "mongodb", "replica", "set", "rs0"]
    assert result.output.splitlines()[-1].strip() == "mend: wait"


def test_one_fault_is_enough_and_shows_its_mend():
    result = examined(booking=[WELL], followup=[WELL, GONE], notify=[WELL])
    assert result.exit_code == 1
    assert "mend: docker-compose up -d" in result.output


def test_a_service_that_is_down_is_a_fault_and_the_others_are_examined():
    result = examined(booking=[WELL], notify=[WELL])
    assert result.exit_code == 1
    assert [line.split()[1] for line in result.output.splitlines() if "mend" not in line] == [
        "booking",
        "followup",
        "notify",
    ]
    assert "502: bad gateway" in result.output


@pytest.mark.parametrize(("change", "status"), [({}, 0), ({"held": 1}, 1), ({"poison": 1}, 1)])
def test_the_backlog_shows_what_waits_and_fails_when_somebody_must_act(change, status):
    answers = Answers({"booking": CALM, "followup": {**CALM, **change}, "notify": {**CALM, "members": None}})
    result = CliRunner().invoke(backlog, obj=answers)
    assert result.exit_code == status
    assert "tasks.open 3, alerts.raised 0" in result.output
    assert "1 worker(s), not heard yet: kadence.booking.v1 7" in result.output
    assert "Kafka does not answer" in result.output


def test_a_service_that_is_down_hides_no_other_ones_backlog():
    result = CliRunner().invoke(backlog, obj=Answers({"booking": CALM, "notify": CALM}))
    assert result.exit_code == 1
    lines = [line for line in result.output.splitlines() if not line.startswith(" ")]
    assert lines == [
        "booking    untold 0, held 0, poison 0",
        "followup   does not answer: 502: bad gateway",
        "notify     untold 0, held 0, poison 0",
    ]


@dataclass(frozen=True)
class Clinics:
    """What is said of each path; of a path that is not there, nothing comes."""

    of: dict[str, Any]

    def get(self, path: str) -> Any:
        if path not in self.of:
            raise click.ClickException("502: bad gateway")
        return self.of[path]


ALERTS = "/followup/v1/operations/waiting/alerts.raised"
LIST = "/booking/v1/clinics?limit=200"
TWO = {"items": [{"clinic_id": "clinic-2", "count": 12}, {"clinic_id": "clinic-1", "count": 3}]}
KNOWN = {"items": [{"id": "clinic-2", "name": "Riverside", "phone": "555-0100"}], "next_cursor": None}


@pytest.mark.parametrize(
    ("said", "lines"),
    [
        ({ALERTS: TWO, LIST: KNOWN}, ["clinic-2      12  Riverside, 555-0100", "clinic-1       3  -"]),
        ({ALERTS: {"items": []}}, []),
    ],
)
def test_each_clinic_that_waits_is_shown_with_whom_to_call(said, lines):
    result = CliRunner().invoke(waiting, ["alerts.raised"], obj=Clinics(said))
    assert (result.exit_code, result.output.splitlines()) == (0, lines)


def test_while_booking_is_down_clinics_are_shown_without_their_names():
    result = CliRunner().invoke(waiting, ["alerts.raised"], obj=Clinics({ALERTS: TWO}))
    assert (result.exit_code, result.stdout.splitlines()) == (0, ["clinic-2      12  -", "clinic-1       3  -"])
    assert result.stderr == "names and phones are not known: 502: bad gateway\n"


def test_a_name_that_nothing_is_counted_by_is_refused_with_those_that_there_are():
    result = CliRunner().invoke(waiting, ["alerts"], obj=Clinics({}))
    assert result.exit_code == 2
    assert "'alerts.raised'" in result.output


def test_every_count_of_every_service_is_found_by_its_name():
    assert list(COUNTED_BY) == [count.name for count in (*BOOKING, *FOLLOWUP, *NOTIFY)]
    assert [COUNTED_BY[name] for name in ("series.due", "alerts.raised", "clinics.paused")] == [
        "booking",
        "followup",
        "notify",
    ]
