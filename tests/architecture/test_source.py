from pathlib import PurePath

import pytest

from tests.architecture.checks import source as check
from tests.architecture.checks.tables import REPOSITORY

FILES = check.files_of(REPOSITORY)
PYTHON = [file for file in FILES if file.suffix == ".py"]
LIMITED = ("services", "shared", "deploy")
"""Folders whose code keeps the sizes; a table of test cases may be as long as it has to be."""


def relative(file):
    return file.relative_to(REPOSITORY)


def test_functions_and_files_are_short():
    limited = [file for file in PYTHON if relative(file).parts[0] in LIMITED]
    assert [fault for file in limited for fault in check.size_faults(str(relative(file)), file.read_text())] == []


def test_names_of_files_say_something():
    assert [fault for file in PYTHON for fault in check.name_faults(relative(file))] == []


def test_no_file_names_a_machine_or_a_registry():
    texts = [(str(relative(file)), file.read_bytes().decode(errors="replace")) for file in FILES]
    own = str(PurePath(check.__file__).relative_to(REPOSITORY))
    here = str(PurePath(__file__).relative_to(REPOSITORY))
    assert [fault for name, text in texts if name not in {own, here} for fault in check.text_faults(name, text)] == []


def test_every_skip_says_why():
    tests = [file for file in PYTHON if relative(file).parts[0] == "tests"]
    assert [fault for file in tests for fault in check.skip_faults(str(relative(file)), file.read_text())] == []


# --- negative proofs ------------------------------------------------------------------------------------------------


def a_function(lines: int) -> str:
    return "def knead():\n" + "    fold()\n\n" * (lines - 1)


def test_a_long_function_is_found():
    assert check.size_faults("dough.py", a_function(45)) == []
    assert check.size_faults("dough.py", a_function(46)) == ["dough.py: knead has 46 lines, at most 45"]


def test_a_long_file_is_found():
    assert check.size_faults("dough.py", "fold()\n\n" * 320) == []
    assert check.size_faults("dough.py", "fold()\n\n" * 321) == ["dough.py has 321 lines, at most 320"]


@pytest.mark.parametrize("path", ["shared/utils.py", "services/booking/helpers/cake.py", "shared/base.py"])
def test_an_empty_name_is_found(path):
    assert check.name_faults(PurePath(path)) != []


@pytest.mark.parametrize("path", ["shared/database.py", "services/booking/domain/basement.py"])
def test_a_name_that_only_contains_a_banned_one_is_fine(path):
    assert check.name_faults(PurePath(path)) == []


# Put together here, so that this file does not hold what no file may hold.
SLASH, DOT = "/", "."


@pytest.mark.parametrize(
    "text",
    [
        f"see {SLASH}work/notes.md",
        f"open('{SLASH}work')",
        f"url: https:{SLASH}/pypi{DOT}org/simple",
        f"--hash https:{SLASH}/files.pythonhosted{DOT}org/x",
        "--index-url http://there/simple",
    ],
)
def test_a_path_of_one_machine_or_a_registry_is_found(text):
    assert check.text_faults("page.md", text) != []


@pytest.mark.parametrize("text", ["python -m services.booking worker", "framework/work", "deploy/workers", "/worker"])
def test_harmless_text_is_not_found(text):
    assert check.text_faults("page.md", text) == []


@pytest.mark.parametrize(
    "source",
    [
        "@pytest.mark.skip\ndef test(): ...",
        "@pytest.mark.skip()\ndef test(): ...",
        "@pytest.mark.skipif(no_oven)\ndef test(): ...",
        "@pytest.mark.xfail\ndef test(): ...",
        "pytest.skip()",
        "pytest.skip('')",
        "oven = pytest.importorskip('oven')",
    ],
)
def test_a_silent_skip_is_found(source):
    assert check.skip_faults("test_oven.py", source) != []


@pytest.mark.parametrize(
    "source",
    ["@pytest.mark.skipif(no_oven, reason='no oven')\ndef test(): ...", "pytest.skip('no oven')", "oven.skip()"],
)
def test_a_skip_with_a_reason_is_fine(source):
    assert check.skip_faults("test_oven.py", source) == []
