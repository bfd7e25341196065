"""Every claim that implies something has a test that shows it."""

import pytest

from tests.architecture.checks import claims as check
from tests.architecture.checks.tables import REPOSITORY

NUMBERS = {"S0": 14, "S1": 18, "S2": 9, "S3": 7, "I": 6}
TO_COME: frozenset[str] = frozenset()
"""What is not built yet. A row that is built leaves this set."""
NONE = {"S1-18"}


def test_every_claim_is_shown_by_a_test_that_is_there():
    page = (REPOSITORY / "docs" / "claims.md").read_text()
    assert check.claim_faults(page, NUMBERS, TO_COME, REPOSITORY, none=NONE) == []


# --- negative proofs ------------------------------------------------------------------------------------------------

HERE = "tests/architecture/test_claims.py"


def row(claim: str = "K-1", shown: str = f"`{HERE}::test_a_good_page_has_no_fault`") -> str:
    return f"| {claim} | cakes are sweet | sugar | {shown} |"


def faults(*rows: str, most: int = 1) -> list[str]:
    page = "\n".join(["# Claims", "", "| claim | says | we | shown by |", "|---|---|---|---|", *rows])
    return check.claim_faults(page, {"K": most}, {"K-2"} if most > 1 else set(), REPOSITORY, none={"K-3"})


def test_a_good_page_has_no_fault():
    assert faults(row()) == []
    assert faults(row(), row("K-2", "*to come*"), row("K-3", "*none*"), most=3) == []


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ([], "K-1 is missing"),
        ([row(), row()], "K-1 is there twice"),
        ([row(), row("L-7")], "L-7 is nobody's claim"),
        ([row(shown="`tests/test_oven.py::test_heat`")], "K-1: there is no tests/test_oven.py"),
        ([row(shown=f"`{HERE}::test_heat`")], f"K-1: there is no test_heat in {HERE}"),
        ([row(shown="taste it")], "K-1 is shown by nothing"),
        ([row(shown="*none*")], "K-1 is shown by nothing"),
        ([row(shown="*to come*")], "K-1 is to come and should not be, or the other way round"),
    ],
)
def test_each_fault_of_a_page_is_found(rows, fault):
    assert faults(*rows) == [fault]


def test_what_is_there_by_now_is_not_to_come():
    assert faults(row(), row("K-2"), most=2) == ["K-2 is to come and should not be, or the other way round"]
