"""What prepares the servers of docker-compose says how a fault is mended."""

from types import SimpleNamespace
from typing import Any

import pytest

from deploy import secret_files
from deploy.kafka import prepare
from deploy.secret_files import NoSecret, secret


class Refusing:
    """A Kafka that takes the passwords and refuses the rights."""

    def __init__(self, **_: Any) -> None: ...

    def alter_user_scram_credentials(self, passwords: Any) -> Any:
        return dict.fromkeys(range(len(passwords)))

    def create_acls(self, rights: Any) -> Any:
        return {"failed": [SimpleNamespace(refused=len(rights))]}

    def close(self) -> None: ...


def test_a_secret_is_read_without_the_end_of_its_line(tmp_path, monkeypatch):
    monkeypatch.setattr(secret_files, "SECRETS", tmp_path)
    (tmp_path / "kafka_password").write_text("hunter\n")
    assert secret("kafka_password") == "hunter"


def test_a_secret_that_was_never_made_names_what_makes_it(tmp_path, monkeypatch):
    monkeypatch.setattr(secret_files, "SECRETS", tmp_path)
    with pytest.raises(NoSecret, match=r"kafka_password cannot be read .*: run `make env`"):
        secret("kafka_password")


def test_what_kafka_refuses_names_where_to_look(monkeypatch):
    monkeypatch.setattr(prepare, "KafkaAdminClient", Refusing)
    monkeypatch.setattr(prepare, "secret", lambda name: name)
    monkeypatch.setattr("sys.argv", ["prepare", "kafka:9092"])
    with pytest.raises(RuntimeError, match=r"Kafka refused .*: see docker-compose logs kafka"):
        prepare.main()
