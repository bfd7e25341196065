"""The operator's command that verifies the audit chains, without a platform."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from click.testing import CliRunner, Result

from deploy.admin.audit import verify_audit

AB, CD, NOBODY = "ab" * 32, "cd" * 32, {"seq": 0, "hash": ""}
HOLDS = {"": {"until": {"seq": 1, "hash": AB}, "head": {"seq": 2, "hash": CD}, "breaks": []},
         AB: {"until": {"seq": 2, "hash": CD}, "head": {"seq": 2, "hash": CD}, "breaks": []}}  # fmt: skip
EMPTY = {"": {"until": NOBODY, "head": NOBODY, "breaks": []}}
TORN = {"": {**HOLDS[""], "breaks": [{"seq": 1, "what": "changed"}]}, AB: HOLDS[AB]}
PAGES = {
    "/booking/v1/clinics?limit=200": {"items": [{"id": "clinic-1"}], "next_cursor": "more"},
    "/booking/v1/clinics?limit=200&cursor=more": {"items": [{"id": "clinic-2"}], "next_cursor": None},
}


@dataclass
class Answers:
    """What the API says of each path; what was asked."""

    chains: dict[str, Any]
    asked: list[str] = field(default_factory=list)

    def get(self, path: str) -> Any:
        self.asked.append(path)
        return PAGES.get(path) or self.chains[path.split("/")[4]][path.partition("hash=")[2]]


def run(one: Any, two: Any, *arguments: str) -> tuple[Result, Answers]:
    api = Answers({"clinic-1": one, "clinic-2": two})
    return CliRunner().invoke(verify_audit, list(arguments), obj=api), api


def test_every_clinics_chain_is_verified_and_its_end_is_shown():
    result, _ = run(HOLDS, EMPTY)
    assert (result.exit_code, result.output.splitlines()) == (
        0,
        [f"clinic-1  2 entries, the newest {CD}", "clinic-2  0 entries, the newest -"],
    )


@pytest.mark.parametrize("chains", [(HOLDS, TORN), (TORN, HOLDS)])
def test_one_chain_that_does_not_hold_is_enough_and_its_place_is_shown(chains):
    result, _ = run(*chains)
    assert result.exit_code == 1
    assert f"clinic-{chains.index(TORN) + 1}  does not hold at entry 1: changed" in result.output.splitlines()


def test_one_clinic_alone_part_by_part():
    result, api = run(TORN, HOLDS, "--clinic", "clinic-2")
    path = "/booking/v1/clinics/clinic-2/audit/verification"
    assert (result.exit_code, api.asked) == (0, [f"{path}?after=0&hash=", f"{path}?after=1&hash={AB}"])
