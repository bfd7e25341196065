"""Every collection has an end by its table, or it is said here why it is kept for ever."""

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta

import pytest

from shared.messaging.relay import RETENTION
from shared.persistence.mongo import PLATFORM_INDEXES, Index
from shared.persistence.retention import PLATFORM_FORGOTTEN, Retention
from tests.architecture.checks.stores import PLATFORM_BY_ID, collections_of
from tests.architecture.checks.tables import SERVICES, table_of

RECORD = "the patient's record; how long it must be kept is the law of the clinic's country"
SETTING = "what the clinic has decided; older editions say what was in force"
HEARD = "as heard, and heard once only: it could not be had again"
FOR_EVER = {
    "booking": {
        **dict.fromkeys(
            (
                "assessments", "audit", "clearances", "consents", "dose_orders", "education_receipts", "exposures",
                "offers", "patients", "series", "signals", "tasks", "treatments", "waitlist",
            ),
            RECORD,
        ),
        **dict.fromkeys(("clinics", "consent_texts", "education_reviews", "feeds", "protocols", "resources"), SETTING),
        "access_keys": "what was done with a key refers to it",
        "audit_heads": "one for each clinic; without it a chain could be cut at its end",
        "visitors": "counts wrong years of birth for as long as the link opens anything",
    },
    "followup": {
        **dict.fromkeys(("alerts", "check_ins"), RECORD),
        **dict.fromkeys(("alert_rules", "instrument_texts", "plans", "rotas"), SETTING),
        **dict.fromkeys(("access_keys", "clinics", "known_series", "patients"), HEARD),
    },
    "notify": {
        **dict.fromkeys(("calls", "contact_points", "pages", "replies"), RECORD),
        **dict.fromkeys(("policies", "templates"), SETTING),
        **dict.fromkeys(("access_keys", "check_ins", "clinics", "offers", "recipients", "series", "visits"), HEARD),
        "messages": "one row for each meaning: without it a repeated event would say it twice",
        "sandbox_messages": "of installations that send nothing",
    },
}  # fmt: skip
PLATFORM_FOR_EVER = {
    **PLATFORM_BY_ID,
    "data_keys": "without them nothing that is sealed can be opened",
    "erasures": "who was erased stays erased when their events are told again",
    "held": "keeps the order of its aggregate; a person has it replayed or gives it up",
    "heard": "what makes a repeated event have its effect once, however late it comes",
    "poison": "a person has it replayed or gives it up",
}


def end_faults(used: Collection[str], table: Iterable[Retention], for_ever: Collection[str]) -> list[str]:
    """Collections that nobody has decided about, and decisions about none."""
    ends = {row.collection for row in table}
    known = ends | set(for_ever)
    return [
        *(f"{name} neither ends nor is it said why it does not" for name in sorted(set(used) - known)),
        *(f"{name} is decided about and not there" for name in sorted(known - set(used))),
        *(f"{name} ends and is kept for ever" for name in sorted(ends & set(for_ever))),
    ]


def row_faults(table: Iterable[Retention], indexes: Sequence[Index]) -> list[str]:
    """Rows without a reason, or that no index answers."""
    paths = [(index.collection, tuple(name for name, _ in index.keys)) for index in indexes]
    return [
        *(f"{row.collection} goes without a reason" for row in table if not row.why),
        *(
            f"{row.collection}: no index finds what is old"
            for row in table
            if (row.collection, (row.since,)) not in paths and (row.collection, (*row.only, row.since)) not in paths
        ),
    ]


@pytest.mark.parametrize("service", SERVICES)
def test_every_collection_ends_or_has_a_reason(service):
    indexes = table_of(service, "store.indexes", "INDEXES")
    layers = (f"services.{service}.{layer}" for layer in ("store", "jobs", "channels", "pages"))
    used = {index.collection for index in indexes} | collections_of(*layers) | {"access_keys"}
    table = table_of(service, "store.forgotten", "FORGOTTEN")
    assert end_faults(used - {"events", "held", "erasures"}, table, FOR_EVER[service]) == []
    assert row_faults(table, indexes) == []


def test_so_does_every_collection_of_the_platform():
    used = collections_of("shared") - {"access_keys"}  # a service's own
    assert end_faults(used, PLATFORM_FORGOTTEN, PLATFORM_FOR_EVER) == []
    assert row_faults(PLATFORM_FORGOTTEN, PLATFORM_INDEXES) == []


def test_an_event_outlives_its_topic():
    assert all(row.kept_for > 4 * RETENTION for row in PLATFORM_FORGOTTEN)


# --- negative proof -------------------------------------------------------------------------------------------------

CRUMBS = Retention("crumbs", "baked_at", timedelta(days=1), "nobody eats them")


def test_a_collection_that_nobody_thought_of_is_found():
    assert end_faults({"crumbs", "cakes"}, [CRUMBS], {"crumbs", "ovens"}) == [
        "cakes neither ends nor is it said why it does not",
        "ovens is decided about and not there",
        "crumbs ends and is kept for ever",
    ]


def test_a_row_that_would_walk_through_everything_is_found():
    stale = Retention("crumbs", "baked_at", timedelta(days=1), "", {"status": "stale"})
    assert row_faults([CRUMBS], [Index("crumbs", (("baked_at", 1),))]) == []
    assert row_faults([stale], [Index("crumbs", (("status", 1), ("baked_at", 1)))]) == ["crumbs goes without a reason"]
    assert row_faults([CRUMBS], [Index("crumbs", (("status", 1), ("baked_at", 1)))]) == [
        "crumbs: no index finds what is old"
    ]
