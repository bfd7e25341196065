"""Which process the command line names, and what that does."""

from typing import Any

import pytest

from services.booking import wiring
from services.booking.settings import Settings
from shared.process import main as module
from shared.process.host import Host
from shared.process.main import main
from shared.settings import SettingsFault
from tests.support.lazy_service import settings_of, undisturbed_logs


def run(monkeypatch: pytest.MonkeyPatch, *words: str, worker: Any = wiring.worker) -> None:
    monkeypatch.setattr("sys.argv", ["__main__.py", *words])
    main(Settings, wiring.service, wiring.app, worker)


@pytest.mark.parametrize("words", [(), ("indices",), ("web", "worker")])
def test_whoever_names_no_process_is_told_which_there_are(monkeypatch, words):
    with pytest.raises(SystemExit, match=r"^usage: python -m services\.booking web \| worker \| indexes$"):
        run(monkeypatch, *words)


@pytest.mark.parametrize("process", ["web", "worker", "indexes"])
def test_each_process_begins_with_its_settings(monkeypatch, process):
    with pytest.raises(SettingsFault):
        run(monkeypatch, process)


@pytest.mark.parametrize("process", ["web", "worker", "indexes"])
def test_each_process_looks_at_the_database_and_then_does_its_own_work(monkeypatch, process):
    done: list[str] = []

    def work(_: Settings) -> int:
        done.append("worker")
        return 3

    monkeypatch.setattr(module, "from_environment", lambda _: settings_of("booking"))
    monkeypatch.setattr(module, "_require_fit", lambda tables, _, wanted: done.append(f"{tables.name} {wanted}"))
    monkeypatch.setattr(module, "serve", lambda make_app, _: done.append(make_app().name and "web"))
    monkeypatch.setattr(Host, "create_indexes", lambda _: done.append("indexes"))
    with undisturbed_logs():
        if process == "worker":
            with pytest.raises(SystemExit) as ended:
                run(monkeypatch, process, worker=work)
            assert ended.value.code == 3
        else:
            run(monkeypatch, process)
    assert done == [f"booking {process}", process]
