from dataclasses import dataclass

import pytest
import yaml

from shared.settings import PlatformSettings, setting
from tests.architecture.checks import settings as check
from tests.architecture.checks.tables import REPOSITORY, SERVICES, table_of


def settings_of(service: str) -> check.Settings:
    found: check.Settings = table_of(service, "settings", "Settings", PlatformSettings)
    return found


@pytest.mark.parametrize("service", SERVICES)
def test_every_setting_of_a_service_stands_on_its_page(service):
    own = check.own_settings(settings_of(service))
    page = REPOSITORY / "services" / service / "README.md"
    assert not own or check.page_faults(own, page.read_text()) == []


def test_every_setting_of_the_platform_stands_in_the_documentation():
    pages = [
        REPOSITORY / "README.md",
        *(REPOSITORY / "docs").rglob("*.md"),
        *(REPOSITORY / "services").glob("*/README.md"),
    ]
    text = "\n".join(page.read_text() for page in pages if page.exists())
    assert check.page_faults(check.variables(PlatformSettings), text) == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_setting_says_what_it_is_for_and_no_secret_has_a_default(service):
    assert check.description_faults(settings_of(service)) == []


@pytest.mark.parametrize("service", SERVICES)
def test_containers_are_given_what_they_need_and_nothing_unknown(service):
    compose = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())
    assert check.compose_faults(settings_of(service), service, compose) == []


# --- negative proofs ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class BakerySettings(PlatformSettings):
    oven: str = setting("Where the oven is.")
    flour: str = setting("", default="wheat")
    recipe: str = setting("The secret recipe.", default="butter", secret=True)


def test_an_unwritten_setting_is_found():
    page = "`KADENCE_OVEN_FILE` and KADENCE_FLOUR, but not the third."
    assert check.page_faults(check.own_settings(BakerySettings), page) == ["KADENCE_RECIPE is not written down"]


def test_a_name_that_only_begins_alike_is_not_enough():
    assert check.page_faults({"KADENCE_OVEN"}, "KADENCE_OVENS") == ["KADENCE_OVEN is not written down"]


def test_a_dumb_setting_and_an_open_secret_are_found():
    assert check.description_faults(BakerySettings) == [
        "KADENCE_FLOUR says not what it is for",
        "KADENCE_RECIPE is a secret with a default",
    ]


def test_a_container_without_what_it_needs_or_with_a_typing_error_is_found():
    given = ("ENV", "MONGO_URL_FILE", "KAFKA_BOOTSTRAP", "KEY_FILE", "PLATFORM_KEY", "OVNE")
    environment = {f"KADENCE_{name}": "x" for name in given}
    compose = {"services": {"bakery-web": {"command": ["services.bakery", "web"], "environment": environment}}}
    assert check.compose_faults(BakerySettings, "bakery", compose) == [
        "bakery-web: KADENCE_OVEN is needed and not given",
        "bakery-web: KADENCE_OVNE is given and no setting",
    ]


def test_a_service_that_no_container_runs_is_found():
    assert check.compose_faults(BakerySettings, "bakery", {"services": {}}) == ["nothing runs services.bakery"]
