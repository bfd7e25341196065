import base64
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.notify.settings import Settings
from services.notify.store.unit_of_work import MongoUnitOfWork
from services.notify.wiring import service
from shared.ids import new_id
from shared.process.host import Host
from tests.integration.notify.notify_host import ThisNotify


@pytest.fixture
def settings(mongo_url: str, tmp_path: Path) -> Settings:
    """A namespace of its own for each test, and a clock that the test moves."""
    return Settings(
        env="development",
        namespace=f"t{new_id().replace('-', '')[6:26]}",
        mongo_url=mongo_url,
        kafka_bootstrap="unused:9092",
        kafka_user="",
        kafka_password="",
        kafka_ca="",
        kafka_partitions=1,
        kafka_replication=1,
        key=base64.b64encode(secrets.token_bytes(96)).decode(),
        platform_key="platform",
        clock="simulated",
        clock_path=str(tmp_path / "clock"),
        bind="127.0.0.1",
        http_port=0,
        http_threads=1,
        health_port=0,
        public_url="http://127.0.0.1",
        log_level="error",
        otlp_endpoint="",
        tick_seconds=1.0,
        failpoint="",
        smtp_host="127.0.0.1",
        smtp_port=1,
        smtp_sender="no-reply@kadence.example",
        smtp_user="",
        smtp_password="",
        smtp_starttls=False,
        smtp_ca="",
        sms_provider="sandbox",
        sms_per_second=0,
        sms_from="",
        sms_gateway_url="",
        sms_gateway_token="",
        sms_gateway_secret="",
        twilio_account_sid="",
        twilio_auth_token="",
        twilio_base_url="",
    )


@pytest.fixture
def notify(settings: Settings) -> Iterator[ThisNotify]:
    host: Host[Settings, MongoUnitOfWork] = Host(service(settings), settings)
    host.create_indexes()
    this = ThisNotify(host)
    yield this
    host.database.client.drop_database(host.database.name)
    this.close()
