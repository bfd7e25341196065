"""The same shape in every service. The other checks walk what is there; this is what says that a part is missing."""

from collections.abc import Collection

import pytest

from shared import contracts
from tests.architecture.checks.tables import REPOSITORY, SERVICES, missing, table_of
from tests.support.lazy_service import worker_of

HEADINGS = ["Owns", "Told (commands)", "Tells (events)", "Hears (events)", "Wakes (jobs)", "Keeps", "Settings"]


def heading_faults(text: str) -> list[str]:
    """Headings of a service's page that are missing or stand in another order."""
    found = [line.lstrip("# ").strip() for line in text.splitlines() if line.startswith("## ")]
    kept = [heading for line in found for heading in HEADINGS if line.startswith(heading)]
    return [] if kept == HEADINGS else [f"headings {found} instead of {HEADINGS}"]


def unmentioned(names: Collection[str], text: str) -> list[str]:
    """Names that a page does not mention as code."""
    return sorted(name for name in names if f"`{name}`" not in text)


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_all_its_tables(service):
    assert missing(service) == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_a_page_with_the_same_headings(service):
    assert heading_faults((REPOSITORY / "services" / service / "README.md").read_text()) == []


@pytest.mark.parametrize("service", SERVICES)
def test_the_page_names_what_is_told_heard_woken_and_kept(service):
    page = (REPOSITORY / "services" / service / "README.md").read_text()
    _, jobs = worker_of(service)
    assert unmentioned(contracts.told_by(service).types, page) == []
    assert unmentioned(table_of(service, "events.consumed", "HANDLERS"), page) == []
    assert unmentioned([job.name for job in jobs], page) == []
    assert unmentioned({index.collection for index in table_of(service, "store.indexes", "INDEXES")}, page) == []


def test_there_is_no_other_service():
    folders = {path.parent.name for path in (REPOSITORY / "services").glob("*/__init__.py")}
    assert folders == set(SERVICES)


# --- negative proofs ------------------------------------------------------------------------------------------------


def test_a_service_that_is_not_there_lacks_everything():
    assert "services.bakery.api.routes: no ROUTES" in missing("bakery")


def test_a_name_that_is_not_mentioned_is_found():
    assert unmentioned(["cakes", "ovens", "till"], "We keep `cakes` and ovens, and `tills`.") == ["ovens", "till"]


def test_a_missing_heading_is_found():
    page = "# bakery\n" + "\n".join(f"## {heading}" for heading in HEADINGS)
    assert heading_faults(page) == []
    assert heading_faults(page.replace("## Wakes (jobs)\n", "")) != []
