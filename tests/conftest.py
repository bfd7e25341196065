import warnings
from pathlib import Path

import pytest
from hypothesis import settings

with warnings.catch_warnings():
    # kafka-python reads its own schemas by functions that Python 3.11 and 3.12 call deprecated, and 3.13 does not.
    warnings.filterwarnings("ignore", "(read|open)_text is deprecated", DeprecationWarning)
    import kafka as kafka

# How long one example takes says nothing on a machine that does other things as well; pytest has a time limit per test.
settings.register_profile("kadence", deadline=None)
settings.load_profile("kadence")

pytest_plugins = ("tests.support.servers", "tests.support.town_fixtures")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--busy-seconds", type=float, default=60.0, help="how long many desks are busy in fault tests")
    parser.addoption("--screenshots", type=Path, help="a folder for pictures of the pages that browser tests look at")
    parser.addoption("--messages", type=int, default=600, help="how many are sent while senders are killed")
