from dataclasses import dataclass
from types import ModuleType

import pytest

from shared import contracts
from shared.messaging.telling import Told
from tests.architecture.checks.tables import SERVICES, module_of, table_of
from tests.architecture.checks.told import classes_in, parts_of, sealing_faults, table_faults


@pytest.mark.parametrize("service", SERVICES)
def test_every_event_is_told_and_every_promise_kept(service):
    events = module_of(service, "domain.events")
    classes = classes_in(events) if events else set()
    types = table_of(service, "events.published", "TYPES", {})
    assert table_faults(classes, types, contracts.told_by(service).types) == []


@pytest.mark.parametrize("service", SERVICES)
def test_nothing_personal_travels_in_the_open(service):
    assert sealing_faults(table_of(service, "events.published", "TYPES", {})) == []


def test_each_service_tells_on_one_topic_of_its_own():
    assert sorted(topic.told_by for topic in contracts.topics()) == sorted(SERVICES)
    assert all(topic.name == f"kadence.{topic.told_by}.v1" for topic in contracts.topics())


def test_only_services_hear_and_none_hears_itself():
    for topic in contracts.topics():
        hearers = {service for hearers in topic.types.values() for service in hearers}
        assert hearers <= set(SERVICES) - {topic.told_by}


# --- negative proofs ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tier:
    flavour: str
    text: str


@dataclass(frozen=True)
class CakeBaked:
    name: str
    tiers: tuple[Tier, ...]


@dataclass(frozen=True)
class CakeSold:
    price: int


BAKERY = ModuleType(__name__)
vars(BAKERY).update(CakeBaked=CakeBaked, CakeSold=CakeSold, Tier=Tier, Imported=Told)


def test_parts_and_imported_classes_are_no_events():
    assert classes_in(BAKERY) == {CakeBaked, CakeSold}
    assert parts_of(CakeBaked) == {Tier}


def test_a_forgotten_event_is_found():
    types = {CakeBaked: Told("cake.baked.v1")}
    assert table_faults({CakeBaked, CakeSold}, types, {"cake.baked.v1"}) == ["CakeSold is not in TYPES"]


def test_a_stray_row_and_a_broken_promise_are_found():
    types = {CakeBaked: Told("cake.baked.v1"), CakeSold: Told("cake.baked.v1"), Tier: Told("tier.laid.v1")}
    assert table_faults({CakeBaked, CakeSold}, types, {"cake.baked.v1", "cake.eaten.v1"}) == [
        "Tier is in TYPES and no event of the domain",
        "tier.laid.v1 is told and in no topic of this service",
        "cake.eaten.v1 is promised and never told",
        "cake.baked.v1 stands for several classes",
    ]


def test_a_version_that_a_newer_one_replaced_is_heard_and_told_no_more():
    types = {CakeBaked: Told("cake.baked.v10")}
    assert table_faults({CakeBaked}, types, {"cake.baked.v1", "cake.baked.v9", "cake.baked.v10"}) == []
    assert table_faults({CakeBaked}, types, {"cake.baked.v10", "cake.baked.v11"}) == [
        "cake.baked.v10 is told and replaced by a newer version",
        "cake.baked.v11 is promised and never told",
    ]


def test_an_open_personal_field_is_found():
    assert sealing_faults({CakeBaked: Told("cake.baked.v1", sealed=frozenset({"icing"}))}) == [
        "cake.baked.v1: name is personal and not sealed",
        "cake.baked.v1: icing is sealed and no field",
        "cake.baked.v1: Tier.text is personal, and only whole fields of an event are sealed",
    ]
