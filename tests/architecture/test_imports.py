"""The import contracts of pyproject.toml hold, and each of them is seen to break by one forbidden import."""

from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import Any

import grimp
import pytest
from importlinter.application.use_cases import _register_contract_types, read_user_options
from importlinter.configuration import configure
from importlinter.domain.contract import registry

REPOSITORY = Path(__file__).parents[2]
configure()
_options = read_user_options(str(REPOSITORY / "pyproject.toml"))
_register_contract_types(_options)
CONTRACTS: dict[str, dict[str, Any]] = {options["id"]: options for options in _options.contracts_options}


@lru_cache
def the_graph() -> grimp.ImportGraph:
    roots = _options.session_options["root_packages"]
    return grimp.build_graph(*roots, include_external_packages=True, cache_dir=None)


def is_kept(contract_id: str, graph: grimp.ImportGraph) -> bool:
    options = CONTRACTS[contract_id]
    contract = registry.get_contract_class(options["type"])(options["name"], _options.session_options, options)
    return contract.check(deepcopy(graph), verbose=False).kept


def with_import(importer: str, imported: str) -> grimp.ImportGraph:
    """The real graph with one more import, as if somebody had written it just now."""
    graph = deepcopy(the_graph())
    assert importer in graph.modules, f"{importer} is not there: this proof would prove nothing"
    for name in (importer, imported):
        if name not in graph.modules:
            graph.add_module(name, is_squashed=not name.startswith(("services.", "shared.", "deploy.", "tests.")))
    graph.add_import(importer=importer, imported=imported)
    return graph


@pytest.mark.parametrize("contract_id", CONTRACTS)
def test_imports_keep_the_contract(contract_id):
    assert is_kept(contract_id, the_graph()), f"see `lint-imports`: {CONTRACTS[contract_id]['name']}"


OFFENCES = [
    ("ground", "shared.persistence.units", "services.booking.domain.clinic.clinic"),
    ("ground", "shared.persistence.units", "deploy.local.platform"),
    ("ground", "deploy.local.platform", "bench.measuring"),
    ("ground", "shared.persistence.units", "tests.support"),
    ("ground", "services.notify.domain.message", "deploy.local.ports"),
    ("ground", "services.booking.domain.clinic.clinic", "tests.support"),
    ("platform", "shared.persistence.documents", "shared.messaging.outbox"),
    ("platform", "shared.messaging.relay", "shared.http.problems"),
    ("platform", "shared.http.routes", "shared.process.host"),
    ("platform", "shared.errors", "shared.telemetry.metrics"),
    ("services", "services.followup.domain.plan", "services.booking.domain.events"),
    ("services", "services.booking.wiring", "services.notify.domain.message"),
    ("layers", "services.booking.domain.clinic.clinic", "services.booking.operations.clinic"),
    ("layers", "services.booking.domain.clinic.clinic", "services.booking.store.clinic"),
    ("layers", "services.booking.operations.clinic", "services.booking.store.clinic"),
    ("layers", "services.booking.operations.clinic", "services.booking.api.schemas"),
    ("layers", "services.booking.operations.clinic", "services.booking.events.published"),
    ("layers", "services.booking.operations.clinic", "services.booking.jobs.table"),
    ("layers", "services.booking.operations.clinic", "services.booking.settings"),
    ("layers", "services.booking.store.clinic", "services.booking.wiring"),
    ("layers", "services.booking.settings", "services.booking.wiring"),
    ("layers", "services.booking.wiring", "services.booking.__main__"),
    ("layers", "services.followup.operations.queries", "services.followup.pages.view"),
    ("layers", "services.followup.domain.scoring", "services.followup.instruments.checks"),
    ("layers", "services.notify.operations.sending", "services.notify.channels"),
    ("booking", "services.booking.domain.series.series", "services.booking.domain.placement.placement"),
    ("booking", "services.booking.domain.placement.availability", "services.booking.domain.planning.search"),
    ("booking", "services.booking.domain.waiting.opening", "services.booking.domain.planning.plan"),
    ("layers", "services.notify.operations.letters", "services.notify.templates.writer"),
    ("purity", "services.notify.domain.wording", "services.notify.templates.language"),
    ("purity", "services.booking.domain.clinic.clinic", "pymongo"),
    ("purity", "services.booking.operations.clinic", "marshmallow"),
    ("purity", "services.booking.operations.clinic", "structlog"),
    ("purity", "services.notify.operations.sending", "smtplib"),
    ("purity", "services.notify.operations.sending", "requests"),
    ("purity", "services.followup.domain.plan", "random"),
    ("purity", "services.followup.domain.plan", "time"),
    ("purity", "services.booking.operations.clinic", "shared.persistence.unit_of_work"),  # which knows pymongo
    ("purity", "services.booking.operations.clinic", "shared.http.cursors"),  # which knows marshmallow
    ("purity", "services.booking.operations.clinic", "shared.settings"),  # which knows the environment
    ("domain", "services.booking.domain.clinic.clinic", "shared.ids"),
    ("domain", "services.notify.domain.message", "shared.clock"),
    ("domain", "services.followup.domain.plan", "shared.paging"),
    ("kafka", "shared.messaging.relay", "kafka"),
    ("kafka", "services.booking.wiring", "kafka"),
    ("kafka", "deploy.local.kafka", "kafka"),
    ("apscheduler", "services.booking.jobs.table", "apscheduler"),
    ("apscheduler", "shared.persistence.leases", "apscheduler"),
    ("gunicorn", "services.booking.wiring", "gunicorn"),
    ("gunicorn", "shared.http.web", "gunicorn"),
    ("cattrs", "services.booking.store.clinic", "cattrs"),
    ("cattrs", "shared.messaging.hearing", "cattrs"),
]


@pytest.mark.parametrize(("contract_id", "importer", "imported"), OFFENCES)
def test_one_forbidden_import_breaks_the_contract(contract_id, importer, imported):
    assert not is_kept(contract_id, with_import(importer, imported))


def test_every_contract_is_seen_to_break():
    assert {contract_id for contract_id, _, _ in OFFENCES} == set(CONTRACTS)


@pytest.mark.parametrize("folder", ["services.booking.helpers", "services.notify.instruments2"])
def test_a_folder_that_no_layer_names_breaks_the_shape(folder):
    graph = deepcopy(the_graph())
    graph.add_module(folder)
    assert not is_kept("layers", graph)


def test_a_service_without_wiring_is_a_fault():
    graph = deepcopy(the_graph())
    graph.remove_module("services.booking.wiring")
    with pytest.raises(ValueError, match="Missing layer"):
        is_kept("layers", graph)
