import textwrap

from tests.architecture.checks.starting import import_faults
from tests.architecture.checks.tables import REPOSITORY, modules_below


def test_importing_any_module_opens_nothing():
    assert import_faults(modules_below("services", "shared"), REPOSITORY) == []


# --- negative proof -------------------------------------------------------------------------------------------------


def test_a_module_that_connects_starts_or_breaks_at_import_is_found(tmp_path):
    modules = {
        "calm": "x = 1",
        "client": "import pymongo\nclient = pymongo.MongoClient(connect=False)",
        "dial": "import socket\nsocket.create_connection(('127.0.0.1', 1))",
        "thread": "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()",
        "unset": "raise SystemExit('no settings')",
    }
    for name, text in modules.items():
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(text))
    assert import_faults(list(modules), tmp_path) == [
        "client makes a MongoClient",
        "dial cannot be imported: RuntimeError('a socket is opened')",
        "thread starts a thread",
        "unset cannot be imported: SystemExit('no settings')",
    ]
