import sys
from importlib import import_module
from typing import Any

import pytest

from shared.persistence.documents import Documents
from shared.persistence.mongo import PLATFORM_INDEXES, Index, outbox_index
from tests.architecture.checks import stores as check
from tests.architecture.checks.tables import SERVICES, module_of, modules_below, table_of

BY_ID = {
    "booking": {
        "audit_heads": "one for each clinic, by its id",
        "consent_texts": "one for each clinic, by its id",
        "education_receipts": "one for each patient, by their id",
        "education_reviews": "one for each clinic, by its id",
        "visitors": "by the digest of the link that they came through",
    },
    "followup": {
        "access_keys": "by the id that the key's text carries",
        "clinics": "by id, as heard",
        "patients": "by id, as heard",
        "rotas": "by id, the clinic's",
    },
    "notify": {
        "access_keys": "by the id that the key's text carries",
        "calls": "by the id of the message that was dealt with",
        "clinics": "by id, as heard",
        "offers": "by subject, as heard",
        "recipients": "by id, as heard",
        "series": "by subject, as heard",
    },
}
"""Collections that need no index of their own, and why."""
ACROSS_CLINICS: dict[str, dict[str, str]] = {
    "booking": {
        "series.link_digest": "a patient's link names no clinic; it is found by the digest of its random token",
        "feeds.link_digest": "so is a feed's",
    },
    "followup": {},
    "notify": {
        "contact_points.link_digest": "a link to unsubscribe names no clinic; it is found by the digest of its token",
    },
}
"""Unique indexes that do not start with the clinic, and why they must not."""


@pytest.mark.parametrize("service", SERVICES)
def test_every_collection_has_its_indexes(service):
    used = check.collections_of(*(f"services.{service}.{layer}" for layer in ("store", "jobs", "channels", "pages")))
    assert check.index_faults(used, table_of(service, "store.indexes", "INDEXES"), BY_ID[service]) == []


def test_every_collection_of_the_platform_has_its_indexes():
    used = check.collections_of("shared") - {"access_keys"}  # a service's own: see BY_ID
    assert check.index_faults(used, PLATFORM_INDEXES, check.PLATFORM_BY_ID) == []


@pytest.mark.parametrize("service", SERVICES)
def test_unique_indexes_start_with_the_clinic(service):
    assert check.unique_faults(table_of(service, "store.indexes", "INDEXES"), ACROSS_CLINICS[service]) == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_aggregate_that_is_saved_with_events_is_relayed(service):
    unit_of_work = module_of(service, "store.unit_of_work")
    places = check.collection_of_each_store(unit_of_work) if unit_of_work else {}
    operations = [import_module(name) for name in modules_below(f"services.{service}.operations")]
    saved = {places.get(store, f"uow.{store}") for store in check.stores_saved_with_events(operations)}
    tells = table_of(service, "store.indexes", "TELLS")
    assert check.telling_faults(tells, table_of(service, "store.indexes", "INDEXES"), saved) == []


# --- negative proofs ------------------------------------------------------------------------------------------------

CAKES = "cakes"


class CakeStore:
    def __init__(self, unit: Any) -> None:
        self.documents = Documents[Any](unit, CAKES, kind="cake", to_document=dict, from_document=dict)
        self.save = self.documents.save


class PieStore:
    def __init__(self, unit: Any) -> None:
        self.documents = Documents[Any].plain(unit, "pies", object, kind="pie")
        self.save = self.documents.save


class Bakery:
    def __init__(self, unit: Any) -> None:
        self.cakes = CakeStore(unit)
        self.pies = PieStore(unit)
        self.now = unit.now


def bake(uow: Any, database: Any, name: str) -> None:
    uow.cakes.save("cake", ["baked"])
    uow.ovens.save("oven")
    uow.tills.save("till", events=["opened"])
    uow.doors.save(*("door", ["opened"]))
    database["crumbs"].find_one()
    database[name].find_one()


HERE = sys.modules[__name__]
BY_FLAVOUR = Index(CAKES, (("clinic_id", 1), ("flavour", 1)), unique=True)


def test_collections_are_found_in_code():
    assert check.collections_in(HERE) == {CAKES, "pies", "crumbs"}


def test_stores_that_tell_are_found_in_code():
    assert check.stores_saved_with_events([HERE]) == {"cakes", "tills", "doors"}
    assert check.collection_of_each_store(HERE) == {"cakes": CAKES, "pies": "pies"}


def test_a_collection_without_index_is_found():
    assert check.index_faults({CAKES, "crumbs"}, [BY_FLAVOUR], set()) == ["crumbs has no index"]
    assert check.index_faults({CAKES, "crumbs"}, [BY_FLAVOUR], {"crumbs"}) == []


def test_an_index_of_nothing_a_double_one_and_a_wrong_excuse_are_found():
    assert check.index_faults(set(), [BY_FLAVOUR, BY_FLAVOUR], {CAKES}) == [
        "cakes is indexed and never used",
        "cakes is found by its id alone and has an index",
        "cakes.clinic_id_flavour is there twice",
    ]


def test_a_key_across_clinics_is_found():
    loose = Index(CAKES, (("flavour", 1),), unique=True)
    assert check.unique_faults([BY_FLAVOUR, loose], {}) == ["cakes.flavour is unique across clinics"]
    assert check.unique_faults([BY_FLAVOUR], {"cakes.flavour"}) == ["cakes.flavour is excused and not there"]


def test_events_that_nobody_relays_are_found():
    assert check.telling_faults([], [outbox_index("tills")], {CAKES, "tills"}) == [
        "tills has an outbox_index and is not in TELLS",
        "cakes is saved with events that nobody relays",
        "tills is saved with events that nobody relays",
    ]
    assert check.telling_faults([CAKES], [BY_FLAVOUR], set()) == [
        "cakes tells and has no outbox_index",
        "cakes is in TELLS and never saved with events",
    ]
