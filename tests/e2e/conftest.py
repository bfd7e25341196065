"""What only end-to-end tests need; the platform itself comes from `tests/support/town_fixtures.py`."""

import pytest

from deploy.local.story import Clinic, open_clinic
from tests.e2e.town import Town


@pytest.fixture
def clinic(town: Town) -> Clinic:
    return open_clinic(town.url, town.platform.platform_key)
