"""Everything that a service keeps is shown and erased with its patient, or it is said here why not."""

import pytest

from shared.personal_data.records import PLATFORM_KEPT, Kept
from tests.architecture.checks.stores import PLATFORM_BY_ID, collections_of
from tests.architecture.checks.tables import SERVICES, table_of

OF_NO_PATIENT = {
    "booking": {
        "audit_heads": "one number and hash for each clinic",
        "clinics": "of the clinic",
        "consent_texts": "of the clinic",
        "education_reviews": "of the clinic",
        "exposures": "dates under a person's token, also of other clinics; erasing takes this clinic's out",
        "feeds": "of resources",
        "openings": "places that came free, by series",
        "protocols": "of the clinic",
        "resources": "of the clinic",
        "visitors": "digests of links and passes; nothing leads from them to anybody",
    },
    "followup": {
        "alert_rules": "of the clinic",
        "clinics": "of the clinic",
        "instrument_texts": "of the clinic",
        "plans": "of the clinic",
        "rotas": "of the clinic's staff",
    },
    "notify": {
        "clinics": "of the clinic",
        "hook_events": "names of what providers told; they go after 30 days",
        "policies": "of the clinic and its staff",
        "templates": "of the clinic",
    },
}
OF_THE_PLATFORM = {
    "access_keys": "of people and programs of the clinic",
    **PLATFORM_BY_ID,
    "answers": "sealed whole, found by nothing but the request; they go after 90 days",
    "data_keys": "of the clinic",
    "erasures": "ids of those who were erased",
    "poison": "cannot be read; a person has each replayed or gives it up",
}


def kept_faults(used: set[str], kept: set[str], excused: set[str]) -> list[str]:
    """Collections that nobody has decided about, and decisions about none."""
    return [
        *(f"{name} is neither shown and erased with its patient nor excused" for name in sorted(used - kept - excused)),
        *(f"{name} is decided about and not there" for name in sorted((kept | excused) - used)),
        *(f"{name} is decided about twice" for name in sorted(kept & excused)),
    ]


def names_of(table: tuple[Kept, ...]) -> set[str]:
    return {kept.collection for kept in table}


@pytest.mark.parametrize("service", SERVICES)
def test_every_collection_is_shown_and_erased_or_excused(service):
    indexed = {index.collection for index in table_of(service, "store.indexes", "INDEXES")}
    used = indexed | collections_of(
        *(f"services.{service}.{layer}" for layer in ("store", "jobs", "channels", "pages"))
    )
    used -= {"events", "held", *OF_THE_PLATFORM}
    assert kept_faults(used, names_of(table_of(service, "store.kept", "KEPT")), set(OF_NO_PATIENT[service])) == []


def test_so_is_every_collection_of_the_platform():
    used = collections_of("shared")
    assert kept_faults(used, names_of(tuple(PLATFORM_KEPT)), set(OF_THE_PLATFORM)) == []


def test_a_collection_that_nobody_thought_of_is_found():
    assert kept_faults({"cakes", "guests", "ovens"}, {"guests", "tills"}, {"ovens", "guests"}) == [
        "cakes is neither shown and erased with its patient nor excused",
        "tills is decided about and not there",
        "guests is decided about twice",
    ]
