"""A real Chromium with the viewport of a phone."""

import shutil
from collections.abc import Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.looking import Looking
from tests.e2e.mailbox import Mailbox
from tests.e2e.practice import AWAKE, Practice, open_practice
from tests.e2e.town import Town

PHONE: Final[dict[str, Any]] = {
    "viewport": {"width": 360, "height": 740},
    "is_mobile": True,
    "has_touch": True,
    "locale": "en-US",
}
_PATIENCE_MS: Final = 20_000


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium")
    assert path, "There is no Chromium here: apt-get install -y chromium"
    expect.set_options(timeout=_PATIENCE_MS)
    with sync_playwright() as playwright:
        # Without a sandbox, because root has none; what it opens are the platform's own pages.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """One tab of a phone of its own."""
    yield from _tab(chromium)


@pytest.fixture
def plain_page(chromium: Browser) -> Iterator[Page]:
    """The same where no script runs."""
    yield from _tab(chromium, java_script_enabled=False)


def _tab(chromium: Browser, **options: Any) -> Iterator[Page]:
    with chromium.new_context(**PHONE, **options) as context:
        context.set_default_timeout(_PATIENCE_MS)
        yield context.new_page()


@pytest.fixture
def look(pytestconfig: pytest.Config) -> Looking:
    return Looking(pytestconfig.getoption("screenshots"))


@pytest.fixture(scope="module")
def practice(town: Town) -> Practice:
    """With room for everybody at any time, where the day after a session asks the PHQ-9."""
    return open_practice(town, chairs=8, nurses=8, **AWAKE)


@pytest.fixture
def mailbox(town: Town, practice: Practice) -> Mailbox:
    return Mailbox(practice, town.platform.installation.mail_folder)
